"""Recorded conversations, quality cards, identity of who asks."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0031_conversations.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0030_claims")]
    operations = [RunSQL(sql_of("0031_conversations"))]
