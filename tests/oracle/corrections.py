"""Corrections of past days: outage compensation and recalculation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from tests.oracle.calendar_periods import ONE_DAY, days_between
from tests.oracle.opening import post_days, settle
from tests.oracle.prices import fee_on, share_of_fee
from tests.oracle.state import Account, Discount, Refused, Segment, Service, Tariff

Difference = tuple[date, int, int, int]


@dataclass(frozen=True)
class Truth:
    """What should have been true on the days of [from_, to); None leaves it as it was."""

    from_: date
    to: date
    tariff: Tariff | None = None
    discount_percent: int | None = None
    served: bool | None = None


def touched_dates(start: datetime, end: datetime) -> list[date]:
    """List the UTC dates of [start, end), at most one for each begun 24 hours."""
    if end <= start:
        raise Refused("EMPTY")
    start, end = (each.astimezone(UTC) if each.tzinfo else each for each in (start, end))
    last = (end - timedelta(microseconds=1)).date()
    begun = -((start - end) // ONE_DAY)
    return days_between(start.date(), last + ONE_DAY)[:begun]


def compensate(account: Account, today: date, dates: list[date], incident: str) -> int:
    """Give back what the past ones of the dates hold, for all services; give the amount."""
    before = account.balance
    for service in account.services:
        past = [day for day in dates if day < today]
        service.compensated.update(day for day in past if day in service.served)
        back = {day: -service.net[day] for day in past if service.net.get(day)}
        correct(account, service, today, f"incident {incident}", back)
    amount = account.balance - before
    settle(account, today)
    return amount


def correct(
    account: Account, service: Service, today: date, kind: str, amounts: dict[date, int]
) -> None:
    """Post corrections of days, and net them against the arrears charges they name."""
    for day, amount in amounts.items():
        if day in service.billed:
            service.billed[day].amount += amount
    post_days(account, service, today, kind, amounts)


def recalculate(
    account: Account, service: Service, today: date, truth: Truth, *, confirm: bool
) -> list[Difference]:
    """Compare what past days were charged with what they should have been, and post it."""
    if not truth.from_ < truth.to <= today:
        raise Refused("NOT_PAST")
    stated = service_by(truth, service)
    rows = []
    for day in days_between(truth.from_, truth.to):
        was = service.net.get(day, 0)
        should = was
        if not awaits_charge(account, service, day, today):
            should = amount_by(truth, account, service, stated, day)
        rows.append((day, was, should, should - was))
    if confirm:
        correct(account, service, today, "recalculation", {row[0]: row[3] for row in rows})
        state_served(service, truth)
        settle(account, today)
    return rows


def awaits_charge(account: Account, service: Service, day: date, today: date) -> bool:
    """Tell whether a postpaid day is still to be charged, when its period ends.

    A day outside the service's life, or frozen, is in no charge to come.
    """
    if service.mode_on(day) != "arrears" or day < account.period_start(today):
        return False
    return service.lives_on(day) and not account.frozen_on(day)


def service_by(truth: Truth, service: Service) -> Service:
    """Give the service with the discount that should have been."""
    if truth.discount_percent is not None:
        whole = Discount(truth.from_, truth.to, truth.discount_percent, 0, truth.from_)
        service = replace(service, discounts=[whole])
    return service


def amount_by(truth: Truth, account: Account, service: Service, stated: Service, day: date) -> int:
    """Give what the day should have been charged; a compensated day stays at 0."""
    served = day in service.served if truth.served is None else truth.served
    if not served or day in service.compensated:
        return 0
    if truth.tariff is not None and truth.tariff is not service.segment_on(day).tariff:
        stated = replace(stated, segments=[Segment(truth.from_, truth.tariff)])
    return share_of_fee(account, day, fee_on(stated, day, hindsight=True))


def state_served(service: Service, truth: Truth) -> None:
    """Write down which days were served, if that was stated."""
    days = days_between(truth.from_, truth.to)
    if truth.served:
        service.served.update(days)
    elif truth.served is not None:
        service.served.difference_update(days)
