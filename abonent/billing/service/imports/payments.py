"""Payments from a bank's file, taken in batches: `account;amount;date;source;external_id;comment`.

An account on which a payment moves nothing but the balance is written by statements over the whole
batch; every other goes through the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import asyncpg
from pydantic import Field

from abonent.billing.events import PaymentTaken
from abonent.billing.queries import plans
from abonent.billing.queries.books import installation
from abonent.billing.rules import changes
from abonent.billing.service.books import DAY_LOCK, keep, open_accounts
from abonent.billing.service.outside.parking import park_differing
from abonent.billing.service.payments import LARGEST_PAYMENT
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Conflict
from abonent.kernel.i18n import N_
from abonent.kernel.intake import Amount, Day, Numbered, Outcome, Row, reject
from abonent.kernel.jsontext import to_json
from abonent.kernel.work import UnitOfWork

SYNONYMS = {
    "лицевой счёт": "account",
    "л/с": "account",
    "счёт": "account",
    "сумма": "amount",
    "сумма платежа": "amount",
    "дата": "date",
    "дата платежа": "date",
    "источник": "source",
    "канал": "source",
    "номер платежа": "external_id",
    "номер операции": "external_id",
    "идентификатор": "external_id",
    "комментарий": "comment",
    "назначение": "comment",
    "назначение платежа": "comment",
}
BATCH = 20_000
RULES_BATCH = 1_000
_TRIES = 3

_SHARE_DAY = "SELECT pg_advisory_xact_lock_shared($1)"
_TABLE = """
CREATE TEMPORARY TABLE IF NOT EXISTS billing_incoming (
    row integer, number text, amount bigint, source text, external_id text
) ON COMMIT DROP
"""
_CLEAR = "TRUNCATE billing_incoming"
_COLUMNS = ("row", "number", "amount", "source", "external_id")
_FRESH = """
SELECT i.row, n.account_id, k.amount AS known
FROM billing_incoming i
LEFT JOIN billing_account_number n ON n.number = i.number
LEFT JOIN billing_inbox k ON k.source = i.source AND k.external_id = i.external_id
WHERE k.source IS NULL OR k.account_id IS DISTINCT FROM n.account_id OR k.amount <> i.amount
ORDER BY i.row
"""
_LOCK = """
SELECT a.account_id, a.last_no, a.legal_entity_id, a.place_id,
    d.day > $2 AND a.state IN ('served', 'frozen', 'ended', 'idle') AS simple
