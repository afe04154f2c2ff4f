"""Questionnaires sent and answered."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0032_surveys.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0031_conversations")]
    operations = [RunSQL(sql_of("0032_surveys"))]
