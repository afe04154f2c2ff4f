"""Offices and cash desks, and who works at them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.money import installed_currency

_OFFICES = "SELECT * FROM office ORDER BY code"
_DESKS = """
SELECT d.id, d.code, d.name, d.active AND o.active AS active, d.money, o.id AS office_id, o.code AS office,
    o.name AS office_name, o.address, s.id AS shift, s.cashier, s.cashier_name, s.opened_at,
    s.state
FROM cash_desk d
JOIN office o ON o.id = d.office_id
LEFT JOIN cash_shift s ON s.desk_id = d.id AND s.state <> 'CLOSED'
ORDER BY o.code, d.code
"""
_ANY = """
SELECT 1 FROM cash_desk d JOIN office o ON o.id = d.office_id
WHERE d.active AND o.active LIMIT 1
"""
_DENOMINATIONS = """
SELECT value, coin FROM cash_denomination WHERE currency = $1 ORDER BY value DESC
"""


@dataclass(frozen=True, slots=True)
class Office:
    """A place where subscribers are served."""

    id: int
    code: str
    name: str
    address: str
    phone: str
    hours: str
    active: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """A cash desk with what its drawer was left with, and the shift at it if there is one."""

    id: int
    code: str
    name: str
    active: bool
    money: int
    office_id: int
    office: str
    office_name: str
    address: str
    shift: int | None
    cashier: str | None
    cashier_name: str | None
    opened_at: datetime | None
    state: str | None


@dataclass(frozen=True, slots=True)
class Denomination:
    """A note or a coin; `value` in minor units."""

    value: int
    coin: bool


async def offices(*, by: Actor) -> list[Office]:
    """Return every office by its code."""
    by.require("desk.open")
    async with reading() as connection:
        return [Office(**row) for row in await connection.fetch(_OFFICES)]


async def desks(*, by: Actor) -> list[Desk]:
    """Return every cash desk, office by office."""
    by.require("billing.shift.work")
    async with reading() as connection:
        return [Desk(**row) for row in await connection.fetch(_DESKS)]


async def has_desks() -> bool:
    """Tell whether the installation has cash desks in use: then cash goes into their drawers."""
    async with reading() as connection:
        return await connection.fetchval(_ANY) is not None


async def denominations() -> list[Denomination]:
    """Return the notes and coins of the installation's currency, the largest first."""
    async with reading() as connection:
        rows = await connection.fetch(_DENOMINATIONS, installed_currency().code)
    return [Denomination(**row) for row in rows]
