"""An account as people and programs see it on the open day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from abonent.billing.queries.books import Loaded, load_book, load_books
from abonent.billing.queries.reach import check_reach
from abonent.billing.rules.book import Book, Mode, Promise, Service
from abonent.billing.rules.fees import price_on
from abonent.billing.rules.forecast import Outlook, outlook
from abonent.billing.rules.opening import touch
from abonent.billing.rules.periods import FAR, billing_day_on
from abonent.billing.rules.promises import missing_today
from abonent.billing.rules.standing import ServiceState, account_state, funds, state_of
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_AT = "SELECT account_id FROM billing_account WHERE place_id = ANY($1::int[]) ORDER BY account_id"


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service on the open day; `paid_until` is the last day paid for, None when today is not.

    `tariff_since` is the first day of the tariff in force, of the service where it never had another.
    """

    no: int
    tariff: str
    name: str
    kind: str
    mode: Mode
    priority: int
    start: date
    tariff_since: date
    end: date | None
    state: ServiceState
    fee: int
    paid_until: date | None
    scheduled: list[tuple[date, str]]


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account on the open day, through the eyes of the API and of pages; money in minor units.

    `promise` is the one that somebody gave, else the engine's own. `missing` is what step 4 lacks
    today; nothing lacking, what will be when money has run out.
    """

    number: str
    account: int
    day: date
    balance: int
    funds: int
    credit_limit: int
    billing_day: int
    state: str
    outlook: Outlook
    missing: int
    promise: Promise | None
    freezes: list[tuple[int, date, date]]
    services: list[ServiceView]
    lagging: bool


def view_of(loaded: Loaded) -> AccountView:
    """The view of a book already brought to the open day and settled."""
    book = loaded.book
    ahead = outlook(book)
    return AccountView(
        number=loaded.number,
        account=book.account,
        day=book.day,
        balance=book.balance,
        funds=funds(book),
        credit_limit=book.credit_limit,
        billing_day=billing_day_on(book.billing_days, book.day),
        state=account_state(book),
        outlook=ahead,
        missing=missing_today(book) or ahead.missing,
        promise=book.promise or book.automatic,
        freezes=[(f.no, f.starts_on, f.ends_on) for f in book.freezes if f.ends_on > book.day],
        services=[_service_view(book, s) for s in book.in_order()],
        lagging=loaded.due <= book.day,
    )


def _service_view(book: Book, service: Service) -> ServiceView:
    term = service.term_on(book.day)
    tariff = term.tariff
    planned = [(t.since, t.tariff.code) for t in service.terms[1:] if t.since > book.day]
    return ServiceView(
        no=service.no,
        tariff=tariff.code,
        name=tariff.name,
        kind=tariff.kind,
        mode=tariff.mode,
        priority=service.priority,
        start=service.starts_on,
        tariff_since=max(term.since, service.starts_on),
        end=None if service.ends_on == FAR else service.ends_on,
        state=state_of(book, service),
        fee=price_on(book, service, book.day).fee,
        paid_until=paid_until(book, service),
        scheduled=planned,
    )


def paid_until(book: Book, service: Service) -> date | None:
    """The last day from today on that is paid without a gap (frozen days do not count as gaps)."""
    held = {d for c in service.charges if c.mode is not Mode.ARREARS for d in c.amounts}
    last = None
    day = book.day
    while held and day <= max(held):
        if day in held:
            last = day
        elif not book.frozen(day):
            break
        day += timedelta(1)
    return last


async def read_account(number: str, *, by: Actor) -> AccountView:
    """The account as it stands on the open day, whether or not the run has reached it."""
    by.require("billing.account.view")
    await check_reach(number, by=by)
    return view_of(await look(number))


async def look(number: str) -> Loaded:
    """An account's book brought to the open day in memory; nothing is written."""
    async with reading() as connection:
        loaded = await load_book(connection, number)
    touch(loaded.book, loaded.open_day, loaded.due)
    return loaded


async def look_at(accounts: Sequence[int], *, by: Actor) -> dict[int, Loaded]:
    """The books of several accounts as they stand on the open day, by id; nothing is written."""
    by.require("billing.account.view")
    async with reading() as connection:
        found = await load_books(connection, accounts)
    for loaded in found:
        touch(loaded.book, loaded.open_day, loaded.due)
    return {loaded.book.account: loaded for loaded in found}


async def account_ids_at(connection: Any, places: Sequence[int]) -> list[int]:
    """The accounts that stand in some buildings."""
    return [r["account_id"] for r in await connection.fetch(_AT, list(places))]
