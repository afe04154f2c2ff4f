"""Books of accounts: one statement reads all the engine must know about some accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from abonent.billing.errors import AccountNotFound, NotBegun
from abonent.billing.queries.catalogue import Catalogue, read_catalogue
from abonent.billing.queries.entries import posting_of
from abonent.billing.rules.book import (
    Book,
    Charge,
    Discount,
    Freeze,
    Kind,
    Mode,
    Posting,
    Promise,
    PromiseState,
    Service,
    Span,
    Term,
)
from abonent.billing.rules.charging import fee_charge
from abonent.billing.rules.history import day_amounts
from abonent.billing.rules.periods import BillingDay

_INSTALLATION = "SELECT day, first_day, closing, catalogue FROM billing_installation"
_NUMBER = "SELECT account_id FROM billing_account_number WHERE number = $1"
_BOOKS = """
SELECT a.*, d.day AS due, i.day AS open_day, i.catalogue,
    (SELECT array_agg(x ORDER BY x.since) FROM billing_billing_day x
     WHERE x.account_id = a.account_id) AS billing_days,
    (SELECT array_agg(x ORDER BY x.no) FROM billing_service x
     WHERE x.account_id = a.account_id) AS services,
    (SELECT array_agg(x ORDER BY x.service_no, x.since) FROM billing_service_tariff x
     WHERE x.account_id = a.account_id) AS terms,
    (SELECT array_agg(x ORDER BY x.no) FROM billing_discount x
     WHERE x.account_id = a.account_id) AS discounts,
    (SELECT array_agg(x ORDER BY x.starts_on) FROM billing_pause x
     WHERE x.account_id = a.account_id) AS pauses,
    (SELECT array_agg(x) FROM billing_compensated x
     WHERE x.account_id = a.account_id) AS compensated,
    (SELECT array_agg(x ORDER BY x.starts_on) FROM billing_freeze x
     WHERE x.account_id = a.account_id AND x.ends_on > x.starts_on) AS freezes,
    (SELECT array_agg(x) FROM billing_promise x
     WHERE x.account_id = a.account_id AND x.state = 'active') AS promises
FROM billing_account a JOIN billing_account_due d ON d.account_id = a.account_id
CROSS JOIN billing_installation i
"""
_MANY = _BOOKS + "WHERE a.account_id = ANY($1::bigint[]) ORDER BY a.account_id"
# One id and not an array of one: the server then keeps a plan, and planning takes longer than reading.
_ONE = _BOOKS + "WHERE a.account_id = $1"
# By days given as values, so that months outside them cost nothing however many there are.
_HELD = """
SELECT e.* FROM unnest($1::bigint[], $2::date[]) AS h (account_id, since)
JOIN billing_entry e ON e.account_id = h.account_id AND e.day >= h.since
WHERE e.account_id = ANY($1::bigint[]) AND e.day >= $3 AND e.day <= $4 AND e.service_no IS NOT NULL
ORDER BY e.account_id, e.no
"""
"""Since the days the books' rows name: outside a transaction an account may have moved on since."""
_HELD_BY_ONE = """
SELECT * FROM billing_entry
WHERE account_id = $1 AND day >= $2 AND day <= $3 AND service_no IS NOT NULL ORDER BY no
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """The open business day, the first one, who closes days, and the catalogue in force."""

    day: date
    first_day: date
    closing: str
    catalogue: Catalogue


@dataclass(slots=True)
class Loaded:
    """A book with what is kept beside it: the row it came from, its due day, its services' rows."""

    book: Book
    row: Any
    due: date
    services: dict[int, Any]
    catalogue: Catalogue

    @property
    def open_day(self) -> date:
        """The business day that was open when the book was read."""
        day: date = self.row["open_day"]
        return day

    @property
    def number(self) -> str:
        """The account's number."""
        return str(self.row["number"])


