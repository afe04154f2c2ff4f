"""Secrets lie sealed: what is written from now on is never plain."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0018_sealed.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0017_settings")]
    operations = [RunSQL(sql_of("0018_sealed"))]
