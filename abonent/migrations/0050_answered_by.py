"""Who answered a request."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0050_answered_by.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0049_request_alarms")]
    operations = [RunSQL(sql_of("0050_answered_by"))]
