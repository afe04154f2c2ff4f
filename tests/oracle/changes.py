"""Changes of tariff: which day they take effect, what they need, what goes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Literal

from tests.oracle.calendar_periods import ONE_DAY
from tests.oracle.opening import release_from, serve_if_covered, settle
from tests.oracle.prices import due_on, share_on
from tests.oracle.state import Account, Refused, Segment, Service, Tariff

When = Literal["asap", "next-period"] | date


def change_tariff(
    account: Account, service: Service, today: date, tariff: Tariff, *, on: When, anyway: bool
) -> date:
    """Change the tariff and give the day it takes effect; what is held from there goes back."""
    if service.end is not None and service.end <= max(today, service.start):
        raise Refused("ENDED")
    if service.start > today:
        effective = effective_before_start(account, service, today, on)
    elif on == "asap":
        effective = earliest(account, service, today, tariff, anyway=anyway)
    else:
        effective = account.share_period(today)[1] if on == "next-period" else on
        if effective <= today:
            raise Refused("TOO_EARLY")
    if service.end is not None and effective >= service.end:
        raise Refused("ENDED")
    release_from(account, service, today, effective)
    service.segments = moved(service, tariff, effective).segments
    if today in service.served and service.mode_on(today) != "arrears":
        # Today was served already and stays so: its new share precedes what others may ask.
        serve_if_covered(account, service, today)
    settle(account, today)
    return effective


def effective_before_start(account: Account, service: Service, today: date, on: When) -> date:
    """Give the day a change takes effect on a service that has not started."""
    if on == "asap":
        return service.start
    asked = account.share_period(today)[1] if on == "next-period" else on
    return max(service.start, asked)


def earliest(
    account: Account, service: Service, today: date, tariff: Tariff, *, anyway: bool
) -> date:
    """Give today or tomorrow; refuse with the missing amount unless asked to apply anyway."""
    now = moved(service, tariff, today)
    short = shortage(account, service, now, today=today, effective=today)
    if today in service.served:
        if share_on(account, now, today) >= share_on(account, service, today) and not short:
            return today
        effective = today + ONE_DAY
        later = moved(service, tariff, effective)
        short = shortage(account, service, later, today=today, effective=effective)
    else:
        effective = today
    if short and not anyway:
        raise Refused("NOT_COVERED", short)
    return effective


def moved(service: Service, tariff: Tariff, effective: date) -> Service:
    """Give the service as it would be after the change; later changes are replaced."""
    earlier = [segment for segment in service.segments if segment.from_ < effective]
    return replace(
        service,
        segments=[*earlier, Segment(effective, tariff)],
        held={day: charge for day, charge in service.held.items() if day < effective},
    )


def shortage(
    account: Account, service: Service, after: Service, *, today: date, effective: date
) -> int:
    """Give by how much the new due exceeds today's funds with what goes back; 0 if it does not."""
    if after.mode_on(effective) == "arrears":
        return 0
    back = sum(service.net[day] for day in service.held if day >= effective)
    return max(0, due_on(account, after, effective) - account.funds(today) - back)
