"""All chats in their order."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0047_chat_register.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0046_chat_first_word")]
    operations = [RunSQL(sql_of("0047_chat_register"))]
