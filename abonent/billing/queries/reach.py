"""Whose accounts an actor may know of: one who is confined to districts knows of none elsewhere."""

from __future__ import annotations

from typing import Any

from abonent.billing.errors import AccountNotFound
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.errors import NotFound, Refused
from abonent.kernel.i18n import N_

_DISTRICT = """
SELECT p.district FROM billing_account_number n
JOIN billing_account a ON a.account_id = n.account_id JOIN billing_place p ON p.id = a.place_id
WHERE n.number = $1
"""
_KNOWN = "SELECT EXISTS (SELECT FROM billing_account_number WHERE number = $1)"
_OF_PLACE = "SELECT district FROM billing_place WHERE id = $1"


async def check_reach(number: str, *, by: Actor) -> None:
    """Raise AccountNotFound where an account lies in no district of the actor.

    It is the answer for an account that does not exist: where it lies is not given away. For who is
    confined to no district nothing is asked of the database.
    """
    if not by.reaches(number):
        raise AccountNotFound(number)
    if by.districts is None:
        return
    async with reading() as connection:
        district = await connection.fetchval(_DISTRICT, number)
    if district is None or not by.sees(district):
        raise AccountNotFound(number)


async def check_exists(number: str) -> None:
    """Raise AccountNotFound for a number that no account has or had."""
    async with reading() as connection:
        if not await connection.fetchval(_KNOWN, number):
            raise AccountNotFound(number)


async def is_reached(number: str, *, by: Actor) -> bool:
    """Tell whether an account exists for the actor."""
    try:
        await check_reach(number, by=by)
    except AccountNotFound:
        return False
    return True


async def check_place(connection: Any, number: str, place: int, *, by: Actor) -> None:
    """The same for an account whose place has been read."""
    if not by.reaches(number):
        raise AccountNotFound(number)
    if by.districts is not None and not by.sees(await connection.fetchval(_OF_PLACE, place)):
        raise AccountNotFound(number)


async def check_building(building: int, *, by: Actor) -> None:
    """Raise NotFound for a building in no district of the actor."""
    if not await _is_own(building, by):
        raise NotFound("NO_SUCH_BUILDING", N_("There is no such building."), value=building)


async def check_site(building: int, *, by: Actor) -> None:
    """Raise Refused where a building that something is opened in lies in no district of the actor."""
    if not await _is_own(building, by):
        beyond = N_("This address is in no district of yours.")
        raise Refused("DISTRICT_NOT_HELD", beyond, field="address")


async def _is_own(building: int, by: Actor) -> bool:
    if by.districts is None:
        return True
    async with reading() as connection:
        district = await connection.fetchval(_OF_PLACE, building)
    return district is not None and by.sees(district)
