"""Claims on several wrong charges at once."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0053_claim_charges.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0052_answered_day")]
    operations = [RunSQL(sql_of("0053_claim_charges"))]
