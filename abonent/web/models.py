"""The tables of sign-in as the ORM sees them; sql/0003_web.sql makes them."""

from __future__ import annotations

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class WebRole(Model):
    """A role and the rights it holds."""

    code = fields.CharField(max_length=40, primary_key=True, generated=False)
    name = fields.TextField()
    rights = ArrayField(element_type="text")
    shipped = fields.BooleanField(default=False)
    second_factor = fields.BooleanField(default=False)
    version = fields.IntField(default=1)

    class Meta:
        """Table name."""

        table = "web_role"
        app = "abonent"


class WebUser(Model):
    """A person who may sign in."""

    id = fields.BigIntField(primary_key=True, generated=False)
    login = fields.TextField()
    name = fields.TextField()
    password_hash = fields.TextField()
    role: fields.ForeignKeyRelation[WebRole] = fields.ForeignKeyField(
        "abonent.WebRole", source_field="role", db_index=True
    )
    language = fields.TextField(default="ru")
    theme = fields.TextField(default="auto")
    single_keys = fields.BooleanField(default=True)
    active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField()
    office_id = fields.IntField(null=True)
    districts = ArrayField(element_type="text", null=True)
    version = fields.IntField(default=1)

    class Meta:
        """Table name."""

        table = "web_user"
        app = "abonent"


class WebSession(Model):
    """One sign-in on one device; the cookie's secret is kept as a hash."""

    id = fields.BigIntField(primary_key=True, generated=False)
    secret_hash = fields.BinaryField()
    user: fields.ForeignKeyRelation[WebUser] = fields.ForeignKeyField(
        "abonent.WebUser", db_index=True
    )
    created_at = fields.DatetimeField()
    last_seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ip = fields.TextField(default="")
    agent = fields.TextField(default="")
    revoked_at = fields.DatetimeField(null=True)
    stage = fields.TextField(default="open")

    class Meta:
        """Table name."""

        table = "web_session"
        app = "abonent"


class WebToken(Model):
    """An API token, kept as a hash."""

    id = fields.BigIntField(primary_key=True, generated=False)
    secret_hash = fields.BinaryField()
    name = fields.TextField()
    rights = ArrayField(element_type="text")
    created_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)
    districts = ArrayField(element_type="text", null=True)

    class Meta:
        """Table name."""

        table = "web_token"
        app = "abonent"


class WebThrottle(Model):
    """Failed sign-ins counted against a login or an address; the table's key is a hash."""

    # The ORM knows no binary primary key; the column is one in SQL and rows are written there.
    key = fields.CharField(max_length=64, primary_key=True, generated=False)
    failures = fields.IntField()
    first_at = fields.DatetimeField()
    blocked_until = fields.DatetimeField(null=True)

    class Meta:
        """Table name."""

        table = "web_throttle"
        app = "abonent"
