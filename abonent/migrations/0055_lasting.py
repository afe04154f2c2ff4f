"""How long the money of accounts lasts, for who is near the end of it."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0055_lasting.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0054_scripts_withdrawn")]
    operations = [RunSQL(sql_of("0055_lasting"))]
