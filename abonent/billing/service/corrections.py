"""Recalculation of past days, compensation of outages, what was charged by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from abonent.billing.errors import ChargeGivenBack
from abonent.billing.queries.accounts import account_ids_at
from abonent.billing.queries.books import Loaded, account_id, installation, load_book
from abonent.billing.queries.charged import held_charges
from abonent.billing.queries.entries import entries_of
from abonent.billing.rules import recalculation
from abonent.billing.rules.book import Kind
from abonent.billing.rules.held import give_back
from abonent.billing.rules.history import History, history_of, was_served
from abonent.billing.rules.opening import touch
from abonent.billing.rules.recalculation import DayDifference, Truth
from abonent.billing.service.books import acting, keep, open_accounts
from abonent.billing.service.services import keep_pauses, own_service
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work

BATCH = 200
_COMPENSATED = (
    "SELECT day, incident FROM billing_compensated WHERE account_id = $1 AND service_no = $2"
)
_COMPENSATE = """
INSERT INTO billing_compensated (account_id, service_no, day, incident) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Recalculated:
    """Day by day what was and should have been charged; posted only when asked to."""

    days: list[DayDifference]
    total: int
    loaded: Loaded


@dataclass(slots=True)
class Compensated:
    """What an outage gives back to one account: amounts per day, summed over its services."""

    number: str
    days: dict[date, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The sum of the days."""
        return sum(self.days.values())


async def _past(connection: Any, loaded: Loaded, service: int) -> History:
    first = loaded.row["opened_on"]
    kept = await entries_of(
        connection, loaded.book.account, loaded.catalogue, since=first, until=loaded.open_day
    )
    fresh = [p for p in loaded.book.postings if all(p.no != k.no for k in kept)]
    return history_of([*kept, *fresh], service)


async def recalculate(
    number: str, no: int, *, by: Actor, truth: Truth, reason: str, confirm: bool
) -> Recalculated:
    """Compare past days with what should have been true; post the difference when `confirm`.

    The total is what the subscriber owes in addition; negative is given back.
    """
    if not confirm:
        return await _preview(number, no, by, truth)
    async with acting(number, by=by, right="billing.correct") as (work, loaded):
        past = await _past(work.connection, loaded, no)
        rows = await _rows(work.connection, loaded, no, past, truth)
        service = own_service(loaded, no)
        note: dict[str, object] = {"reason": reason}
        if truth.served is not None:
            note["served"] = truth.served
        recalculation.post_differences(
            loaded.book, service, past, rows, kind=Kind.CORRECTION, note=note
        )
        account = loaded.book.account
        recalculation.mark_unserved(service, truth)
        await keep_pauses(work, loaded, service, reason)
        total = sum(row.difference for row in rows)
        after = {"from": truth.start, "to": truth.end, "total": total, "reason": reason}
        subject = f"{number}/{no}"
        await work.audit("billing:period:recalculated", subject, account_id=account, after=after)
    return Recalculated(rows, total, loaded)


async def _preview(number: str, no: int, by: Actor, truth: Truth) -> Recalculated:
    by.require("billing.account.view")
    async with reading() as connection:
        loaded = await load_book(connection, number)
        touch(loaded.book, loaded.open_day, loaded.due)
        past = await _past(connection, loaded, no)
        rows = await _rows(connection, loaded, no, past, truth)
    return Recalculated(rows, sum(row.difference for row in rows), loaded)


async def _rows(
    connection: Any, loaded: Loaded, no: int, past: History, truth: Truth
) -> list[DayDifference]:
    service = own_service(loaded, no)
    known = await connection.fetch(_COMPENSATED, loaded.book.account, no)
    compensated = {r["day"]: r["incident"] for r in known}
    return recalculation.differences(loaded.book, service, past, truth, compensated)


async def give_charges_back(number: str, charges: Sequence[int], *, by: Actor, reason: str) -> int:
    """Give charges back that should not have been: fees whole, of others what they hold of past days.

    Answers the sum. Raises ChargeGivenBack for what is no charge of the account or holds nothing.
    """
    async with acting(number, by=by, right="billing.correct") as (work, loaded):
        held = {one.charge.no: one for one in await held_charges(work.connection, loaded)}
        if gone := [no for no in charges if no not in held]:
            raise ChargeGivenBack(gone[0])
        posted = len(loaded.book.postings)
        for no in sorted(set(charges)):
            give_back(loaded.book, held[no], reason=reason)
        corrections = [p for p in loaded.book.postings[posted:] if p.kind is Kind.CORRECTION]
        for one in corrections:
            after = {"amount": one.amount, "reason": reason}
            subject = f"{number}-{one.no}"
            account = loaded.book.account
            await work.audit("billing:correction:posted", subject, account_id=account, after=after)
    return sum(one.amount for one in corrections)


async def compensate(
    *,
    by: Actor,
    incident: str,
    start: datetime,
    end: datetime,
    accounts: Sequence[str] = (),
    places: Sequence[int] = (),
    zone: str,
    confirm: bool,
    reason: str = "",
) -> list[Compensated]:
    """Give back what is still held for the days of an outage, for accounts or whole buildings.

    Without `confirm` nothing is posted. A second run for the same incident finds nothing held.
    """
    by.require("billing.compensate" if confirm else "billing.account.view")
    async with reading() as connection:
        chosen = [await account_id(connection, number) for number in accounts]
        chosen += await account_ids_at(connection, places)
    result: list[Compensated] = []
    chosen = sorted(set(chosen))
    for first in range(0, len(chosen), BATCH):
        async with unit_of_work(by) as work:
            here = await installation(work.connection)
            books = await open_accounts(work, chosen[first : first + BATCH])
            days = recalculation.outage_days(start, end, clock.zone(zone), here.day)
            for loaded in books:
                own, marks = await _give_back(work.connection, loaded, days, incident)
                result.append(own)
                if confirm:
                    await work.connection.executemany(_COMPENSATE, marks)
            if confirm:
                await keep(work, *books)
                after = {"incident": incident, "accounts": len(books), "reason": reason}
                await work.audit("billing:outage:compensated", incident, after=after)
    return result


async def _give_back(
    connection: Any, loaded: Loaded, days: list[date], incident: str
) -> tuple[Compensated, list[tuple[int, int, date, str]]]:
    """Post in memory what the outage gives back; answer it with the days to be marked."""
    own = Compensated(loaded.number)
    marks = []
    for service in loaded.book.services:
        past = await _past(connection, loaded, service.no)
        touched = [day for day in days if was_served(loaded.book, service, past, day)]
        service.compensated |= set(touched)
        marks += [(loaded.book.account, service.no, day, incident) for day in touched]
        rows = recalculation.outage_differences(past, touched)
        for row in rows:
            own.days[row.day] = own.days.get(row.day, 0) + row.was
        note: dict[str, object] = {"incident": incident}
        recalculation.post_differences(
            loaded.book, service, past, rows, kind=Kind.COMPENSATION, note=note
        )
    return own, marks
