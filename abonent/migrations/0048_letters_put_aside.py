"""Letters that could not be taken can be found in the mailbox."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0048_letters_put_aside.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0047_chat_register")]
    operations = [RunSQL(sql_of("0048_letters_put_aside"))]
