"""Subscribers, contracts and the faces of accounts."""

from __future__ import annotations

from tortoise.migrations.migration import Migration as BaseMigration
from tortoise.migrations.operations import RunSQL

from abonent.migrations import sql_of


class Migration(BaseMigration):
    """Runs sql/0004_crm.sql."""

    initial = False
    dependencies = [("abonent", "0002_billing"), ("abonent", "0003_web")]
    operations = [RunSQL(sql_of("0004_crm"))]