async def installation(connection: Any) -> Installation:
    """The installation's one row; raises NotBegun before `abonent init` or `abonent demo`."""
    row = await connection.fetchrow(_INSTALLATION)
    if row is None:
        raise NotBegun
    catalogue = await read_catalogue(connection, row["catalogue"])
    return Installation(row["day"], row["first_day"], row["closing"], catalogue)


async def account_id(connection: Any, number: str) -> int:
    """The id of the account with a number; raises AccountNotFound."""
    found = await connection.fetchval(_NUMBER, number)
    if found is None:
        raise AccountNotFound(number)
    return int(found)


async def load_books(
    connection: Any,
    accounts: Iterable[int],
    *,
    entries: Mapping[int, Sequence[Posting]] | None = None,
) -> list[Loaded]:
    """Read the books of accounts, in order of their ids, with the day that is open.

    `entries` are all entries of these accounts, where the caller has read them anyway.
    """
    rows = await connection.fetch(_MANY, list(accounts))
    if not rows:
        return []
    catalogue = await read_catalogue(connection, rows[0]["catalogue"])
    if entries is None:
        held = await _held(connection, rows, catalogue)
    else:
        held = {row["account_id"]: _holding(row, entries) for row in rows if row["held_since"]}
    return [_loaded(row, held.get(row["account_id"], ()), catalogue) for row in rows]


async def _held(
    connection: Any, rows: Sequence[Any], catalogue: Catalogue
) -> dict[int, list[Posting]]:
    """Per account that has some, the service entries since the oldest charge that matters."""
    since = {row["account_id"]: row["held_since"] for row in rows if row["held_since"]}
    held: dict[int, list[Posting]] = {account: [] for account in since}
    if since:
        days = min(since.values()), rows[0]["open_day"]
        for entry in await connection.fetch(_HELD, list(since), list(since.values()), *days):
            held[entry["account_id"]].append(posting_of(entry, catalogue))
    return held


def _holding(row: Any, entries: Mapping[int, Sequence[Posting]]) -> list[Posting]:
    """The same, chosen from all entries; those of a service the account does not have are left out."""
    known = {service["no"] for service in row["services"] or ()}
    own = entries.get(row["account_id"], ())
    return [entry for entry in own if entry.day >= row["held_since"] and entry.service in known]


async def load_one(connection: Any, account: int) -> Loaded:
    """Read the book of one account that exists."""
    row = await connection.fetchrow(_ONE, account)
    catalogue = await read_catalogue(connection, row["catalogue"])
    held: list[Posting] = []
    if row["held_since"]:
        days = row["held_since"], row["open_day"]
        rows = await connection.fetch(_HELD_BY_ONE, account, *days)
        held = [posting_of(entry, catalogue) for entry in rows]
    return _loaded(row, held, catalogue)


async def load_book(connection: Any, number: str) -> Loaded:
    """Read one account's book by its number; raises AccountNotFound."""
    return await load_one(connection, await account_id(connection, number))


def _loaded(row: Any, held: Sequence[Posting], catalogue: Catalogue) -> Loaded:
    services = {s["no"]: s for s in row["services"] or ()}
    book = Book(
        account=row["account_id"],
        day=row["day"],
        billing_days=(
            BillingDay(date.min, row["billing_day"]),
            *(BillingDay(b["since"], b["day"]) for b in row["billing_days"] or ()),
        ),
        balance=row["balance"],
        credit_limit=row["credit_limit"],
        promise=_promise(row["promises"], automatic=False),
        automatic=_promise(row["promises"], automatic=True),
        freezes=tuple(Freeze(f["no"], f["starts_on"], f["ends_on"]) for f in row["freezes"] or ()),
        services=[_service(row, s, catalogue) for s in services.values()],
        last_no=row["last_no"],
        last_promise=row["last_promise"],
        bonus_left=row["bonus_left"],
        bonus_used=row["bonus_used"],
        policy=catalogue.policy,
    )
    # Outside a transaction an entry may be younger than the row: it is not in its balance either.
    _hold(book, [entry for entry in held if entry.no <= book.last_no])
    return Loaded(book, row, row["due"], services, catalogue)


