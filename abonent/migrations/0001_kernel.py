"""Audit, outbox, job runs and idempotency keys."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0001_kernel.sql."""

    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [RunSQL(sql_of("0001_kernel"))]
