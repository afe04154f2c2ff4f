"""The queue of an office: tickets, windows, days."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0029_queue.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0028_messages")]
    operations = [RunSQL(sql_of("0029_queue"))]
