"""How scripts were played."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0026_scripts.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0025_requests")]
    operations = [RunSQL(sql_of("0026_scripts"))]
