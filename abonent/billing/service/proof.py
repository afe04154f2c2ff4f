"""`abonent verify`: every cached figure made again from entries, every account that differs named.

It runs nightly and in tests. Accounts are taken in batches, each in one state of the database, so
memory is bounded by a batch and payments may come in meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from abonent.billing.queries import proof as asked
from abonent.billing.queries.accruals import accruals
from abonent.billing.queries.books import Installation, Loaded, installation, load_books
from abonent.billing.queries.entries import posting_of
from abonent.billing.queries.snapshot import shared_snapshot
from abonent.billing.queries.turnover import LEVELS, Sheet, turnover
from abonent.billing.rules.periods import DAY
from abonent.billing.rules.proof import prove
from abonent.billing.rules.standing import account_state
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_, gettext

BATCH = 1000
MOST = 10_000
"""Differences kept for the report; all are counted."""

CHECKS = {
    "BALANCE": N_("The cached balance is not the sum of the entries."),
    "NUMBERING": N_("Entry numbers have gaps or repeat."),
    "ENTRIES_LOST": N_("There are entries of an account that does not exist."),
    "NUMBER": N_("The account cannot be found by its number."),
    "CALCULATION": N_("The entry's calculation does not come to its amount."),
    "PRICE": N_("The fee is not that of the tariff's version."),
    "TAX": N_("The tax does not follow from amount and rate."),
    "THROUGH": N_("The days of a daily entry do not fit its posting day."),
    "DAY": N_("The day lies ahead of the open one."),
    "CORRECTS": N_("The entry corrects nothing."),
    "CORRECTION": N_("More was given back than the charge held."),
    "REVERSAL": N_("The reversal does not mirror its payment."),
    "RETURN": N_("A return is not what the charge held."),
    "CHARGED_TWICE": N_("A day is charged twice."),
    "CHARGED_UNSERVED": N_("A day is charged that was not served."),
    "SERVED": N_("The service's state does not follow from its charges."),
    "SETTLED_TO": N_("Days of a daily service would be skipped or charged twice."),
    "BILLED_TO": N_("Days of a postpaid service would be charged twice."),
    "SERVICE": N_("An entry names a service the account does not have."),
    "STATE": N_("The account's state does not follow from its services."),
    "BONUS": N_("The bonus does not follow from the entries."),
    "HELD_SINCE": N_("A charge that still holds days would be overlooked."),
    "DUE_DAY": N_("The account would not be opened when something happens to it."),
    "PAYMENT": N_("The inbox and the payment's entry disagree."),
    "RUN": N_("A run of a day is not finished."),
    "MONTH": N_("The month's roll-up is not what its entries say."),
    "SHEET": N_("The turnover sheet does not close, or its levels differ."),
}

Progress = Callable[[str, int, int], None]
"""Told what is being checked, how many are done and how many there are."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something wrong: which account (None for the whole base), about what, both values."""

    check: str
    account: str | None
    subject: str
    expected: str
    found: str

    def text(self, language: str | None = None) -> str:
        """Say what is wrong in a language (default: the current one)."""
        return gettext(CHECKS[self.check], language)


@dataclass(slots=True)
class Proof:
    """What was checked and what differs; `differences` keeps the first MOST, `count` all."""

    accounts: int = 0
    entries: int = 0
    seconds: float = 0.0
    count: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """True when nothing differs."""
        return self.count == 0

    def add(
        self, check: str, account: str | None, subject: str, expected: object, found: object
    ) -> None:
        """Record a difference."""
        self.count += 1
        if len(self.differences) < MOST:
            one = Difference(check, account, subject, str(expected), str(found))
            self.differences.append(one)


async def verify(*, by: Actor, progress: Progress | None = None) -> Proof:
    """Prove the books of the whole installation; nothing is changed."""
    by.require("billing.verify")
    started = clock.monotonic()
    proof = Proof()
    tell = progress or (lambda _what, _done, _total: None)
    await _accounts(proof, tell)
    await _whole_base(proof, by, tell)
    proof.seconds = clock.monotonic() - started
    return proof


async def _accounts(proof: Proof, tell: Progress) -> None:
    last, total = 0, 0
    while True:
        async with shared_snapshot() as connection:
            total = total or await connection.fetchval(asked.COUNTED)
            rows = await connection.fetch(asked.ACCOUNTS, last, BATCH)
            until = rows[-1]["account_id"] if len(rows) == BATCH else 2**63 - 1
            await _batch(connection, proof, rows, span=(last, until))
        proof.accounts += len(rows)
        tell("accounts", proof.accounts, total)
        last = until
        if len(rows) < BATCH:
            return


async def _batch(connection: Any, proof: Proof, rows: list[Any], *, span: tuple[int, int]) -> None:
    """Everything about the accounts of a span of ids, and about entries that belong to none."""
    numbers = {row["account_id"]: row["number"] for row in rows}
    sums = {row["account_id"]: row for row in await connection.fetch(asked.SUMS, *span)}
    for row in rows:
        _sums(proof, row, sums.pop(row["account_id"], None))
    for account, stray in sums.items():
        proof.add("ENTRIES_LOST", None, f"account id {account}", 0, stray["entries"])
    for row in await connection.fetch(asked.STRAY_ENTRIES, *span):
        number = numbers.get(row["account_id"])
        proof.add(row["check"], number, f"entry {row['no']}", row["expected"], row["found"])
    for row in await connection.fetch(asked.LOST_ACCOUNTS, *span):
        proof.add(row["check"], row["number"], "account", row["expected"], row["found"])
    await _deeply(connection, proof, rows)


