"""What moves were made in the workflows of the departments."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0024_workflow.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0023_found")]
    operations = [RunSQL(sql_of("0024_workflow"))]
