"""Until when the money lasts: the days are simply played forward on a copy."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from tests.oracle.calendar_periods import ONE_DAY
from tests.oracle.opening import open_day
from tests.oracle.state import Account, Service

# Two whole periods: after so long without an entry or a planned event none will come.
STILLNESS = timedelta(days=62)


def money_lasts_until(account: Account, today: date) -> date | None:
    """Give the last day on which every prepaid service served now is served; None if no end.

    A frozen day and the planned end of a service are not a lack of money, and do not count.
    """
    watched = {
        service.id
        for service in account.services
        if today in service.served and service.mode_on(today) != "arrears"
    }
    played = copy_of(account)
    day, last_event = today, last_planned(account, today)
    while any(each.id in watched and has_prepaid_days(each, day) for each in played.services):
        day += ONE_DAY
        balance = played.balance
        open_day(played, day)
        if cut_off(played, watched, day):
            return day - ONE_DAY
        if played.balance != balance:
            last_event = last_planned(played, day)
        if day > last_event + STILLNESS:
            return None
    return None


def has_prepaid_days(service: Service, day: date) -> bool:
    """Tell whether a prepaid day may still come after `day`: neither ended nor postpaid for good."""
    if service.end is not None and service.end <= day:
        return False
    later = [segment for segment in service.segments if segment.from_ > day]
    modes = {segment.tariff.mode for segment in [service.segment_on(day), *later]}
    return modes != {"arrears"}


def cut_off(account: Account, watched: set[int], day: date) -> bool:
    """Tell whether a watched service lacks money on a day."""
    if account.frozen_on(day):
        return False
    return any(
        service.id in watched
        and service.lives_on(day)
        and service.mode_on(day) != "arrears"
        and day not in service.served
        for service in account.services
    )


def copy_of(account: Account) -> Account:
    """Copy what the opening of a day changes; the rest is shared."""
    services = [
        replace(
            service,
            held=dict(service.held),
            billed=dict(service.billed),
            net=dict(service.net),
            served=set(service.served),
        )
        for service in account.services
    ]
    return replace(
        account,
        services=services,
        promises=[replace(promise) for promise in account.promises],
        ended_promises=[],
        undue=list(account.undue),
        postings=[],
    )


def last_planned(account: Account, today: date) -> date:
    """Give the last dated thing that is known to happen to the account."""
    dates = [today, account.billing_days[-1][0]]
    dates += [freeze.to for freeze in account.freezes]
    dates += [promise.ends for promise in account.promises]
    dates += [charge.due for charge in account.undue]
    for service in account.services:
        dates += [service.start, service.end or today]
        dates += [discount.to for discount in service.discounts]
        for segment in service.segments:
            dates += [segment.from_, *(version.from_ for version in segment.tariff.versions)]
    return max(dates)
