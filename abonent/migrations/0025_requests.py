"""Requests of subscribers, what they are about, by when they are answered."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0025_requests.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0024_workflow")]
    operations = [RunSQL(sql_of("0025_requests"))]
