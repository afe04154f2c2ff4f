"""Buildings as the office knows them, and the flat and entrance of an account."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from abonent.billing.service.accounts import check_place
from abonent.crm.errors import NobodyNamed
from abonent.crm.rules.people import Address, address_key
from abonent.crm.service.holders import changed_fields, locked
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.texts import given_text

LONGEST = 1000
LONGEST_FLAT = 20

_BUILDING = """
SELECT kind, floors, manager, comment, version FROM crm_building WHERE place_id = $1 FOR UPDATE
"""
_DESCRIBE = """
INSERT INTO crm_building (place_id, kind, floors, manager, comment) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (place_id) DO UPDATE SET kind = excluded.kind, floors = excluded.floors,
    manager = excluded.manager, comment = excluded.comment, version = crm_building.version + 1
"""
_ENTRANCE = """
SELECT first_flat, last_flat, door_code, comment, version FROM crm_entrance
WHERE place_id = $1 AND no = $2 FOR UPDATE
"""
_DESCRIBE_ENTRANCE = """
INSERT INTO crm_entrance (place_id, no, first_flat, last_flat, door_code, comment)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (place_id, no) DO UPDATE SET first_flat = excluded.first_flat,
    last_flat = excluded.last_flat, door_code = excluded.door_code, comment = excluded.comment,
    version = crm_entrance.version + 1
"""
_OVERLAPS = """
SELECT no FROM crm_entrance
WHERE place_id = $1 AND no <> $2 AND first_flat <= $4 AND last_flat >= $3 LIMIT 1
"""
_FLAT = """
SELECT a.account_id, a.flat, a.entrance, a.floor, a.version, a.place_id, p.district, p.street,
    p.house
FROM crm_account a JOIN billing_place p ON p.id = a.place_id
WHERE a.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
FOR UPDATE OF a
"""
_CORRECT_FLAT = """
UPDATE crm_account SET flat = $2, entrance = $3, floor = $4, address_key = $5, version = version + 1
WHERE account_id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildingFacts:
    """What is known of a building; `manager` lets technicians in."""

    kind: str = "flats"
    floors: int | None = None
    manager: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntranceFacts:
    """What is known of an entrance: its flats, both included, and how one gets in."""

    first_flat: int | None = None
    last_flat: int | None = None
    door_code: str = ""
    comment: str = ""


async def describe_building(
    place: int, *, by: Actor, seen: int | None, facts: BuildingFacts
) -> None:
    """Record what is known of a building; `seen` is 0 where nothing was."""
    by.require("crm.place.edit")
    async with unit_of_work(by) as work:
        await check_place(work.connection, place)
        before = await _before(work.connection, _BUILDING, (place,), f"building:{place}", seen)
        values = asdict(facts) | _trimmed(facts.manager, facts.comment)
        await work.connection.execute(_DESCRIBE, place, *values.values())
        await work.audit(
            "crm:building:described",
            f"building:{place}",
            before={"fields": changed_fields(before, values)},
            after={"kind": facts.kind, "floors": facts.floors},
        )


def _trimmed(manager: str, comment: str) -> dict[str, str]:
    return {"manager": manager.strip()[:LONGEST], "comment": comment.strip()[:LONGEST]}


async def describe_entrance(
    place: int, no: int, *, by: Actor, seen: int | None, facts: EntranceFacts
) -> None:
    """Record what is known of an entrance. Flats of two entrances do not overlap."""
    by.require("crm.place.edit")
    first, last = facts.first_flat, facts.last_flat
    if (first is None) != (last is None):
        missing = "last_flat" if last is None else "first_flat"
        raise Malformed.of(missing, "", N_("Give both the first and the last flat, or neither."))
    if first is not None and last is not None and last < first:
        raise Malformed.of("last_flat", last, N_("The last flat lies before the first."))
    async with unit_of_work(by) as work:
        await check_place(work.connection, place)
        subject = f"entrance:{place}/{no}"
        row = await work.connection.fetchrow(_ENTRANCE, place, no)
        if row is not None:
            await _before(work.connection, _ENTRANCE, (place, no), f"building:{place}", seen)
        if other := await work.connection.fetchval(_OVERLAPS, place, no, first, last):
            taken = N_("Entrance {other} has some of these flats.")
            raise Malformed.of("first_flat", first, taken, other=other)
        code, comment = facts.door_code.strip()[:50], facts.comment.strip()[:LONGEST]
        values = (first, last, code, comment)
        await work.connection.execute(_DESCRIBE_ENTRANCE, place, no, *values)
        after = {"first_flat": first, "last_flat": last}
        await work.audit("crm:entrance:described", subject, after=after)


async def _before(
    connection: Any, statement: str, keys: tuple[Any, ...], subject: str, seen: int | None
) -> dict[str, Any]:
    """The row as it was, nothing for a new one that nobody saw either."""
    if await connection.fetchrow(statement, *keys) is None:
        return {}
    return await locked(connection, statement, keys, subject=subject, seen=seen)


async def correct_flat(
    number: str,
    *,
    by: Actor,
    seen: int | None,
    flat: str,
    entrance: int | None = None,
    floor: int | None = None,
) -> None:
    """Correct the flat, entrance and floor of an account; the building stays (moving is an order).

    Raises NobodyNamed, ChangedMeanwhile.
    """
    by.require("crm.subscriber.edit")
    text = given_text("flat", flat, longest=LONGEST_FLAT, needed=False)
    async with unit_of_work(by) as work:
        here = await work.connection.fetchrow(_FLAT, number)
        if here is None:
            raise NobodyNamed(number)
        subject = f"place:{here['account_id']}"
        row = await locked(work.connection, _FLAT, (number,), subject=subject, seen=seen)
        address = Address(row["district"], row["street"], row["house"], text)
        key = address_key(address)
        account = row["account_id"]
        await work.connection.execute(_CORRECT_FLAT, account, text, entrance, floor, key)
        was = {name: row[name] for name in ("flat", "entrance", "floor")}
        became = {"flat": text, "entrance": entrance, "floor": floor}
        await work.audit(
            "crm:address:corrected",
            subject,
            account_id=account,
            after={"fields": changed_fields(was, became)},
            personal={"was": was, "became": became},
        )
