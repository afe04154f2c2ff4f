"""Articles of the knowledge base, how useful they were, who read them."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0027_knowledge.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0026_scripts")]
    operations = [RunSQL(sql_of("0027_knowledge"))]
