"""Articles of the installation's own."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0044_knowledge_own.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0043_sms_codes")]
    operations = [RunSQL(sql_of("0044_knowledge_own"))]
