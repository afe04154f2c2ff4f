"""Who holds a right, for rules that ask for somebody else."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0045_staff_who_may.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0044_knowledge_own")]
    operations = [RunSQL(sql_of("0045_staff_who_may"))]
