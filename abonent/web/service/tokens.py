"""API tokens: shown once when made, kept as a hash, revoked by name or id."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed, NotFound
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.web.errors import NotSignedIn
from abonent.web.queries import token_actor
from abonent.web.rules import secret_hash

# The prefix lets a secret scanner recognise a token that leaked into a file.
PREFIX = "abn_"
EVERYTHING = ("*",)

_ADD = """
INSERT INTO web_token (id, secret_hash, name, rights, created_at, districts)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_REVOKE = "UPDATE web_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id"


async def create_token(
    name: str,
    rights: Iterable[str] = EVERYTHING,
    *,
    districts: Iterable[str] = (),
    by: Actor = SYSTEM,
) -> str:
    """Make an API token with these rights and return it; it cannot be shown again.

    With `districts` no other account exists for it.
    """
    name = name.strip()
    held = sorted({right.strip() for right in rights if right.strip()})
    if not name:
        raise Malformed.of("name", name, N_("Give the token a name."))
    if not held:
        raise Malformed.of("rights", "", N_("Name at least one right."))
    places = sorted({district.strip() for district in districts if district.strip()}) or None
    token = PREFIX + secrets.token_urlsafe(32)
    token_id = new_id()
    async with unit_of_work(by) as uow:
        row = (token_id, secret_hash(token), name, held, clock.now(), places)
        await uow.connection.execute(_ADD, *row)
        after = {"rights": held, "districts": places}
        await uow.audit("web:token:create", f"token:{token_id}", after=after)
    return token


async def revoke_token(token_id: int, *, by: Actor) -> None:
    """End a token for good. Raises NotFound when there is no such token in force."""
    async with unit_of_work(by) as uow:
        if await uow.connection.fetchval(_REVOKE, token_id, clock.now()) is None:
            raise NotFound("TOKEN_NOT_FOUND", N_("There is no such token."), value=token_id)
        await uow.audit("web:token:revoke", f"token:{token_id}")


async def authenticate_token(token: str) -> Actor:
    """Return the actor of a bearer token. Raises NotSignedIn for an unknown or revoked one."""
    actor = await token_actor(token) if token.startswith(PREFIX) else None
    if actor is None:
        raise NotSignedIn
    return actor
