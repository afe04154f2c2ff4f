"""Rights as data: offices and districts, second factor, legal rules."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0014_staff.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0013_outside_payments")]
    operations = [RunSQL(sql_of("0014_staff"))]
