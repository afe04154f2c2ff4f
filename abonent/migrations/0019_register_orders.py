"""Indexes of the orders and filters of the subscribers' register."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0019_register_orders.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0018_sealed")]
    operations = [RunSQL(sql_of("0019_register_orders"))]
