"""What is missing after the last day that money lasts through."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0056_lasting_missing.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0055_lasting")]
    operations = [RunSQL(sql_of("0056_lasting_missing"))]
