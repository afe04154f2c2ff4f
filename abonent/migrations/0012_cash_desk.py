"""Offices, cash desks, shifts, receipts and fiscal documents."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0012_cash_desk.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0011_crm_people")]
    operations = [RunSQL(sql_of("0012_cash_desk"))]
