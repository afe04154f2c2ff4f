"""Campaigns of messages to a segment of subscribers."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0034_campaigns.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0033_answers")]
    operations = [RunSQL(sql_of("0034_campaigns"))]
