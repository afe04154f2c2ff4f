"""The words that names are made of, for names that were typed with a slip."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0021_name_words.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0020_imports")]
    operations = [RunSQL(sql_of("0021_name_words"))]
