"""Reads of buildings: what is known of them, their entrances, who lives there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_

_BUILDING = """
SELECT p.id, p.district, p.street, p.house, coalesce(b.kind, 'flats') AS kind, b.floors,
    coalesce(b.manager, '') AS manager, coalesce(b.comment, '') AS comment,
    coalesce(b.version, 0) AS version,
    (SELECT count(*) FROM crm_account WHERE place_id = p.id) AS accounts
FROM billing_place p LEFT JOIN crm_building b ON b.place_id = p.id WHERE p.id = $1
"""
_ENTRANCES = """
SELECT no, first_flat, last_flat, door_code, comment, version FROM crm_entrance
WHERE place_id = $1 ORDER BY no
"""
_FLATS = """
SELECT a.number, a.flat, a.entrance, a.floor, s.name, b.state
FROM crm_account a
JOIN crm_contract c ON c.id = a.contract_id
JOIN crm_subscriber s ON s.id = c.subscriber_id
JOIN billing_account b ON b.account_id = a.account_id
WHERE a.place_id = $1 AND (a.address_order, a.account_id) > ($2, $3)
ORDER BY a.address_order, a.account_id LIMIT $4
"""
_EDGE = """
SELECT address_order, account_id FROM crm_account WHERE number = $1 AND place_id = $2
"""
PAGE = 100


@dataclass(frozen=True, slots=True)
class Building:
    """A building as the office knows it; `version` is 0 where nothing was written yet."""

    id: int
    district: str
    street: str
    house: str
    kind: str
    floors: int | None
    manager: str
    comment: str
    version: int
    accounts: int


@dataclass(frozen=True, slots=True)
class Entrance:
    """An entrance with its flats, both included."""

    no: int
    first_flat: int | None
    last_flat: int | None
    door_code: str
    comment: str
    version: int


@dataclass(frozen=True, slots=True)
class Flat:
    """An account in a building."""

    number: str
    flat: str
    entrance: int | None
    floor: int | None
    name: str
    state: str


async def building_of(place: int, *, by: Actor) -> Building:
    """What is known of a building. Raises NotFound."""
    by.require("crm.subscriber.view")
    async with reading() as connection:
        row = await connection.fetchrow(_BUILDING, place)
    if row is None:
        raise NotFound("NOT_FOUND", N_("There is no such building."), field="place", value=place)
    return Building(**row)


async def entrances_of(place: int, *, by: Actor) -> list[Entrance]:
    """The entrances of a building that somebody described."""
    by.require("crm.subscriber.view")
    async with reading() as connection:
        return [Entrance(**row) for row in await connection.fetch(_ENTRANCES, place)]


async def flats_of(place: int, *, by: Actor, after: str | None = None) -> list[Flat]:
    """A page of the accounts in a building, flat 9 before flat 10; `after` is the last number seen."""
    by.require("crm.subscriber.view")
    async with reading() as connection:
        edge = await connection.fetchrow(_EDGE, after, place) if after else None
        from_key, from_id = (edge["address_order"], edge["account_id"]) if edge else ("", 0)
        rows = await connection.fetch(_FLATS, place, from_key, from_id, PAGE)
    return [Flat(**row) for row in rows]


def entrance_of(flat: str, known: int | None, entrances: Sequence[Entrance]) -> Entrance | None:
    """The entrance of a flat: the one written for it, else the one whose flats it is among."""
    if known is not None:
        return next((one for one in entrances if one.no == known), None)
    number = int(flat) if flat.isdecimal() and len(flat) < 7 else None
    return next(
        (
            one
            for one in entrances
            if number is not None
            and one.first_flat is not None
            and one.last_flat is not None
            and one.first_flat <= number <= one.last_flat
        ),
        None,
    )
