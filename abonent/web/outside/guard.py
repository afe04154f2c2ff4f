"""Who speaks for an agreement: its networks, its password, and how often one may guess."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request

from abonent.billing.queries.outside.agreements import (
    AgreementNotFound,
    Secret,
    agreement_of,
    secrets_of,
)
from abonent.billing.rules.outside.agreement import Agreement, AgreementKind
from abonent.billing.rules.outside.guards import (
    basic_credentials,
    comes_from,
    password_digest,
    same_secret,
)
from abonent.kernel import clock
from abonent.kernel.db import reading, transaction
from abonent.web.rules import Limit, network_key

PER_CALLER = Limit(
    free=10, window=timedelta(minutes=30), first=timedelta(minutes=1), longest=timedelta(minutes=30)
)
"""Wrong passwords of one address for one agreement; a system that is set up right makes none."""

_BLOCKED = "SELECT blocked_until FROM web_throttle WHERE key = $1"
_COUNT = """
INSERT INTO web_throttle AS t (key, failures, first_at) VALUES ($1, 1, $2)
ON CONFLICT (key) DO UPDATE
   SET failures = CASE WHEN t.first_at < $3 THEN 1 ELSE t.failures + 1 END,
       first_at = CASE WHEN t.first_at < $3 THEN $2 ELSE t.first_at END
RETURNING failures
"""
_BLOCK = "UPDATE web_throttle SET blocked_until = $2 WHERE key = $1"
_ASK = {"WWW-Authenticate": 'Basic realm="payments"'}


async def admitted(request: Request, kind: AgreementKind) -> tuple[Agreement, dict[str, Secret]]:
    """The agreement that the address names and whose caller this is, with its secrets.

    Raises an HTTPException: 401 without the right password (an agreement that does not exist says
    the same), 403 from another network, 429 after too many wrong passwords. An agreement with
    neither networks nor a password, nor signed messages, lets nobody in.
    """
    code = request.path_params["agreement"]
    caller = request.client.host if request.client else ""
    key = network_key(f"outside:{code}", caller)
    await _check_not_blocked(key)
    try:
        agreement = await agreement_of(code)
    except AgreementNotFound:
        await _count_failure(key)
        raise HTTPException(401, headers=_ASK) from None
    if agreement.terms.kind is not kind:
        raise HTTPException(404)
    if not comes_from(caller, agreement.terms.networks):
        raise HTTPException(403)
    secrets = await secrets_of(agreement)
    if kind is AgreementKind.CARD:
        return agreement, secrets
    if "password" in secrets:
        if not await _knows_password(request, secrets):
            await _count_failure(key)
            raise HTTPException(401, headers=_ASK)
    elif not agreement.terms.networks:
        raise HTTPException(403)
    return agreement, secrets


async def count_wrong_signature(request: Request) -> None:
    """Count a message signed wrongly as a guess."""
    caller = request.client.host if request.client else ""
    await _count_failure(network_key(f"outside:{request.path_params['agreement']}", caller))


async def _knows_password(request: Request, secrets: dict[str, Secret]) -> bool:
    given = basic_credentials(request.headers.get("authorization", ""))
    if given is None:
        return False
    login, password = given
    kept = secrets["password"]
    # The work is the same for a wrong login; it is done beside the event loop.
    digest = await asyncio.to_thread(password_digest, password, salt=kept.salt or b"")
    right = same_secret(digest, kept.value.get_secret_value())
    named = same_secret(login.encode(), secrets["login"].value.get_secret_value())
    return right and named


async def _check_not_blocked(key: bytes) -> None:
    async with reading() as connection:
        until: datetime | None = await connection.fetchval(_BLOCKED, key)
    if until is not None and until > clock.now():
        raise HTTPException(429)


async def _count_failure(key: bytes) -> None:
    now = clock.now()
    async with transaction() as connection:
        failures = await connection.fetchval(_COUNT, key, now, now - PER_CALLER.window)
        block = PER_CALLER.block(failures)
        if block is not None:
            await connection.execute(_BLOCK, key, now + block)
