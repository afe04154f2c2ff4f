"""Claims in writing, their decisions and answers."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0030_claims.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0029_queue")]
    operations = [RunSQL(sql_of("0030_claims"))]
