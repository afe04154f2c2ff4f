"""What a day of a service costs, and what step 4 asks for."""

from __future__ import annotations

from datetime import date

from tests.oracle.calendar_periods import days_between, half_up, share
from tests.oracle.state import Account, Segment, Service


def fee_after_discounts(fee: int, *, percent: int, amount: int) -> int:
    """Take percents (at most 100 together), round to a whole unit, then take amounts."""
    return max(0, half_up(fee * (100 - min(100, percent)), 100) - amount)


def fee_on(service: Service, day: date, *, hindsight: bool = False) -> int:
    """Give the fee of a day after its discounts.

    A discount recorded on a day says nothing about the days before it, except in `hindsight`,
    which is what a recalculation looks with.
    """
    segment = service.segment_on(day)
    fee = segment.tariff.fee_on(day, segment.from_)
    if not service.discounts:
        return fee
    discounts = [
        discount
        for discount in service.discounts
        if discount.from_ <= day < discount.to and (hindsight or discount.recorded <= day)
    ]
    percent = sum(discount.percent for discount in discounts)
    amount = sum(discount.amount for discount in discounts)
    return fee_after_discounts(fee, percent=percent, amount=amount)


def share_of_fee(account: Account, day: date, fee: int) -> int:
    """Give the share of a fee that falls to a day of the account's calendar."""
    start, end = account.share_period(day)
    return share(fee, (day - start).days + 1, (end - start).days)


def share_on(account: Account, service: Service, day: date) -> int:
    """Give what a day of the service costs."""
    return share_of_fee(account, day, fee_on(service, day))


def asked_shares(account: Account, service: Service, day: date) -> dict[date, int]:
    """Give the days, with their shares, that a charge made on `day` would cover."""
    segment = service.segment_on(day)
    if segment.tariff.mode == "daily":
        days = [day]
    else:
        days = days_between(day, last_stop(account, service, day, segment))
    return {
        each: share_on(account, service, each)
        for each in days
        if each not in service.held and not account.frozen_on(each)
    }


def last_stop(account: Account, service: Service, day: date, segment: Segment) -> date:
    """Give the end of the period, of the service or of its present tariff, whichever is first."""
    stops = [account.share_period(day)[1]]
    if service.end is not None:
        stops.append(service.end)
    stops.extend(later.from_ for later in service.segments if later.from_ > max(day, segment.from_))
    return min(stops)


def connection_fee(service: Service, day: date) -> int:
    """Give the fee that joins the service's first charge: 0 once that was made."""
    return 0 if service.connected else service.segment_on(day).tariff.connection_fee


def due_on(account: Account, service: Service, day: date) -> int:
    """Give what a prepaid service asks for on a day when that day is not charged yet."""
    shares = asked_shares(account, service, day)
    return sum(shares.values()) + connection_fee(service, day)
