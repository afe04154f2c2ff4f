"""Codes by SMS counted over a day."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0043_sms_codes.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0042_chats")]
    operations = [RunSQL(sql_of("0043_sms_codes"))]
