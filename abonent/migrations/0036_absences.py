"""Who of the staff is away and who stands in."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0036_absences.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0034_campaigns")]
    operations = [RunSQL(sql_of("0036_absences"))]
