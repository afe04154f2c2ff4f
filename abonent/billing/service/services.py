"""Services of an account: start, change of tariff, discount, suspension by hand, end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from abonent.billing.errors import NotEnoughFunds, NotOnAccount, TariffNotSold
from abonent.billing.queries.books import Loaded, load_book
from abonent.billing.rules import changes
from abonent.billing.rules.book import Discount, Posting, Service, Tariff, Term, copied
from abonent.billing.rules.charging import settle
from abonent.billing.rules.forecast import outlook
from abonent.billing.rules.opening import touch
from abonent.billing.service.books import acting
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.work import UnitOfWork

When = date | Literal["asap", "next-period"]

_INSERT = """
INSERT INTO billing_service (account_id, no, tariff_id, priority, starts_on, settled_to, billed_to,
    connection_fee, place_id) VALUES ($1, $2, $3, $4, $5, $5, $5, $6, $7)
"""
_PLACE = """
INSERT INTO billing_service_place (account_id, service_no, since, place_id) VALUES ($1, $2, $3, $4)
"""
_DISTRICT = "SELECT district FROM billing_place WHERE id = $1"
_FORGET_TERMS = """
DELETE FROM billing_service_tariff WHERE account_id = $1 AND service_no = $2 AND since >= $3
"""
_TERM = """
INSERT INTO billing_service_tariff (account_id, service_no, since, tariff_id) VALUES ($1, $2, $3, $4)
"""
_FIRST_TARIFF = "UPDATE billing_service SET tariff_id = $3 WHERE account_id = $1 AND no = $2"
_NEXT_DISCOUNT = "SELECT coalesce(max(no), 0) + 1 FROM billing_discount WHERE account_id = $1"
_DISCOUNT = """
INSERT INTO billing_discount (account_id, no, service_no, starts_on, ends_on, percent, amount, reason,
    recorded_on) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_FORGET_PAUSES = "DELETE FROM billing_pause WHERE account_id = $1 AND service_no = $2"
_PAUSE = """
INSERT INTO billing_pause (account_id, service_no, starts_on, ends_on, reason)
VALUES ($1, $2, $3, $4, $5)
"""


@dataclass(frozen=True, slots=True)
class TariffPreview:
    """What a change of tariff would do: the day, the money before and after, what is missing.

    `postings` lead from one to the other; `until` is the last day money lasts through then, None
    when no end is in sight.
    """

    effective_on: date
    missing: int
    balance_before: int
    balance_after: int
    postings: list[Posting]
    until: date | None


def own_service(loaded: Loaded, no: int) -> Service:
    """The service with a number; raises NotOnAccount."""
    found = next((s for s in loaded.book.services if s.no == no), None)
    if found is None:
        raise NotOnAccount("service", no)
    return found


async def add_service(
    number: str,
    *,
    by: Actor,
    tariff: str,
    start: date | None = None,
    priority: int = 1,
    place: int | None = None,
) -> tuple[Loaded, Service]:
    """Start a service today or later; it is served at once when funds cover its first charge."""
    async with acting(number, by=by, right="billing.service.edit") as (work, loaded):
        chosen = loaded.catalogue.tariff(tariff)
        where = place or loaded.row["place_id"]
        await check_sold(work, loaded, chosen, where)
        begin = start or loaded.book.day
        service = Service(
            no=max(loaded.services, default=0) + 1,
            starts_on=begin,
            terms=(Term(begin, chosen),),
            priority=priority,
            connection_fee=chosen.connection_fee,
            place=where,
        )
        account = loaded.book.account
        fee = service.connection_fee
        changes.add_service(loaded.book, service)
        row = (account, service.no, chosen.id, priority, begin, fee, where)
        await work.connection.execute(_INSERT, *row)
        await work.connection.execute(_PLACE, account, service.no, begin, where)
        after = {"tariff": tariff, "from": begin, "priority": priority}
        subject = f"{number}/{service.no}"
        await work.audit("billing:service:added", subject, account_id=account, after=after)
    return loaded, service


async def check_sold(work: UnitOfWork, loaded: Loaded, tariff: Tariff, place: int) -> None:
    """Refuse a tariff in the archive or not sold in the place's district."""
    district = ""
    if tariff.code in loaded.catalogue.districts:
        district = await work.connection.fetchval(_DISTRICT, place) or ""
    if not loaded.catalogue.sold(tariff.code, district=district):
        raise TariffNotSold(tariff.code)


