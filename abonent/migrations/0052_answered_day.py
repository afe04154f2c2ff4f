"""Requests by the day of their answer."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0052_answered_day.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0051_claim_remedies")]
    operations = [RunSQL(sql_of("0052_answered_day"))]
