"""Open debts from a file, in place of a negative opening balance: one unpaid bill per row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from pydantic import Field

from abonent.billing.queries.books import Loaded
from abonent.billing.rules.takeover import Debt, post_debt
from abonent.billing.service.books import keep, open_accounts
from abonent.billing.service.imports.accounts import known_numbers
from abonent.billing.service.imports.fingerprints import (
    fingerprint,
    known_rows,
    remember_rows,
    take_turns,
)
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.i18n import N_
from abonent.kernel.intake import Amount, Day, Numbered, Outcome, Row, reject
from abonent.kernel.money import plain_amount
from abonent.kernel.work import UnitOfWork

KIND = "debts"

SYNONYMS = {
    "лицевой счёт": "account",
    "л/с": "account",
    "счёт": "account",
    "услуга": "service",
    "тариф": "service",
    "с": "from",
    "по": "to",
    "начало": "from",
    "конец": "to",
    "срок": "due",
    "срок оплаты": "due",
    "оплатить до": "due",
    "сумма": "amount",
    "долг": "amount",
}


class DebtRow(Row):
    """A row of the debts file: a bill for [from, to) of a tariff, due on a day, in major units."""

    account: Annotated[str, Field(min_length=1, max_length=32)]
    service: Annotated[str, Field(max_length=64)] = ""
    start: Day = Field(alias="from")
    end: Day = Field(alias="to")
    due: Day
    amount: Annotated[Amount, Field(gt=0)]

    @property
    def key(self) -> str:
        """What makes the bill one: everything but its amount."""
        return f"{self.account}|{self.service}|{self.start}|{self.end}|{self.due}"


async def take_debts(rows: Sequence[Numbered[DebtRow]], *, by: Actor) -> Outcome:
    """Post open debts, each once, with its own period and due day."""
    by.require("billing.account.edit")
    outcome = Outcome()
    async with unit_of_work(by) as work:
        await take_turns(work.connection)
        numbers = await known_numbers(work.connection, {r.row.account for r in rows})
        fresh = await _unseen(work, rows, numbers, outcome)
        books = await open_accounts(work, sorted({numbers[r.row.account] for r in fresh}))
        by_account = {loaded.book.account: loaded for loaded in books}
        taken: dict[str, bytes] = {}
        for numbered in fresh:
            if _post(by_account[numbers[numbered.row.account]], numbered, outcome):
                taken[numbered.row.key] = fingerprint(numbered.row)
        await remember_rows(work.connection, KIND, taken)
        if taken:
            await keep(work, *books)
            await work.audit("billing:debts:imported", KIND, after={"rows": len(taken)})
    outcome.taken = len(taken)
    return outcome


async def _unseen(
    work: UnitOfWork,
    rows: Sequence[Numbered[DebtRow]],
    numbers: dict[str, int],
    outcome: Outcome,
) -> list[Numbered[DebtRow]]:
    before = await known_rows(work.connection, KIND, [r.row.key for r in rows])
    fresh: list[Numbered[DebtRow]] = []
    for numbered in rows:
        row, digest = numbered.row, fingerprint(numbered.row)
        known = before.get(row.key)
        if row.account not in numbers:
            message = N_("There is no account {value}.")
            outcome.rejects.append(reject(numbered.number, "account", row.account, message))
        elif row.end <= row.start:
            message = N_("The end must lie after the start.")
            outcome.rejects.append(reject(numbered.number, "to", row.end, message))
        elif known == digest:
            outcome.unchanged += 1
        elif known is not None:
            message = N_("This debt is there already, with another amount.")
            outcome.rejects.append(
                reject(numbered.number, "amount", plain_amount(row.amount), message)
            )
        else:
            before[row.key] = digest
            fresh.append(numbered)
    return fresh


def _post(loaded: Loaded, numbered: Numbered[DebtRow], outcome: Outcome) -> bool:
    row = numbered.row
    service = _service(loaded, row.service)
    if service is None and (row.service or row.due > loaded.book.day):
        message = N_("The account has no service on tariff {value}.")
        outcome.rejects.append(reject(numbered.number, "service", row.service, message))
        return False
    post_debt(loaded.book, Debt(service, row.start, row.end, row.due, row.amount))
    return True


def _service(loaded: Loaded, code: str) -> int | None:
    """The service a bill was for: on the tariff named, or the first one when none is."""
    own: list[tuple[date, int]] = [
        (service.starts_on, service.no)
        for service in loaded.book.services
        if not code or any(term.tariff.code == code for term in service.terms)
    ]
    return min(own)[1] if own else None
