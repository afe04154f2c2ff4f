"""Reads of the portal: whom a cookie stands for, what was set for a contract, payments begun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from abonent.crm.queries.portal import OwnAccount, accounts_of_contract
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.web.portal.rules import idle_since
from abonent.web.rules import device_name, secret_hash

ROLE = "sub"

_WHO = """
SELECT s.id AS session_id, s.contract_id, s.by_code, s.last_seen_at, p.id AS subscriber_id, p.name,
    c.number AS contract, x.language, x.password_at,
    (SELECT rights FROM web_role WHERE code = $4) AS rights
FROM portal_session s
JOIN crm_contract c ON c.id = s.contract_id
JOIN crm_subscriber p ON p.id = c.subscriber_id
LEFT JOIN portal_access x ON x.contract_id = s.contract_id
WHERE s.secret_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 AND s.last_seen_at > $3
"""
_WHO_IS = """
SELECT p.id AS subscriber_id, p.name, (SELECT rights FROM web_role WHERE code = $2) AS rights
FROM crm_contract c JOIN crm_subscriber p ON p.id = c.subscriber_id WHERE c.id = $1
"""
_SESSIONS = """
SELECT id, created_at, last_seen_at, agent FROM portal_session
WHERE contract_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND last_seen_at > $3
ORDER BY last_seen_at DESC LIMIT 20
"""
_PASSWORD = "SELECT password_hash FROM portal_access WHERE contract_id = $1"  # noqa: S105  SQL


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Who is signed in: the actor, bounded by the accounts of the contract, and those accounts."""

    actor: Actor
    session_id: int
    contract_id: int
    contract: str
    subscriber_id: int
    name: str
    language: str | None
    by_code: bool
    has_password: bool
    last_seen_at: datetime
    accounts: tuple[OwnAccount, ...]


@dataclass(frozen=True, slots=True)
class Device:
    """An open session as its owner sees it."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    agent: str

    @property
    def name(self) -> str:
        """The browser and system in words."""
        return device_name(self.agent)


async def who_is(secret: str) -> Subscriber | None:
    """Whom the portal's cookie stands for, None when it stands for nobody any more."""
    now = clock.now()
    async with reading() as connection:
        row = await connection.fetchrow(_WHO, secret_hash(secret), now, idle_since(now), ROLE)
    if row is None:
        return None
    accounts = tuple(await accounts_of_contract(row["contract_id"]))
    return Subscriber(
        actor=_actor(row, accounts),
        session_id=row["session_id"],
        contract_id=row["contract_id"],
        contract=row["contract"],
        subscriber_id=row["subscriber_id"],
        name=row["name"],
        language=row["language"],
        by_code=row["by_code"],
        has_password=row["password_at"] is not None,
        last_seen_at=row["last_seen_at"],
        accounts=accounts,
    )


def _actor(row: Any, accounts: tuple[OwnAccount, ...]) -> Actor:
    numbers = frozenset(account.number for account in accounts)
    rights = frozenset(row["rights"] or ())
    who = str(row["subscriber_id"])
    return Actor("subscriber", who, row["name"], rights, accounts=numbers)


async def actor_of(contract: int) -> Actor:
    """The subscriber of a contract as an actor, for what is done while signing in."""
    async with reading() as connection:
        row = await connection.fetchrow(_WHO_IS, contract, ROLE)
    return _actor(row, tuple(await accounts_of_contract(contract)))


async def password_of(contract: int | None) -> str | None:
    """The digest of the password of a contract, None where there is none."""
    async with reading() as connection:
        found: str | None = await connection.fetchval(_PASSWORD, contract)
    return found


async def devices_of(contract: int) -> list[Device]:
    """The open sessions of a contract, the one last seen first."""
    now = clock.now()
    async with reading() as connection:
        rows = await connection.fetch(_SESSIONS, contract, now, idle_since(now))
    return [Device(**row) for row in rows]
