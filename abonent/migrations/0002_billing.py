"""Tariffs, accounts, services, entries, promises, runs and the month roll-up."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0002_billing.sql."""

    initial = False
    dependencies = [("abonent", "0001_kernel")]
    operations = [RunSQL(sql_of("0002_billing"))]
