"""Setting up offices and their cash desks."""

from __future__ import annotations

from abonent.billing.cash_errors import DeskNotFound, DeskTaken, OfficeNotFound
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_

_OFFICE = """
INSERT INTO office (code, name, address, phone, hours, active) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, address = excluded.address,
    phone = excluded.phone, hours = excluded.hours, active = excluded.active
RETURNING id
"""
_FIND = "SELECT id FROM office WHERE code = $1"
_DESK = """
INSERT INTO cash_desk (office_id, code, name, active) VALUES ($1, $2, $3, $4)
ON CONFLICT (code) DO UPDATE SET office_id = excluded.office_id, name = excluded.name,
    active = excluded.active
RETURNING id
"""
_BUSY = """
SELECT s.cashier_name, s.opened_at FROM cash_shift s JOIN cash_desk d ON d.id = s.desk_id
WHERE d.code = $1 AND s.state <> 'CLOSED'
"""


async def set_office(
    code: str,
    *,
    by: Actor,
    name: str,
    address: str = "",
    phone: str = "",
    hours: str = "",
    active: bool = True,
) -> int:
    """Make an office or change it; answers its id."""
    by.require("billing.desk.edit")
    _named(code, name)
    async with unit_of_work(by) as work:
        row = (code, name, address, phone, hours, active)
        office: int = await work.connection.fetchval(_OFFICE, *row)
        await work.audit("billing:office:set", code, after={"active": active})
    return office


async def set_desk(code: str, *, by: Actor, office: str, name: str, active: bool = True) -> int:
    """Make a cash desk in an office or change it; answers its id.

    Raises OfficeNotFound, DeskTaken when it is to go out of use while somebody works at it.
    """
    by.require("billing.desk.edit")
    _named(code, name)
    async with unit_of_work(by) as work:
        office_id = await work.connection.fetchval(_FIND, office)
        if office_id is None:
            raise OfficeNotFound(office)
        busy = await work.connection.fetchrow(_BUSY, code)
        if busy is not None and not active:
            raise DeskTaken(name, busy["cashier_name"], busy["opened_at"])
        desk: int | None = await work.connection.fetchval(_DESK, office_id, code, name, active)
        await work.audit("billing:cash_desk:set", code, after={"office": office, "active": active})
    if desk is None:
        raise DeskNotFound(code)
    return desk


def _named(code: str, name: str) -> None:
    wrong = [
        FieldError(field, value, N_("Fill this in."))
        for field, value in (("code", code), ("name", name))
        if not value.strip()
    ]
    if wrong:
        raise Malformed(*wrong)
