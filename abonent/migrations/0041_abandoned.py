"""Finding the conversations by scripts that were left."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0041_abandoned.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0040_consent")]
    operations = [RunSQL(sql_of("0041_abandoned"))]
