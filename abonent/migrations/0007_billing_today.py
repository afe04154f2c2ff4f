"""How the open day goes, read without looking at every payment."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0007_billing_today.sql."""

    initial = False
    dependencies = [("abonent", "0006_billing_sheet")]
    operations = [RunSQL(sql_of("0007_billing_today"))]
