"""Opening an account for a change under its lock, and keeping what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

from abonent.billing.errors import AccountNotFound
from abonent.billing.events import PromiseJudged, ServiceSwitched
from abonent.billing.queries import entries
from abonent.billing.queries.books import (
    Loaded,
    load_books,
    load_one,
    matters,
)
from abonent.billing.queries.reach import check_place
from abonent.billing.rules.book import Book, Mode, PromiseState, Service
from abonent.billing.rules.opening import touch
from abonent.billing.rules.periods import FAR, next_period_start
from abonent.billing.rules.schedule import next_due
from abonent.billing.rules.standing import account_state
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.work import UnitOfWork

DAY_LOCK = 4_702_119
"""Shared by every use case, exclusive for moving the day and changing the catalogue."""

_LOCK_ONE = """
WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared($2))
SELECT a.account_id FROM gate, billing_account a
WHERE a.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
FOR UPDATE OF a
"""
_LOCK_MANY = """
SELECT account_id FROM billing_account WHERE account_id = ANY($1::bigint[])
ORDER BY account_id FOR UPDATE
"""
_SHARE_DAY = "SELECT pg_advisory_xact_lock_shared($1)"
_ACCOUNT = """
UPDATE billing_account SET balance = $2, day = $3, held_since = $4, last_no = $5, last_promise = $6,
    bonus_left = $7, bonus_used = $8, state = $9, plain = $10, credit_limit = $11
WHERE account_id = $1
"""
# The commonest act, one entry on one account, takes one statement: it is a tenth of its time.
_ENTRY_AND_ACCOUNT = (
    "WITH entry AS ("
    + entries.INSERT
    + """)
UPDATE billing_account SET balance = $27, day = $28, held_since = $29, last_no = $30,
    last_promise = $31, bonus_left = $32, bonus_used = $33, state = $34, plain = $35,
    credit_limit = $36