def _sums(proof: Proof, row: Any, own: Any) -> None:
    number = row["number"]
    balance = own["balance"] if own else 0
    if row["balance"] != balance:
        proof.add("BALANCE", number, "balance", balance, row["balance"])
    if own is None:
        if row["last_no"]:
            proof.add("NUMBERING", number, "last entry", 0, row["last_no"])
        return
    proof.entries += own["entries"]
    numbered = (own["first"], own["last"], own["numbers"], own["entries"])
    if numbered != (1, row["last_no"], row["last_no"], row["last_no"]):
        found = f"{own['entries']} entries, {own['first']} to {own['last']}"
        proof.add("NUMBERING", number, "entries", f"1 to {row['last_no']}", found)


async def _deeply(connection: Any, proof: Proof, rows: list[Any]) -> None:
    """Prove each account's coverage by the rules."""
    ids = [row["account_id"] for row in rows]
    kept = {row["account_id"]: row for row in rows}
    entries: dict[int, list[Any]] = {}
    for row in await connection.fetch(asked.ENTRIES, ids):
        entries.setdefault(row["account_id"], []).append(row)
    for loaded in await load_books(connection, ids):
        account = loaded.book.account
        _one(proof, loaded, entries.pop(account, []), kept[account])


def _one(proof: Proof, loaded: Loaded, rows: Iterable[Any], kept: Any) -> None:
    postings = [posting_of(row, loaded.catalogue) for row in rows]
    found = prove(loaded.book, postings, due=loaded.due, held_since=kept["held_since"])
    for one in found:
        proof.add(one.check, loaded.number, one.subject, one.expected, one.found)
    state = account_state(loaded.book)
    if state != kept["state"]:
        proof.add("STATE", loaded.number, "state", state, kept["state"])


async def _whole_base(proof: Proof, by: Actor, tell: Progress) -> None:
    """Runs, the inbox, roll-ups and the sheet: what no single account shows."""
    async with shared_snapshot() as connection:
        for row in await connection.fetch(asked.UNFINISHED):
            proof.add("RUN", None, str(row["day"]), 0, f"{row['waiting']} batches")
        tell("payments", 0, 1)
        await _payments(connection, proof)
        here = await installation(connection)
        await _months(connection, proof, here, tell)
        tell("levels of the sheet", 0, len(LEVELS))
        await _sheets(connection, proof, by, here.day)


async def _payments(connection: Any, proof: Proof) -> None:
    rows = await connection.fetch(asked.PAYMENTS, MOST)
    numbers = await asked.numbers_of(connection, [row["account_id"] for row in rows])
    for row in rows:
        number = numbers.get(row["account_id"])
        subject = f"{row['subject']}, entry {row['no']}"
        proof.add("PAYMENT", number, subject, row["expected"], row["found"])


async def _months(connection: Any, proof: Proof, here: Installation, tell: Progress) -> None:
    """Compare every roll-up with its entries; a closed month without one is named itself."""
    months = await asked.months(connection, here.first_day, here.day)
    whole = True
    for done, row in enumerate(months):
        tell("months", done, len(months))
        if row["kept"]:
            await _roll_up(connection, proof, row["month"], opening=whole)
            whole = True
        elif row["closed"] and await asked.roll_up_differences(connection, row["month"], most=1):
            proof.add("MONTH", None, f"{row['month']:%Y-%m}", "a roll-up", "none")
            whole = False


async def _roll_up(connection: Any, proof: Proof, month: date, *, opening: bool) -> None:
    rows = await asked.roll_up_differences(connection, month, most=MOST, opening=opening)
    numbers = await asked.numbers_of(connection, [row["account_id"] for row in rows])
    for row in rows:
        subject = f"{month:%Y-%m} {row['section']} {row['line']}".rstrip()
        number = numbers.get(row["account_id"])
        proof.add("MONTH", number, subject, row["expected"], row["found"])
    for row in await asked.place_differences(connection, month, most=MOST):
        subject = f"{month:%Y-%m} place {row['place_id']} {row['section']} {row['line']}".rstrip()
        proof.add("MONTH", None, subject, row["expected"], row["found"])


async def _sheets(connection: Any, proof: Proof, by: Actor, today: date) -> None:
    """The running month's sheet at every level: equal totals, closing with what is owed."""
    first, end = today.replace(day=1), today + DAY
    owed = await connection.fetchval(asked.OWED)
    here = await installation(connection)
    async for accrual in accruals(connection, here=here, start=date(1900, 1, 1), end=end):
        owed += -accrual.amount if accrual.section == "payment" else accrual.amount
    top: tuple[int, ...] | None = None
    for level in LEVELS:
        totals = [0, 0, 0, 0, 0]
        async for sheet in _pages(by, first, end, level):
            for place, amount in enumerate(_figures(sheet)):
                totals[place] += amount
            if sum(row.closing for row in sheet.rows) != sheet.total.closing:
                rows = sum(row.closing for row in sheet.rows)
                proof.add("SHEET", None, level, sheet.total.closing, rows)
        if totals[-1] != owed:
            proof.add("SHEET", None, f"{level}, closing", owed, totals[-1])
        top = top or tuple(totals)
        if top != tuple(totals):
            proof.add("SHEET", None, level, top, tuple(totals))


async def _pages(by: Actor, start: date, end: date, level: Any) -> Any:
    after: str | None = None
    limit = 20_000 if level == "account" else None
    while True:
        sheet = await turnover(by=by, start=start, end=end, level=level, after=after, limit=limit)
        yield sheet
        after = sheet.next
        if after is None:
            return


def _figures(sheet: Sheet) -> tuple[int, int, int, int, int]:
    total = sheet.total
    charged, paid = sum(total.charges.values()), sum(total.payments.values())
    return total.opening, charged, paid, total.corrections, total.closing