async def change_tariff(
    number: str, no: int, *, by: Actor, tariff: str, on: When = "asap", anyway: bool = False
) -> tuple[Loaded, date]:
    """Change a service's tariff; answers the day it takes effect.

    Raises NotEnoughFunds with the missing amount unless `anyway`.
    """
    async with acting(number, by=by, right="billing.tariff.change") as (work, loaded):
        service = own_service(loaded, no)
        chosen = loaded.catalogue.tariff(tariff)
        await check_sold(work, loaded, chosen, service.place or loaded.row["place_id"])
        plan = changes.plan_tariff_change(loaded.book, service, chosen, on)
        if plan.missing and not anyway:
            raise NotEnoughFunds(plan.missing, "tariff")
        before = {"tariff": service.term_on(loaded.book.day).tariff.code}
        changes.change_tariff(loaded.book, service, chosen, plan.effective_on)
        await _keep_terms(work, loaded, service, plan.effective_on)
        await keep_pauses(work, loaded, service, "")
        await work.audit(
            "billing:tariff:changed",
            f"{number}/{no}",
            account_id=loaded.book.account,
            before=before,
            after={"tariff": tariff, "on": plan.effective_on},
        )
    return loaded, plan.effective_on


async def _keep_terms(work: UnitOfWork, loaded: Loaded, service: Service, start: date) -> None:
    account = loaded.book.account
    await work.connection.execute(_FORGET_TERMS, account, service.no, start)
    term = service.terms[-1]
    if len(service.terms) == 1:
        await work.connection.execute(_FIRST_TARIFF, account, service.no, term.tariff.id)
    else:
        await work.connection.execute(_TERM, account, service.no, term.since, term.tariff.id)


async def keep_pauses(work: UnitOfWork, loaded: Loaded, service: Service, reason: str) -> None:
    """Write a service's hand suspensions anew where they changed; old ones keep their reason."""
    old = {p["starts_on"]: p for p in loaded.row["pauses"] or () if p["service_no"] == service.no}
    if {(p["starts_on"], p["ends_on"]) for p in old.values()} == set(service.pauses):
        return
    account = loaded.book.account
    rows = [
        (account, service.no, p.start, p.end, old[p.start]["reason"] if p.start in old else reason)
        for p in service.pauses
    ]
    await work.connection.execute(_FORGET_PAUSES, account, service.no)
    await work.connection.executemany(_PAUSE, rows)


async def preview_tariff(
    number: str, no: int, *, by: Actor, tariff: str, on: When = "asap"
) -> TariffPreview:
    """What a change of tariff would do, without doing it."""
    by.require("billing.account.view")
    async with reading() as connection:
        loaded = await load_book(connection, number)
    touch(loaded.book, loaded.open_day, loaded.due)
    service = own_service(loaded, no)
    chosen = loaded.catalogue.tariff(tariff)
    before = loaded.book.balance
    plan = changes.plan_tariff_change(loaded.book, service, chosen, on)
    trial = copied(loaded.book)
    changes.change_tariff(trial, trial.service(no), chosen, plan.effective_on)
    touch(trial, plan.effective_on)
    settle(trial, plan.effective_on)
    return TariffPreview(
        plan.effective_on,
        plan.missing,
        before,
        trial.balance,
        list(trial.postings),
        outlook(trial).until,
    )


async def end_service(
    number: str, no: int, *, by: Actor, on: date | None = None
) -> tuple[Loaded, date]:
    """End a service, tomorrow at the earliest; what it holds beyond goes back at once."""
    async with acting(number, by=by, right="billing.service.edit") as (work, loaded):
        ends_on = changes.end_service(loaded.book, own_service(loaded, no), on)
        await work.audit(
            "billing:service:ended",
            f"{number}/{no}",
            account_id=loaded.book.account,
            after={"ends_on": ends_on},
        )
    return loaded, ends_on


async def grant_discount(
    number: str,
    no: int,
    *,
    by: Actor,
    start: date,
    end: date,
    reason: str,
    percent: int = 0,
    amount: int = 0,
) -> tuple[Loaded, Discount]:
    """Give a discount on [start, end): hundredths of a percent or minor units."""
    async with acting(number, by=by, right="billing.discount.grant") as (work, loaded):
        account = loaded.book.account
        service = own_service(loaded, no)
        next_no = await work.connection.fetchval(_NEXT_DISCOUNT, account)
        made = changes.add_discount(
            loaded.book, service, Discount(next_no, start, end, percent, amount)
        )
        row = (account, made.no, no, start, end, percent, amount, reason, made.recorded_on)
        await work.connection.execute(_DISCOUNT, *row)
        after: dict[str, Any] = {"percent": percent, "amount": amount, "from": start, "to": end}
        await work.audit(
            "billing:discount:granted", f"{number}/{no}", account_id=account, after=after
        )
    return loaded, made


async def suspend_service(
    number: str, no: int, *, by: Actor, suspended: bool, reason: str
) -> Loaded:
    """Suspend a postpaid service by hand from tomorrow, or serve it again from today."""
    async with acting(number, by=by, right="billing.service.edit") as (work, loaded):
        service = own_service(loaded, no)
        changes.pause_service(loaded.book, service, paused=suspended)
        account = loaded.book.account
        await keep_pauses(work, loaded, service, reason)
        action = "billing:service:suspended" if suspended else "billing:service:resumed"
        await work.audit(action, f"{number}/{no}", account_id=account, after={"reason": reason})
    return loaded
