"""The provider's settings: limits of offers and policy, months of tariffs, rules of law."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0017_settings.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0016_portal")]
    operations = [RunSQL(sql_of("0017_settings"))]
