"""Addresses sort by their numbers: flat 9 before flat 10."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0009_crm_order.sql."""

    initial = False
    dependencies = [("abonent", "0008_payment_file")]
    operations = [RunSQL(sql_of("0009_crm_order"))]
