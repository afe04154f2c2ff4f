"""Invoices, acts and reconciliation of companies."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0015_companies.sql."""

    dependencies: list[tuple[str, str]] = [("abonent", "0014_staff")]
    operations = [RunSQL(sql_of("0015_companies"))]
