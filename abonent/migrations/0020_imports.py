"""Every file that was taken in: whose, when, how much of it, and what was wrong with its rows."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0020_imports.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0019_register_orders")]
    operations = [RunSQL(sql_of("0020_imports"))]