FROM billing_account a JOIN billing_account_due d ON d.account_id = a.account_id
WHERE a.account_id = ANY($1::bigint[]) ORDER BY a.account_id FOR UPDATE OF a
"""
"""The due day is read before the lock is had; while the day stands it never comes nearer than that."""
_BALANCES = """
UPDATE billing_account a SET balance = a.balance + i.amount, last_no = i.last_no
FROM unnest($1::bigint[], $2::bigint[], $3::integer[]) AS i (account_id, amount, last_no)
WHERE a.account_id = i.account_id
"""
_ENTRY_COLUMNS = (
    "account_id", "day", "no", "kind", "contra", "amount", "legal_entity_id", "place_id", "source",
    "actor", "created_at", "detail",
)  # fmt: skip
_INBOX_COLUMNS = (
    "source", "external_id", "account_id", "amount", "day", "entry_no", "paid_on",
)  # fmt: skip


class PaymentRow(Row):
    """A row of the payments file; the amount in major units."""

    account: Annotated[str, Field(min_length=1, max_length=32)]
    amount: Annotated[Amount, Field(gt=0, le=LARGEST_PAYMENT)]
    date: Day
    source: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,64}$")]
    external_id: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,128}$")]
    comment: Annotated[str, Field(max_length=1000)] = ""


@dataclass(frozen=True, slots=True)
class _Payment:
    """A payment nobody has seen, on its account."""

    row: PaymentRow
    account: int


async def take_payments(rows: Sequence[Numbered[PaymentRow]], *, by: Actor) -> Outcome:
    """Take payments, a batch per transaction; one known with the same content is left as it is.

    The same source and external id with another account or amount is rejected and parked for a
    person.
    """
    by.require("billing.payment.take")
    outcome = Outcome()
    for start in range(0, len(rows), BATCH):
        outcome.add(await _take_surely(rows[start : start + BATCH], by))
    return outcome


async def _take_surely(rows: Sequence[Numbered[PaymentRow]], by: Actor) -> Outcome:
    """Somebody may take one of these payments at the same instant: then the batch looks again."""
    for _ in range(_TRIES):
        try:
            return await _take_batch(rows, by)
        except asyncpg.UniqueViolationError:
            continue
    raise Conflict("BUSY", N_("Somebody else is working with this record. Try again."))


async def _take_batch(rows: Sequence[Numbered[PaymentRow]], by: Actor) -> Outcome:
    outcome = Outcome()
    async with unit_of_work(by) as work:
        await work.connection.execute(_SHARE_DAY, DAY_LOCK)
        day = (await installation(work.connection)).day
        unique = await _once_each(work, rows, day, outcome)
        fresh = await _unseen(work, unique, outcome)
        if fresh:
            simple = await _lock(work, fresh, day)
            await _take_simple(work, [p for p in fresh if p.account in simple], simple, day)
            await _take_by_rules(work, [p for p in fresh if p.account not in simple])
            await work.audit(
                "billing:payments:imported", day.isoformat(), after={"rows": len(fresh)}
            )
    outcome.taken = len(fresh)
    return outcome


async def _once_each(
    work: UnitOfWork, rows: Sequence[Numbered[PaymentRow]], day: date, outcome: Outcome
) -> list[Numbered[PaymentRow]]:
    """The first row of each source and external id, of days that have come."""
    seen: dict[tuple[str, str], PaymentRow] = {}
    unique: list[Numbered[PaymentRow]] = []
    for numbered in rows:
        row = numbered.row
        if row.date > day:
            outcome.rejects.append(
                reject(
                    numbered.number,
                    "date",
                    row.date,
                    N_("{paid_on} lies after the open day, {day}."),
                    paid_on=row.date,
                    day=day,
                )
            )
            continue
        first = seen.setdefault((row.source, row.external_id), row)
        if first is row:
            unique.append(numbered)
        elif first.account == row.account and first.amount == row.amount:
            outcome.unchanged += 1
        else:
            await _park(work, numbered, outcome)
    return unique


async def _park(work: UnitOfWork, numbered: Numbered[PaymentRow], outcome: Outcome) -> None:
    """Keep a payment whose key is known with other content for a person to decide."""
    row = numbered.row
    await park_differing(
        work, row.account, source=row.source, external_id=row.external_id, amount=row.amount
    )
    message = N_(
        "Payment {value} of this source is known with another account or amount: it is not entered"
        " and now waits under “Unmatched payments”."
    )
    outcome.rejects.append(reject(numbered.number, "external_id", row.external_id, message))


async def _unseen(
    work: UnitOfWork, unique: list[Numbered[PaymentRow]], outcome: Outcome
) -> list[_Payment]:
    """The payments of a batch that are on an account and not yet in the inbox."""
    await work.connection.execute(_TABLE)
    await work.connection.execute(_CLEAR)
    rows = enumerate(numbered.row for numbered in unique)
    await work.connection.copy_records_to_table(
        "billing_incoming",
        records=[(at, r.account, r.amount, r.source, r.external_id) for at, r in rows],
        columns=list(_COLUMNS),
    )
    found = await work.connection.fetch(_FRESH)
    outcome.unchanged += len(unique) - len(found)
    fresh: list[_Payment] = []
    for at, account, known in found:
        if known is not None:
            await _park(work, unique[at], outcome)
        elif account is None:
            message = N_("There is no account {value}.")
            numbered = unique[at]
            outcome.rejects.append(
                reject(numbered.number, "account", numbered.row.account, message)
            )
        else:
            fresh.append(_Payment(unique[at].row, account))
    return fresh


async def _lock(work: UnitOfWork, fresh: list[_Payment], day: date) -> dict[int, Any]:
    """Lock the accounts; answers those on which money changes nothing but the balance.

    They are not behind the day, and nobody on them waits for money. A running daily service is
    no hindrance: the day kept as its next may come earlier than needed, never later.
    """
    accounts = sorted({p.account for p in fresh})
    await work.connection.execute(plans.FEW)
    rows = await work.connection.fetch(_LOCK, accounts, day)
    return {row["account_id"]: row for row in rows if row["simple"]}


async def _take_simple(
    work: UnitOfWork, payments: list[_Payment], accounts: dict[int, Any], day: date
) -> None:
    if not payments:
        return
    last = {account: row["last_no"] for account, row in accounts.items()}
    sums = dict.fromkeys(accounts, 0)
    entries, inbox = [], []
    actor, at = f"{work.by.kind}:{work.by.id}", clock.now()
    for payment in payments:
        row, account = payment.row, payment.account
        no = last[account] = last[account] + 1
        sums[account] += row.amount
        place = accounts[account]
        note = to_json({"note": {"external_id": row.external_id, "paid_on": row.date}})
        entries.append(
            (
                account, day, no, "payment", f"money.{row.source}", row.amount,
                place["legal_entity_id"], place["place_id"], row.source, actor, at, note,
            )
        )  # fmt: skip
        inbox.append((row.source, row.external_id, account, row.amount, day, no, row.date))
        work.record(PaymentTaken(account, no, row.amount, row.source))
        await _remark(work, payment, no)
    copy = work.connection.copy_records_to_table
    await copy(f"billing_entry_{day:%Y%m}", records=entries, columns=list(_ENTRY_COLUMNS))
    await copy("billing_inbox", records=inbox, columns=list(_INBOX_COLUMNS))
    await work.connection.execute(_BALANCES, list(sums), list(sums.values()), list(last.values()))


async def _take_by_rules(work: UnitOfWork, payments: list[_Payment]) -> None:
    """Accounts where somebody waits for money, or that are behind: each through its book."""
    own: dict[int, list[_Payment]] = {}
    for payment in payments:
        own.setdefault(payment.account, []).append(payment)
    accounts = sorted(own)
    for start in range(0, len(accounts), RULES_BATCH):
        books = await open_accounts(work, accounts[start : start + RULES_BATCH])
        inbox: list[tuple[Any, ...]] = []
        for loaded in books:
            for payment in own[loaded.book.account]:
                row = payment.row
                posting = changes.pay(
                    loaded.book, amount=row.amount, source=row.source,
                    external_id=row.external_id, paid_on=row.date,
                )  # fmt: skip
                inbox.append(
                    (
                        row.source, row.external_id, payment.account, row.amount, posting.day,
                        posting.no, row.date,
                    )
                )  # fmt: skip
                work.record(PaymentTaken(payment.account, posting.no, row.amount, row.source))
                await _remark(work, payment, posting.no)
        await work.connection.copy_records_to_table(
            "billing_inbox", records=inbox, columns=list(_INBOX_COLUMNS)
        )
        await keep(work, *books)


async def _remark(work: UnitOfWork, payment: _Payment, entry: int) -> None:
    """What the payer wrote is personal: it lies beside the audit row, where it can be erased."""
    if payment.row.comment:
        await work.audit(
            "billing:payment:remarked",
            f"{payment.row.account}-{entry}",
            account_id=payment.account,
            personal={"comment": payment.row.comment},
        )
