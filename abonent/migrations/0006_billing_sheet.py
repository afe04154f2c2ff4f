"""The month's roll-up by place, for sheets above the level of accounts."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0006_billing_sheet.sql."""

    initial = False
    dependencies = [("abonent", "0005_billing_import")]
    operations = [RunSQL(sql_of("0006_billing_sheet"))]
