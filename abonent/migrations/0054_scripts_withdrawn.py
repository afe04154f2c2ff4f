"""Scripts that nobody begins any more."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0054_scripts_withdrawn.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0053_claim_charges")]
    operations = [RunSQL(sql_of("0054_scripts_withdrawn"))]
