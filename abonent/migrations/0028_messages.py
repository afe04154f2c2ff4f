"""Messages to subscribers and what became of them."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0028_messages.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0027_knowledge")]
    operations = [RunSQL(sql_of("0028_messages"))]
