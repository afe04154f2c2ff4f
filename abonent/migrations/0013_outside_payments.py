"""Payments from outside: agreements, files, what could not be matched."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0013_outside_payments.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0012_cash_desk")]
    operations = [RunSQL(sql_of("0013_outside_payments"))]
