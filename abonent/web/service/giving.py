"""What may be given to people: nobody gives more than he has, and an administrator always stays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from typing import Any

from abonent.kernel.actor import EVERYTHING, Actor
from abonent.kernel.errors import Malformed, Refused
from abonent.kernel.i18n import N_
from abonent.web.errors import LastAdministrator, RightNotHeld, UnknownRole
from abonent.web.rights import PORTAL_ROLE

ADMIN_LOCK = 4_702_214
"""Held while who may do everything is changed: two changes at once never take the last two away."""

_ADMINISTERED = """
SELECT EXISTS (SELECT FROM web_user u JOIN web_role r ON r.code = u.role
               WHERE u.active AND $1 = ANY(r.rights))
"""
_LOCK = "SELECT pg_advisory_xact_lock($1)"
_RIGHTS = "SELECT rights FROM web_role WHERE code = $1 FOR SHARE"
_OFFICE = "SELECT 1 FROM office WHERE id = $1"


@asynccontextmanager
async def keeping_an_administrator(connection: Any) -> AsyncIterator[None]:
    """Let the block change who may do what, but never leave nobody who may do everything.

    Raises LastAdministrator.
    """
    await connection.execute(_LOCK, ADMIN_LOCK)
    before = await connection.fetchval(_ADMINISTERED, EVERYTHING)
    yield
    if before and not await connection.fetchval(_ADMINISTERED, EVERYTHING):
        raise LastAdministrator


def check_giving(rights: Iterable[str], *, by: Actor) -> None:
    """Raise RightNotHeld for the first right that the actor does not hold."""
    for right in rights:
        if not by.holds(right):
            raise RightNotHeld(right)


def districts_within(districts: Collection[str] | None, *, by: Actor) -> list[str] | None:
    """Return the districts to keep. Raises Refused for one the actor does not see."""
    if districts is not None and not districts:
        raise Malformed.of("districts", "", N_("Tick at least one district, or all of them."))
    if by.districts is not None and not by.districts.issuperset(districts or {""}):
        beyond = N_("You give people only districts that are your own.")
        raise Refused("DISTRICT_NOT_HELD", beyond, field="districts")
    return None if districts is None else sorted(set(districts))


def check_whereabouts(districts: Collection[str] | None, *, by: Actor) -> None:
    """Raise Refused for somebody who works beyond the actor's districts: they are out of reach."""
    if not by.sees_all(districts):
        beyond = N_("This person works in districts beyond your own.")
        raise Refused("DISTRICT_NOT_HELD", beyond, field="districts")


async def check_post(connection: Any, *, role: str, office: int | None, by: Actor) -> None:
    """Raise UnknownRole, RightNotHeld or Malformed for a role or office that cannot be given."""
    rights = await connection.fetchval(_RIGHTS, role)
    if role == PORTAL_ROLE:
        # Its rights are those of subscribers over their own accounts; here it would be over all.
        raise Malformed.of("role", role, N_("This role is for subscribers on the portal alone."))
    if rights is None:
        raise UnknownRole(role)
    check_giving(rights, by=by)
    if office is not None and await connection.fetchval(_OFFICE, office) is None:
        raise Malformed.of("office", office, N_("There is no such office."))
