"""What subscribers do for themselves by SMS."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0033_answers.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0032_surveys")]
    operations = [RunSQL(sql_of("0033_answers"))]
