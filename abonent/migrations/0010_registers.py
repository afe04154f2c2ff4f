"""Saved views of registers and files being made."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0010_registers.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0009_crm_order")]
    operations = [RunSQL(sql_of("0010_registers"))]
