"""Equipment on an account: given out, corrected, taken back."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

import asyncpg

from abonent.billing.queries.books import account_id
from abonent.billing.queries.reach import is_reached
from abonent.crm.errors import SerialGivenOut
from abonent.crm.service.holders import changed_fields, locked
from abonent.kernel.actor import Actor
from abonent.kernel.db import transaction, unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.work import UnitOfWork

_MAC_PARTS = re.compile(r"[^0-9A-Fa-f]")

_GIVE = """
INSERT INTO crm_equipment (account_id, id, kind, model, serial, mac, owner, given_on, state,
    deposit, comment)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_OF = """
SELECT kind, model, serial, mac, owner, given_on, state, deposit, comment, returned_on, version
FROM crm_equipment WHERE account_id = $1 AND id = $2 FOR UPDATE
"""
_CHANGE = """
UPDATE crm_equipment SET kind = $3, model = $4, serial = $5, mac = $6, owner = $7, given_on = $8,
    state = $9, deposit = $10, comment = $11, version = version + 1
WHERE account_id = $1 AND id = $2
"""
_RETURN = """
UPDATE crm_equipment SET returned_on = $3, state = 'returned', comment = $4, version = version + 1
WHERE account_id = $1 AND id = $2
"""
_WHERE_GIVEN = """
SELECT b.number FROM crm_equipment e JOIN billing_account b USING (account_id)
WHERE e.serial_key = upper(regexp_replace($1, '[^0-9A-Za-zА-Яа-яЁё]', '', 'g'))
    AND e.returned_on IS NULL
"""


class DeviceState(StrEnum):
    """What has become of a device."""

    WORKING = "working"
    FAULTY = "faulty"
    LOST = "lost"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device on an account; `owner` is rent, loan, instalments or subscriber."""

    kind: str
    owner: str
    given_on: date
    model: str = ""
    serial: str = ""
    mac: str = ""
    state: DeviceState = DeviceState.WORKING
    deposit: int = 0
    comment: str = ""


def check_mac(text: str) -> str:
    """Answer a MAC address as it is kept; raises Malformed.

    >>> check_mac("A0-B1-C2-00-11-22"), check_mac("a0b1.c200.1122")
    ('a0:b1:c2:00:11:22', 'a0:b1:c2:00:11:22')
    """
    if not text.strip():
        return ""
    digits = _MAC_PARTS.sub("", text).lower()
    if len(digits) != 12 or len(text.strip()) > 17:
        wrong = N_("“{given}” is not a MAC address: 12 digits 0–9, a–f are expected.")
        raise Malformed.of("mac", text, wrong, given=text)
    return ":".join(digits[place : place + 2] for place in range(0, 12, 2))


def check_device(given: Device) -> Device:
    """Check a device; the provider's own one must be told apart by its serial number."""
    if given.owner != "subscriber" and not given.serial.strip():
        wrong = N_("The provider's own device needs its serial number.")
        raise Malformed.of("serial", given.serial, wrong)
    if given.state is DeviceState.RETURNED:
        wrong = N_("A device comes back by “Take back”.")
        raise Malformed.of("state", given.state, wrong)
    texts = {name: getattr(given, name).strip() for name in ("model", "serial", "comment")}
    return replace(given, mac=check_mac(given.mac), **texts)


async def give_equipment(number: str, *, by: Actor, device: Device) -> int:
    """Put a device on an account. Raises SerialGivenOut, Malformed."""
    by.require("crm.equipment.edit")
    checked = check_device(device)
    async with unit_of_work(by) as work:
        account, made = await account_id(work.connection, number), new_id()
        await _written(work, _GIVE, account, made, checked)
        await work.audit(
            "crm:equipment:given",
            f"equipment:{made}",
            account_id=account,
            after=_codes(checked),
        )
    return made


async def change_equipment(
    number: str, made: int, *, by: Actor, seen: int | None, device: Device
) -> None:
    """Correct a device that is given out. Raises NotOnCard, ChangedMeanwhile, SerialGivenOut."""
    by.require("crm.equipment.edit")
    checked = check_device(device)
    async with unit_of_work(by) as work:
        account, row = await _locked(work, number, made, seen)
        await _written(work, _CHANGE, account, made, checked)
        await work.audit(
            "crm:equipment:changed",
            f"equipment:{made}",
            account_id=account,
            before={name: row[name] for name in _codes(checked)},
            after=_codes(checked) | {"fields": changed_fields(row, asdict(checked))},
        )


async def return_equipment(
    number: str, made: int, *, by: Actor, on: date, comment: str = ""
) -> None:
    """Take a device back; its serial number may be given out again."""
    by.require("crm.equipment.edit")
    async with unit_of_work(by) as work:
        account, row = await _locked(work, number, made, None)
        if row["returned_on"] is not None:
            back = N_("It came back on {day} already.")
            raise Malformed.of("on", on, back, day=row["returned_on"])
        if on < row["given_on"]:
            early = N_("It was given out on {day}: it cannot come back before.")
            raise Malformed.of("on", on, early, day=row["given_on"])
        told = "\n".join(part for part in (row["comment"], comment.strip()) if part)
        await work.connection.execute(_RETURN, account, made, on, told)
        await work.audit(
            "crm:equipment:returned",
            f"equipment:{made}",
            account_id=account,
            after={"on": on, "deposit": row["deposit"], "was": row["state"]},
        )


async def _written(
    work: UnitOfWork, statement: str, account: int, made: int, device: Device
) -> None:
    values = (
        device.kind, device.model, device.serial, device.mac, device.owner, device.given_on,
        device.state, device.deposit, device.comment,
    )  # fmt: skip
    try:
        async with transaction() as connection:
            await connection.execute(statement, account, made, *values)
    except asyncpg.UniqueViolationError:
        holder = await work.connection.fetchval(_WHERE_GIVEN, device.serial)
        known = holder and await is_reached(holder, by=work.by)
        raise SerialGivenOut(device.serial, holder if known else "—") from None


async def _locked(
    work: UnitOfWork, number: str, made: int, seen: int | None
) -> tuple[int, dict[str, Any]]:
    account = await account_id(work.connection, number)
    subject = f"equipment:{made}"
    row = await locked(work.connection, _OF, (account, made), subject=subject, seen=seen)
    return account, row


def _codes(device: Device) -> dict[str, Any]:
    names = ("kind", "owner", "given_on", "state", "deposit")
    return {name: getattr(device, name) for name in names}
