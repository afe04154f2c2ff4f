"""What was taken from files."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0005_billing_import.sql."""

    initial = False
    dependencies = [("abonent", "0004_crm")]
    operations = [RunSQL(sql_of("0005_billing_import"))]
