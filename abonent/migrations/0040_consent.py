"""The notice that is played before a conversation is recorded."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0040_consent.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0039_files")]
    operations = [RunSQL(sql_of("0040_consent"))]
