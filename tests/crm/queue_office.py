"""An office with a queue: its windows, clerks and subscribers."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from abonent.billing.service.cash.offices import set_office
from abonent.crm.queries.queue import (
    hall_of,
    queue_services,
)
from abonent.crm.service.queue_setup import (
    OfficeTerms,
    set_queue_office,
    set_window,
)
from abonent.crm.service.queue_windows import (
    sit_down,
)
from abonent.kernel.actor import SYSTEM, Actor

RIGHTS = frozenset({"crm.queue.take", "crm.queue.work", "crm.queue.view", "desk.open"})
TEN = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)  # a Monday, ten by the clocks of Moscow
CLOSES = {day: (time(9), time(18)) for day in range(5)}
MINUTE = timedelta(minutes=1)


def clerk(number: int, *, office: int | None = None) -> Actor:
    return Actor("user", str(number), f"Оператор {number}", RIGHTS, office=office)


def subscriber(*accounts: str) -> Actor:
    rights = frozenset({"crm.queue.book"})
    return Actor("subscriber", "1", "Абонент", rights, accounts=frozenset(accounts))


async def make_queue(code: str = "lenina", *, windows: int = 2, name: str = "Офис") -> int:
    """An office with windows that take every service; answers its id."""
    office = await set_office(code, by=SYSTEM, name=name, address="ул. Ленина, 4")
    await set_queue_office(code, OfficeTerms(hours=CLOSES), by=SYSTEM)
    services = [one.id for one in await queue_services()]
    for number in range(1, windows + 1):
        await set_window(number, services, by=SYSTEM, office=office)
    return office


async def window_id(office: int, number: int) -> int:
    hall = await hall_of(office)
    return next(window.id for window in hall.windows if window.number == number)


async def service_id(letter: str) -> int:
    return next(one.id for one in await queue_services() if one.letter == letter)


async def seat(office: int, number: int, window: int) -> Actor:
    by = clerk(number)
    await sit_down(await window_id(office, window), by=by)
    return by
