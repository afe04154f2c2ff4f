"""The kernel's tables as the ORM sees them; sql/0001_kernel.sql makes them."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class OutboxState(StrEnum):
    """Where an outbox row stands; FAILED has used up its attempts and waits for a person."""

    WAITING = "WAITING"
    DONE = "DONE"
    FAILED = "FAILED"


class JobState(StrEnum):
    """Where one run of a job stands."""

    PLANNED = "PLANNED"
    RUNNING = "RUNNING"
    OK = "OK"
    FAILED = "FAILED"


class Audit(Model):
    """Who did what to whom, when: ids and codes only."""

    id = fields.BigIntField(primary_key=True, generated=False)
    at = fields.DatetimeField()
    actor_kind = fields.TextField()
    actor_id = fields.TextField()
    action = fields.TextField()
    subject = fields.TextField()
    account_id = fields.BigIntField(null=True)
    before = fields.JSONField[object](null=True)
    after = fields.JSONField[object](null=True)
    session_id = fields.BigIntField(null=True)

    class Meta:
        """Table name."""

        table = "audit"
        app = "abonent"


class AuditPersonal(Model):
    """Personal values before and after a change; erasable."""

    audit_id = fields.BigIntField(primary_key=True, generated=False)
    personal = fields.JSONField[object]()

    class Meta:
        """Table name."""

        table = "audit_personal"
        app = "abonent"


class Outbox(Model):
    """Something to be done outside after the commit that wrote it."""

    id = fields.BigIntField(primary_key=True, generated=False)
    kind = fields.TextField()
    payload = fields.JSONField[object]()
    key = fields.TextField(null=True)
    state = fields.CharEnumField(OutboxState, max_length=10, default=OutboxState.WAITING)
    created_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    attempts = fields.IntField(default=0)
    last_error = fields.TextField(null=True)
    done_at = fields.DatetimeField(null=True)

    class Meta:
        """Table name."""

        table = "outbox"
        app = "abonent"


class JobRun(Model):
    """One run of a job, found again by its key."""

    id = fields.BigIntField(primary_key=True, generated=False)
    job = fields.TextField()
    key = fields.TextField()
    state = fields.CharEnumField(JobState, max_length=10, default=JobState.PLANNED)
    arguments = fields.JSONField[object]()
    attempts = fields.IntField(default=0)
    created_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)
    error = fields.TextField(null=True)

    class Meta:
        """Table name."""

        table = "job_run"
        app = "abonent"


class IdempotencyKey(Model):
    """A caller's key and the answer given to it; the table's key is (key, scope)."""

    key = fields.CharField(max_length=200, primary_key=True)
    scope = fields.TextField()
    request_hash = fields.BinaryField()
    status = fields.IntField(null=True)
    body = fields.JSONField[object](null=True)
    created_at = fields.DatetimeField()

    class Meta:
        """Table name."""

        table = "idempotency_key"
        app = "abonent"
