"""The money side of accounts taken over from another system, many in one act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from abonent.billing.queries import entries
from abonent.billing.queries.books import Installation
from abonent.billing.rules.book import Book
from abonent.billing.rules.takeover import Standing, first_due, take_over
from abonent.billing.service.books import account_row
from abonent.kernel import clock
from abonent.kernel.ids import new_ids
from abonent.kernel.work import UnitOfWork

IMPORTED = "import"
"""Channel of promises that came along."""

_KNOWN = "SELECT number, account_id FROM billing_account_number WHERE number = ANY($1::text[])"
_ENTITIES = "SELECT code, id FROM billing_legal_entity ORDER BY id"
_NEW_PLACES = """
INSERT INTO billing_place (district, street, house)
SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[]) ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
"""
_PLACES = """
SELECT p.district, p.street, p.house, p.id FROM billing_place p
JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[])) w (district, street, house)
    USING (district, street, house)
"""
_ACCOUNT = (
    "account_id", "balance", "day", "held_since", "last_no", "last_promise", "bonus_left",
    "bonus_used", "state", "plain", "credit_limit", "number", "legal_entity_id", "place_id",
    "billing_day", "opened_on", "since",
)  # fmt: skip
_SERVICE = (
    "account_id", "no", "tariff_id", "priority", "starts_on", "ends_on", "served", "settled_to",
    "billed_to", "connection_fee", "place_id",
)  # fmt: skip
_PROMISE = ("account_id", "no", "amount", "granted_on", "ends_on", "state", "channel")

Building = tuple[str, str, str]
"""District, street, house."""


@dataclass(frozen=True, slots=True)
class TakenAccount:
    """An account to be taken over; `since` is the first day of its tenure."""

    number: str
    place: int
    since: date
    standing: Standing
    legal_entity: str | None = None


async def known_numbers(connection: Any, numbers: Iterable[str]) -> dict[str, int]:
    """Which account numbers are taken, with the ids of their accounts."""
    rows = await connection.fetch(_KNOWN, list(numbers))
    return {row["number"]: row["account_id"] for row in rows}


async def place_ids(connection: Any, buildings: Iterable[Building]) -> dict[Building, int]:
    """The ids of buildings, recorded where they are new."""
    columns = [list(column) for column in zip(*set(buildings), strict=True)] or [[], [], []]
    await connection.execute(_NEW_PLACES, *columns)
    rows = await connection.fetch(_PLACES, *columns)
    return {(row["district"], row["street"], row["house"]): row["id"] for row in rows}


async def write_accounts(
    work: UnitOfWork, accounts: Sequence[TakenAccount], *, here: Installation
) -> dict[str, int]:
    """Open accounts as they stood elsewhere; their numbers must be new. Answers their ids.

    The caller holds the day (a lock shared by all use cases) from before `here` was read.
    """
    entities = {r["code"]: r["id"] for r in await work.connection.fetch(_ENTITIES)}
    made: list[tuple[TakenAccount, Book]] = []
    for account_id, account in zip(new_ids(len(accounts)), accounts, strict=True):
        book = take_over(account_id, account.standing, day=here.day, policy=here.catalogue.policy)
        for service in book.services:
            service.place = account.place
        made.append((account, book))
    await _copy_accounts(work, made, entities)
    await _copy_services(work, made)
    await _copy_entries(work, made, entities)
    return {account.number: book.account for account, book in made}


async def _copy_accounts(
    work: UnitOfWork, made: list[tuple[TakenAccount, Book]], entities: Mapping[str, int]
) -> None:
    rows = [
        (
            *account_row(book), account.number, _entity(account, entities), account.place,
            account.standing.billing_day, book.day, account.since,
        )
        for account, book in made
    ]  # fmt: skip
    numbers = [(account.number, book.account) for account, book in made]
    dues = [(book.account, first_due(book, account.standing)) for account, book in made]
    await _copy(work, "billing_account_number", ("number", "account_id"), numbers)
    await _copy(work, "billing_account", _ACCOUNT, rows)
    await _copy(work, "billing_account_due", ("account_id", "day"), dues)


async def _copy_services(work: UnitOfWork, made: list[tuple[TakenAccount, Book]]) -> None:
    services = [
        (
            book.account, s.no, s.terms[0].tariff.id, s.priority, s.starts_on, s.ends_on, s.served,
            s.settled_to, s.billed_to, s.connection_fee, s.place,
        )
        for _, book in made
        for s in book.services
    ]  # fmt: skip
    places = [(row[0], row[1], row[4], row[10]) for row in services]
    pauses = [
        (book.account, s.no, pause.start, pause.end)
        for _, book in made
        for s in book.services
        for pause in s.pauses
    ]
    freezes = [(b.account, f.no, f.starts_on, f.ends_on) for _, b in made for f in b.freezes]
    promises = [
        (b.account, p.no, p.amount, p.granted_on, p.ends_on, p.state.value, IMPORTED)
        for _, b in made
        if (p := b.promise)
    ]
    await _copy(work, "billing_service", _SERVICE, services)
    at = ("account_id", "service_no", "since", "place_id")
    await _copy(work, "billing_service_place", at, places)
    span = ("account_id", "service_no", "starts_on", "ends_on")
    await _copy(work, "billing_pause", span, pauses)
    await _copy(work, "billing_freeze", ("account_id", "no", "starts_on", "ends_on"), freezes)
    await _copy(work, "billing_promise", _PROMISE, promises)


async def _copy_entries(
    work: UnitOfWork, made: list[tuple[TakenAccount, Book]], entities: Mapping[str, int]
) -> None:
    at = clock.now()
    rows = [
        entries.row_of(
            posting,
            account=book.account,
            legal_entity=_entity(account, entities),
            place=account.place,
            actor=f"{work.by.kind}:{work.by.id}",
            at=at,
        )
        for account, book in made
        for posting in book.postings
    ]
    await _copy(work, "billing_entry", entries.COLUMNS, rows)


async def _copy(
    work: UnitOfWork, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    if rows:
        await work.connection.copy_records_to_table(table, records=rows, columns=list(columns))


def _entity(account: TakenAccount, entities: Mapping[str, int]) -> int:
    if account.legal_entity is None:
        return next(iter(entities.values()))
    return entities[account.legal_entity]
