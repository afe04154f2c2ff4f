"""A claim gives back days by another tariff and fees charged by mistake."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0051_claim_remedies.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0050_answered_by")]
    operations = [RunSQL(sql_of("0051_claim_remedies"))]
