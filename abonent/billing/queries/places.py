"""Places as the turnover sheet groups by them: legal entity, district, building, account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from abonent.billing.queries.books import account_id
from abonent.billing.queries.reach import check_reach
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_

_ENTITY = "SELECT id FROM billing_legal_entity WHERE code = $1"
_ENTITIES = "SELECT id, code, name FROM billing_legal_entity"
_DISTRICT = "SELECT id FROM billing_place WHERE district = $1"
_DISTRICTS = "SELECT id FROM billing_place WHERE district = ANY($1::text[])"
_BUILDING = "SELECT id FROM billing_place WHERE id = $1"
_PLACES = "SELECT id, district, street, house FROM billing_place WHERE id = ANY($1::int[])"
_NUMBERS = "SELECT account_id, number FROM billing_account WHERE account_id = ANY($1::bigint[])"


@dataclass(frozen=True, slots=True)
class Within:
    """What part of the base a sheet is about; None leaves a level whole.

    `legal_entity` is its code, `district` its name (empty for accounts without a place), `building`
    the id a row of the level "building" has as its key, `account` a number.
    """

    legal_entity: str | None = None
    district: str | None = None
    building: int | None = None
    account: str | None = None


def within_place(text: str | None) -> Within:
    """A choice by one word, as the API and the command line take it: a building's id, or a district."""
    if text is None:
        return Within()
    return Within(building=int(text)) if text.isdecimal() else Within(district=text)


class Chosen(NamedTuple):
    """The same as ids: what statements filter by; None means all."""

    entity: int | None
    places: frozenset[int] | None
    accounts: list[int] | None


class Placed(Protocol):
    """Anything that stands somewhere."""

    @property
    def account(self) -> int | None:
        """The account, where the level asks for it."""

    @property
    def entity(self) -> int:
        """The legal entity's id."""

    @property
    def place(self) -> int:
        """The building's id."""


async def chosen_places(connection: Any, within: Within, *, by: Actor) -> Chosen:
    """The ids behind a choice; raises Malformed or AccountNotFound for what is not there.

    Of who is confined to districts only their places are chosen.
    """
    entity = None
    if within.legal_entity is not None:
        entity = await connection.fetchval(_ENTITY, within.legal_entity)
        if entity is None:
            unknown = N_("There is no such legal entity.")
            raise Malformed.of("legal_entity", within.legal_entity, unknown)
    reached = places = None
    if by.districts is not None:
        reached = places = await _ids(connection, _DISTRICTS, sorted(by.districts))
    if within.district is not None:
        own = _within(reached, await _ids(connection, _DISTRICT, within.district))
        if not own:
            raise Malformed.of("district", within.district, N_("There is no such district."))
        places = own
    if within.building is not None:
        own = _within(reached, await _ids(connection, _BUILDING, within.building))
        if not own:
            raise Malformed.of("building", within.building, N_("There is no such building."))
        places = _within(places, own)
    accounts = None
    if within.account is not None:
        await check_reach(within.account, by=by)
        accounts = [await account_id(connection, within.account)]
    return Chosen(entity, places, accounts)


def _within(chosen: frozenset[int] | None, own: frozenset[int]) -> frozenset[int]:
    return own if chosen is None else chosen & own


async def _ids(connection: Any, statement: str, value: object) -> frozenset[int]:
    return frozenset(row["id"] for row in await connection.fetch(statement, value))


@dataclass(frozen=True, slots=True)
class Places:
    """Names of what a sheet's rows are about."""

    entities: dict[int, tuple[str, str]]
    places: dict[int, tuple[str, str]]
    numbers: dict[int, str]

    def name(self, level: str, account: int | None, entity: int, place: int) -> tuple[str, str]:
        """The key and label of the row an amount belongs to."""
        if level == "legal_entity":
            return self.entities[entity]
        if level == "account":
            number = self.numbers.get(account or 0, str(account))
            return number, number
        district, label = self.places.get(place, ("", ""))
        return (district, district) if level == "district" else (str(place), label)


async def labels(connection: Any, level: str, moved: Iterable[Placed]) -> Places:
    """The names needed for the rows of a level."""
    if level == "account":
        known = list({row.account for row in moved})
        numbers = await connection.fetch(_NUMBERS, known)
        return Places({}, {}, {row["account_id"]: row["number"] for row in numbers})
    if level == "legal_entity":
        rows = await connection.fetch(_ENTITIES)
        return Places({row["id"]: (row["code"], row["name"]) for row in rows}, {}, {})
    rows = await connection.fetch(_PLACES, list({row.place for row in moved}))
    return Places({}, {row["id"]: (row["district"], _label(row)) for row in rows}, {})


def _label(row: Any) -> str:
    return ", ".join(part for part in (row["district"], row["street"], row["house"]) if part)
