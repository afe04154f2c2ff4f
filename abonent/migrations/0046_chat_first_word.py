"""Whether the first word of a chat came in time."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0046_chat_first_word.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0045_staff_who_may")]
    operations = [RunSQL(sql_of("0046_chat_first_word"))]