WHERE account_id = $1
"""
)
_DUE = "UPDATE billing_account_due SET day = $2 WHERE account_id = $1"
_SERVICE = """
UPDATE billing_service SET served = $3, settled_to = $4, billed_to = $5, connection_fee = $6, ends_on = $7
WHERE account_id = $1 AND no = $2
"""
_ENDED = "UPDATE billing_promise SET state = $3 WHERE account_id = $1 AND no = $2"
_GRANTED = """
INSERT INTO billing_promise (account_id, no, amount, granted_on, ends_on, state, automatic, channel)
VALUES ($1, $2, $3, $4, $5, $6, true, 'automaton')
ON CONFLICT (account_id, no) DO UPDATE SET amount = excluded.amount
"""


async def _lock(work: UnitOfWork, number: str) -> int:
    locked: int | None = await work.connection.fetchval(_LOCK_ONE, number, DAY_LOCK)
    if locked is None:
        raise AccountNotFound(number)
    return locked


@asynccontextmanager
async def holding(number: str, *, by: Actor) -> AsyncIterator[None]:
    """Let nobody else write to an account, so that what the block reads still stands as it acts."""
    async with unit_of_work(by) as work:
        await _lock(work, number)
        yield


async def open_account(work: UnitOfWork, number: str) -> Loaded:
    """Lock an account, read its book and bring it to the open day (ENGINE 2).

    Raises AccountNotFound for a number nobody has and for an account beyond the actor's districts.
    The lock comes by a statement of its own: what is read after it is what the last holder left.
    """
    loaded = await load_one(work.connection, await _lock(work, number))
    await check_place(work.connection, number, loaded.row["place_id"], by=work.by)
    touch(loaded.book, loaded.open_day, loaded.due)
    return loaded


async def lock_accounts(work: UnitOfWork, accounts: Sequence[int]) -> list[Loaded]:
    """Lock many accounts in order of their ids and read their books as they stand."""
    await work.connection.execute(_SHARE_DAY, DAY_LOCK)
    await work.connection.execute(_LOCK_MANY, list(accounts))
    return await load_books(work.connection, accounts)


async def open_accounts(work: UnitOfWork, accounts: Sequence[int]) -> list[Loaded]:
    """Lock many accounts and bring each to the open day."""
    found = await lock_accounts(work, accounts)
    for loaded in found:
        touch(loaded.book, loaded.open_day, loaded.due)
    return found


@asynccontextmanager
async def acting(number: str, *, by: Actor, right: str) -> AsyncIterator[tuple[UnitOfWork, Loaded]]:
    """One use case on one account: right, transaction, lock, catch-up, the block, and what it left.

    Raises Forbidden, AccountNotFound; whatever the block raises undoes everything.
    """
    by.require(right)
    if not by.reaches(number):
        raise AccountNotFound(number)
    async with unit_of_work(by) as work:
        loaded = await open_account(work, number)
        yield work, loaded
        await keep(work, loaded)


async def keep(work: UnitOfWork, *changed: Loaded) -> None:
    """Write postings, balances, states and due days of books; record what happened."""
    at = clock.now()
    rows = [row for loaded in changed for row in entry_rows(loaded, actor=_actor(work), at=at)]
    moved = [account_row(c.book) for c in changed]
    if len(rows) == len(moved) == 1:
        await work.connection.execute(_ENTRY_AND_ACCOUNT, *rows[0], *moved[0][1:])
    else:
        await work.write(entries.INSERT, rows)
        await work.write(_ACCOUNT, moved)
    await work.write(_SERVICE, [row for loaded in changed for row in service_rows(loaded)])
    await keep_promises(work, changed)
    dues = [(c.book.account, next_due(c.book)) for c in changed]
    await work.write(_DUE, [d for d, c in zip(dues, changed, strict=True) if d[1] != c.due])
    for loaded in changed:
        record(work, loaded.book)


def _actor(work: UnitOfWork) -> str:
    return f"{work.by.kind}:{work.by.id}"


async def keep_promises(work: UnitOfWork, changed: Sequence[Loaded]) -> None:
    """Write how promises ended and what the engine granted by itself; doing it twice is harmless."""
    ended = [(c.book.account, p.no, p.state.value) for c in changed for p in c.book.ended]
    await work.write(_ENDED, ended)
    await work.write(_GRANTED, [row for c in changed for row in automatic_rows(c.book)])


def automatic_rows(book: Book) -> list[tuple[Any, ...]]:
    """The engine's own promises as rows: those granted or ended now, and the active one.

    All may have grown since they were granted.
    """
    known = [*book.granted, *book.ended, book.automatic]
    own = {p.no: p for p in known if p and p.automatic}
    return [
        (book.account, p.no, p.amount, p.granted_on, p.ends_on, p.state.value) for p in own.values()
    ]


def record(work: UnitOfWork, book: Book) -> None:
    """Tell the departments above what happened to an account."""
    for promise in book.ended:
        if promise.state is PromiseState.REPLACED:
            continue
        kept = promise.state is PromiseState.KEPT
        work.record(PromiseJudged(book.account, promise.no, kept, promise.automatic))
    for change in book.transitions:
        work.record(ServiceSwitched(book.account, change.service, change.day, change.served))


def entry_rows(loaded: Loaded, *, actor: str, at: Any) -> list[tuple[Any, ...]]:
    """The new postings of a book as rows, each with the place of its day."""
    row = loaded.row
    places = {s.no: s.place for s in loaded.book.services}
    return [
        entries.row_of(
            posting,
            account=loaded.book.account,
            legal_entity=row["legal_entity_id"],
            place=places.get(posting.service or 0) or row["place_id"],
            actor=actor,
            at=at,
        )
        for posting in loaded.book.postings
    ]


def service_rows(loaded: Loaded) -> list[tuple[Any, ...]]:
    """The services whose row no longer says what the book says."""
    rows = []
    for service in loaded.book.services:
        old = loaded.services.get(service.no)
        new = (
            service.served,
            service.settled_to,
            service.billed_to,
            service.connection_fee,
            service.ends_on,
        )
        if old is None or new != tuple(old[name] for name in _MOVING):
            rows.append((loaded.book.account, service.no, *new))
    return rows


_MOVING = ("served", "settled_to", "billed_to", "connection_fee", "ends_on")


def account_row(book: Book) -> tuple[Any, ...]:
    """The moving columns of an account."""
    return (
        book.account, book.balance, book.day, held_since(book), book.last_no, book.last_promise,
        book.bonus_left, book.bonus_used, account_state(book), is_plain(book), book.credit_limit,
    )  # fmt: skip


def held_since(book: Book) -> date | None:
    """The posting day of the oldest charge that still matters, None when none does."""
    days = [c.posted_on for s in book.services for c in s.charges if matters(c, book.day)]
    return min(days, default=None)


def is_plain(book: Book) -> bool:
    """True when the columnar path may open the account's next period.

    One advance service, served; nothing planned, promised or discounted.
    """
    if len(book.services) != 1 or len(book.billing_days) > 1:
        return False
    if book.promise or book.automatic:
        return False
    (service,) = book.services
    if any(f.ends_on > book.day for f in book.freezes) or not _steady(service):
        return False
    ahead = next_period_start(book.billing_days, book.day)
    return all(day < ahead for charge in service.charges for day in charge.amounts)


def _steady(service: Service) -> bool:
    tariff = service.terms[-1].tariff
    return (
        service.served
        and tariff.mode is Mode.ADVANCE
        and len(service.terms) == 1
        and service.ends_on == FAR
        and not service.connection_fee
        and not service.discounts
    )