def _promise(rows: Any, *, automatic: bool) -> Promise | None:
    """The active promise that somebody gave, or the engine's own."""
    row = next((r for r in rows or () if r["automatic"] is automatic), None)
    if row is None:
        return None
    return Promise(
        row["no"],
        row["amount"],
        row["granted_on"],
        row["ends_on"],
        PromiseState.ACTIVE,
        automatic=automatic,
    )


def _service(account: Any, row: Any, catalogue: Catalogue) -> Service:
    no = row["no"]
    terms = [Term(row["starts_on"], catalogue.tariffs[row["tariff_id"]])]
    terms += [
        Term(t["since"], catalogue.tariffs[t["tariff_id"]])
        for t in account["terms"] or ()
        if t["service_no"] == no
    ]
    return Service(
        no=no,
        starts_on=row["starts_on"],
        terms=tuple(terms),
        priority=row["priority"],
        ends_on=row["ends_on"],
        discounts=tuple(
            Discount(
                d["no"], d["starts_on"], d["ends_on"], d["percent"], d["amount"], d["recorded_on"]
            )
            for d in account["discounts"] or ()
            if d["service_no"] == no
        ),
        pauses=tuple(
            Span(p["starts_on"], p["ends_on"])
            for p in account["pauses"] or ()
            if p["service_no"] == no
        ),
        compensated=frozenset(
            c["day"] for c in account["compensated"] or () if c["service_no"] == no
        ),
        served=row["served"],
        settled_to=row["settled_to"],
        billed_to=row["billed_to"],
        connection_fee=row["connection_fee"],
        place=row["place_id"],
    )


def _hold(book: Book, entries: Iterable[Posting]) -> None:
    """Rebuild what charges still hold from the entries since the oldest one that matters."""
    services = {s.no: s for s in book.services}
    charges: dict[int, Charge] = {}
    for entry in entries:
        if entry.kind is Kind.CHARGE and entry.service is not None and entry.tariff:
            amounts = {day: -amount for day, amount in day_amounts(entry).items()}
            charge = Charge(
                entry.no,
                entry.day,
                entry.tariff.mode,
                amounts,
                entry.tax_code or "none",
                entry.tax_rate,
                entry.due_on,
            )
            charges[entry.no] = charge
            services[entry.service].charges.append(charge)
        elif entry.kind is Kind.CONNECTION and entry.service is not None and entry.due_on:
            charges[entry.no] = fee_charge(entry)
            services[entry.service].charges.append(charges[entry.no])
        elif entry.kind is Kind.OPENING and entry.service is not None and entry.due_on:
            charges[entry.no] = _debt(entry, entry.due_on)
            services[entry.service].charges.append(charges[entry.no])
        elif entry.corrects in charges:
            _reduce(charges[entry.corrects], entry)
    for service in book.services:
        service.charges = [c for c in service.charges if matters(c, book.day)]


def _debt(entry: Posting, due_on: date) -> Charge:
    """A debt taken over counts in funds from its due day, as the postpaid charge it was."""
    held = {entry.period.start if entry.period else entry.day: -entry.amount}
    return Charge(entry.no, entry.day, Mode.ARREARS, held, "none", 0, due_on)


def _reduce(charge: Charge, entry: Posting) -> None:
    if entry.kind is Kind.CORRECTION and entry.amounts is None:  # of a fee, which goes back whole
        charge.amounts = dict.fromkeys(charge.amounts, 0)
    for day, amount in day_amounts(entry).items():
        if entry.kind is Kind.RETURN:
            charge.amounts.pop(day, None)
        elif day in charge.amounts:
            charge.amounts[day] -= amount


def matters(charge: Charge, day: date) -> bool:
    """True while a charge holds a day from `day` on, or is not yet due."""
    if charge.mode is not Mode.ARREARS and any(d >= day for d in charge.amounts):
        return True
    return charge.due_on is not None and charge.due_on > day
