"""Conversations in the chat."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0042_chats.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0041_abandoned")]
    operations = [RunSQL(sql_of("0042_chats"))]
