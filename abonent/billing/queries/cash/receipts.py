"""Receipts of cash desks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from abonent.billing.cash_errors import ReceiptNotFound
from abonent.billing.queries.reach import is_reached
from abonent.kernel.actor import Actor
from abonent.kernel.db import Connection, reading

_COLUMNS = """
SELECT r.desk_id, d.code AS desk, d.name AS desk_name, o.name AS office, o.address, r.no, r.shift_id,
    r.kind, r.source, r.account_id, r.account, r.entry_no, r.amount, r.given, r.balance, r.through,
    r.corrects_desk, r.corrects, r.reason, r.cashier, r.day, r.at,
    v.no AS voided_by, vd.code AS voided_desk, cd.code AS corrects_code
FROM cash_receipt r
JOIN cash_desk d ON d.id = r.desk_id
JOIN office o ON o.id = d.office_id
LEFT JOIN cash_receipt v ON v.corrects_desk = r.desk_id AND v.corrects = r.no
LEFT JOIN cash_desk vd ON vd.id = v.desk_id
LEFT JOIN cash_desk cd ON cd.id = r.corrects_desk
"""
_BY_NUMBER = "WHERE r.desk_id = $1 AND r.no = $2"
_BY_ENTRY = """
WHERE r.entry_no = $2
    AND r.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
"""
_BY_SHIFT = "WHERE r.shift_id = $1 ORDER BY r.at DESC, r.no DESC LIMIT $2"
_IN_DISTRICTS = """
WHERE r.shift_id = $1 AND EXISTS (
    SELECT 1 FROM billing_account a JOIN billing_place p ON p.id = a.place_id
    WHERE a.account_id = r.account_id AND p.district = ANY($3::text[]))
ORDER BY r.at DESC, r.no DESC LIMIT $2
"""
_LATER = """
SELECT count(*) AS count, coalesce(sum(v.amount), 0)::bigint AS amount
FROM cash_receipt v JOIN cash_receipt r ON r.desk_id = v.corrects_desk AND r.no = v.corrects
WHERE r.shift_id = $1 AND v.shift_id IS DISTINCT FROM r.shift_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One receipt: what was taken of whom at which desk, or taken back (kind "void")."""

    desk_id: int
    desk: str
    desk_name: str
    office: str
    address: str
    no: int
    shift_id: int | None
    kind: str
    source: str
    account_id: int
    account: str
    entry_no: int
    amount: int
    given: int | None
    balance: int
    through: date | None
    corrects_desk: int | None
    corrects: int | None
    reason: str
    cashier: str
    day: date
    at: datetime
    voided_by: int | None
    voided_desk: str | None
    corrects_code: str | None

    @property
    def number(self) -> str:
        """Its public name: desk and number."""
        return f"{self.desk}-{self.no}"

    @property
    def change(self) -> int | None:
        """What was given back from the banknote."""
        return None if self.given is None else self.given - self.amount

    @property
    def corrected(self) -> str | None:
        """The number of the receipt it voids."""
        return f"{self.corrects_code}-{self.corrects}" if self.corrects else None

    @property
    def voiding(self) -> str | None:
        """The number of the receipt that voids it."""
        return f"{self.voided_desk}-{self.voided_by}" if self.voided_by else None


async def receipt(desk: int, no: int, *, by: Actor) -> Receipt:
    """Return a receipt by its desk and number.

    Raises ReceiptNotFound, also for one of an account outside the actor's districts.
    """
    by.require("billing.payment.take")
    async with reading() as connection:
        return await own_receipt(connection, desk, no, by=by)


async def receipt_of_entry(number: str, entry: int, *, by: Actor) -> Receipt | None:
    """Return the receipt given for an account's entry; None when no desk gave one."""
    by.require("billing.account.view")
    async with reading() as connection:
        row = await connection.fetchrow(_COLUMNS + _BY_ENTRY, number, entry)
    return None if row is None else Receipt(**row)


async def latest_receipts(shift: int, *, by: Actor, limit: int = 10) -> list[Receipt]:
    """Return the latest receipts of a shift; of accounts outside the actor's districts none."""
    by.require("billing.shift.work")
    async with reading() as connection:
        if by.districts is None:
            rows = await connection.fetch(_COLUMNS + _BY_SHIFT, shift, limit)
        else:
            asked = (shift, limit, sorted(by.districts))
            rows = await connection.fetch(_COLUMNS + _IN_DISTRICTS, *asked)
    return [Receipt(**row) for row in rows]


async def voided_later(shift: int, *, by: Actor) -> tuple[int, int]:
    """Return how many receipts of a shift were voided outside it, and their sum."""
    by.require("billing.shift.work")
    async with reading() as connection:
        row = await connection.fetchrow(_LATER, shift)
    return row["count"], row["amount"]


async def own_receipt(connection: Connection, desk: int, no: int, *, by: Actor) -> Receipt:
    """Read a receipt of an account that exists for the actor. Raises ReceiptNotFound."""
    found = await load_receipt(connection, desk, no)
    if not await is_reached(found.account, by=by):
        raise ReceiptNotFound(no)
    return found


async def load_receipt(connection: Connection, desk: int, no: int) -> Receipt:
    """Read a receipt. Raises ReceiptNotFound."""
    row: Any = await connection.fetchrow(_COLUMNS + _BY_NUMBER, desk, no)
    if row is None:
        raise ReceiptNotFound(no)
    return Receipt(**row)
