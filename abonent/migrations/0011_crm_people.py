"""Contacts, consents, contracts, buildings, equipment, notes and scans."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0011_crm_people.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0010_registers")]
    operations = [RunSQL(sql_of("0011_crm_people"))]
