"""Files of requests."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0039_files.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0038_notices")]
    operations = [RunSQL(sql_of("0039_files"))]
