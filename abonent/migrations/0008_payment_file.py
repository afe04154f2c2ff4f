"""Files of payments that were taken whole."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0008_payment_file.sql."""

    initial = False
    dependencies = [("abonent", "0007_billing_today")]
    operations = [RunSQL(sql_of("0008_payment_file"))]
