"""The subscriber's portal: sign-in, sessions, payment intents."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0016_portal.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0015_companies")]
    operations = [RunSQL(sql_of("0016_portal"))]
