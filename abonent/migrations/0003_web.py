"""Roles, users, sessions, API tokens and the throttle of guesses."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0003_web.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0001_kernel")]
    operations = [RunSQL(sql_of("0003_web"))]
