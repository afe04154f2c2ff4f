"""The opening of a day in four steps, and steps 3 and 4 again after every change."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from itertools import groupby

from tests.oracle.calendar_periods import ONE_DAY, days_between
from tests.oracle.prices import asked_shares, connection_fee, due_on, share_on
from tests.oracle.state import Account, Charge, Posting, Promise, Service, Tariff


def open_day(account: Account, today: date) -> None:
    """Do what the opening of a day does for one account."""
    account.undue = [charge for charge in account.undue if today < charge.due]
    grace_is_over = end_promises(account, today)
    for service in account.services:
        service.held.pop(today - ONE_DAY, None)
    if account.period_start(today) == today:
        charge_arrears(account, today)
    if not grace_is_over:
        lend(account, today)
    settle(account, today)


def settle(account: Account, today: date) -> None:
    """Run steps 3 and 4; running them once more changes nothing."""
    give_back_while_below_zero(account, today)
    if account.frozen_on(today):
        return
    for service in account.services:
        if service.lives_on(today):
            serve_if_covered(account, service, today)


def end_promises(account: Account, today: date) -> bool:
    """Step 1: judge the promises whose day has come; tell whether an automatic one ended.

    One promise does not keep another: both are kept by money alone.
    """
    ending = [promise for promise in account.promises if promise.ends <= today]
    for promise in ending:
        promise.outcome = "kept" if account.money(today) >= 0 else "broken"
        account.promises.remove(promise)
    account.ended_promises += ending
    return any(promise.automatic for promise in ending)


def charge_arrears(account: Account, today: date) -> None:
    """Step 2: charge the served postpaid days of the period that ended."""
    yesterday = today - ONE_DAY
    ended = days_between(account.period_start(yesterday), today)
    for service in account.services:
        by_tariff: dict[str, dict[date, int]] = defaultdict(dict)
        tariffs: dict[str, Tariff] = {}
        for day in ended:
            tariff = service.segment_on(day).tariff
            if tariff.mode != "arrears" or not service.lives_on(day) or account.frozen_on(day):
                continue
            if day in service.served and day not in service.compensated:
                tariffs[tariff.code] = tariff
                by_tariff[tariff.code][day] = share_on(account, service, day)
        for code, shares in by_tariff.items():
            post_arrears(account, service, today, tariffs[code], shares)


def post_arrears(
    account: Account, service: Service, today: date, tariff: Tariff, shares: dict[date, int]
) -> None:
    """Post one arrears charge, with the connection fee if it is the service's first."""
    charge = Charge(today, sum(shares.values()), today + timedelta(days=tariff.due_days))
    if not service.connected:
        charge.amount += tariff.connection_fee
        post_fee(account, today, "connection", tariff.connection_fee)
    service.connected = True
    post_days(account, service, today, "charge", shares)
    service.billed.update(dict.fromkeys(shares, charge))
    account.undue.append(charge)


def lend(account: Account, today: date) -> None:
    """Between steps 2 and 3: lend what step 4 lacks to services served yesterday.

    What lacks on later days is lent in addition, to the same day.
    """
    if account.frozen_on(today):
        return
    lent = account.lent()
    ends = account.rules.cutting_off(today) if lent is None else lent.ends
    amount = lacking_today(account, today) if today < ends else 0
    if amount and lent is None:
        account.promises.append(Promise(amount, ends, automatic=True))
    elif amount and lent is not None:
        lent.amount += amount


def lacking_today(account: Account, today: date) -> int:
    """Give the money with which step 4 would serve every prepaid service served yesterday."""
    prepaid = [
        each
        for each in account.services
        if each.lives_on(today) and each.mode_on(today) != "arrears"
    ]
    wanted = {each.id for each in prepaid if today - ONE_DAY in each.served}
    if not wanted:
        return 0
    lent = max(0, -account.funds(today))
    while True:
        left = account.funds(today) + lent
        short = 0
        for service in prepaid:
            due = 0 if today in service.held else due_on(account, service, today)
            if due <= left:
                left -= due
            elif service.id in wanted:
                short = due - left
                break
        if not short:
            return lent
        lent += short


def give_back_while_below_zero(account: Account, today: date) -> None:
    """Step 3: newest charges first, services already served today are left alone."""
    while account.funds(today) < 0:
        newest: tuple[date, Service, Charge] | None = None
        # The services stand in the order of step 4 and their days in that of their charges,
        # so among equals the last one wins.
        for service in account.services:
            if today in service.served:
                continue
            for charge in dict.fromkeys(service.held.values()):
                if newest is None or charge.day >= newest[0]:
                    newest = (charge.day, service, charge)
        if newest is None:
            return
        _, service, charge = newest
        release(account, service, today, [d for d, held in service.held.items() if held is charge])


def serve_if_covered(account: Account, service: Service, today: date) -> None:
    """Step 4 for one living service."""
    if service.mode_on(today) == "arrears":
        covered = service.suspended_from is None or today < service.suspended_from
    elif today in service.held:
        covered = True
    else:
        covered = charge_prepaid(account, service, today)
    if covered:
        service.served.add(today)


def charge_prepaid(account: Account, service: Service, today: date) -> bool:
    """Charge what step 4 asks if funds reach; tell whether they did."""
    shares = asked_shares(account, service, today)
    fee = connection_fee(service, today)
    if sum(shares.values()) + fee > account.funds(today):
        return False
    post_fee(account, today, "connection", fee)
    service.connected = True
    # No entry spans a change of tax rate: such a due is more than one charge.
    for _, run in groupby(shares, account.rules.rate_on):
        own = {day: shares[day] for day in run}
        post_days(account, service, today, "charge", own)
        service.held.update(dict.fromkeys(own, Charge(today, sum(own.values()), today)))
    return True


def release(account: Account, service: Service, today: date, days: list[date]) -> None:
    """Give held days back, at what they hold net of corrections."""
    back = {day: -service.net[day] for day in days}
    for day in days:
        del service.held[day]
    post_days(account, service, today, "give-back", back)


def release_from(account: Account, service: Service, today: date, first: date) -> None:
    """Give back all that is held from a day on."""
    release(account, service, today, [day for day in service.held if day >= first])


def reprice(account: Account, service: Service, today: date) -> None:
    """Post the difference between what the held days cost now and what they were charged."""
    difference = {
        day: share_on(account, service, day) - service.net[day] for day in sorted(service.held)
    }
    post_days(account, service, today, "price", difference)


def post_fee(account: Account, today: date, kind: str, amount: int) -> None:
    """Post a fee that belongs to no days."""
    account.post(Posting(today, kind, -amount, account.rules.rate_on(today)))


def post_days(
    account: Account, service: Service, today: date, kind: str, amounts: dict[date, int]
) -> None:
    """Post amounts per service day (positive = charged), one entry per tax rate of those days."""
    by_rate: dict[int, list[date]] = defaultdict(list)
    for day, amount in amounts.items():
        service.net[day] = service.net.get(day, 0) + amount
        by_rate[account.rules.rate_on(day)].append(day)
    for rate, days in by_rate.items():
        total = sum(amounts[day] for day in days)
        account.post(Posting(today, kind, -total, rate, service.id, tuple(days)))
