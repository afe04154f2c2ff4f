"""When the head is told of a request that nobody deals with."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0037_escalation.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0036_absences")]
    operations = [RunSQL(sql_of("0037_escalation"))]
