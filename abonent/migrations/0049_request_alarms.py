"""Addresses that hear of requests nobody deals with."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0049_request_alarms.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0048_letters_put_aside")]
    operations = [RunSQL(sql_of("0049_request_alarms"))]
