"""What the search line reads: houses, streets in their order, and no more than it asks for."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0023_found.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0022_office_cash")]
    operations = [RunSQL(sql_of("0023_found"))]
