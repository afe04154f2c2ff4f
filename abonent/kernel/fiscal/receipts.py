"""What a fiscal receipt says, and its document as a cloud cash register takes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson

from abonent.kernel.money import plain_amount
from abonent.kernel.requisites import Requisites

ADVANCE = "advance"
_OBJECTS: dict[str, dict[bool, str | int]] = {
    "v4": {True: "payment", False: "service"},
    "v5": {True: 10, False: 4},
}
"""The subject of a settlement by version and by whether it is an advance (tag 1212)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiscalReceipt:
    """One receipt of one sum.

    `kind` is "sell" or "sell_refund", `at` an instant in the company's time zone, `contact` an
    e-mail or a phone of the buyer ("" where none is known).
    """

    external_id: str
    kind: str
    at: datetime
    company: Requisites
    contact: str
    name: str
    amount: int
    method: str
    vat: str
    payment_type: int
    place: str
    callback: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a receipt: `marks` when it is made out, `error` when it failed, else waits."""

    marks: dict[str, Any] | None = None
    error: str | None = None


class CashRegister(Protocol):
    """Something that makes receipts out."""

    async def send(self, receipt: FiscalReceipt) -> str:
        """Hand a receipt over and answer its name there; the same one twice is made out once.

        Raises UndeliverableError when it can never be taken, anything else to try again.
        """

    async def report(self, uuid: str) -> Report:
        """Answer what became of a receipt."""


class _Installed:
    """Tells whether this process gives fiscal receipts."""

    on = False


def use_fiscal(*, on: bool) -> None:
    """Set whether fiscal receipts are given; called once, when the database is opened."""
    _Installed.on = on


def gives_fiscal() -> bool:
    """Tell whether the installation gives fiscal receipts."""
    return _Installed.on


def document_of(receipt: FiscalReceipt, version: str) -> dict[str, Any]:
    """Answer the document of a receipt: v4 is format 1.05, v5 format 1.2.

    A receipt has one item and one payment: 560.50 of an advance paid in cash, say.
    """
    amount = _exact(receipt.amount)
    item: dict[str, Any] = {
        "name": receipt.name[:128],
        "price": amount,
        "quantity": 1,
        "sum": amount,
        "payment_method": receipt.method,
        "payment_object": _OBJECTS[version][receipt.method == ADVANCE],
        "vat": {"type": receipt.vat},
    }
    if version == "v5":
        item["measure"] = 0
    document: dict[str, Any] = {
        "external_id": receipt.external_id,
        "timestamp": receipt.at.strftime("%d.%m.%Y %H:%M:%S"),
        "receipt": {
            "client": _client(receipt),
            "company": {
                "email": receipt.company.email,
                "sno": receipt.company.tax_system,
                "inn": receipt.company.inn,
                "payment_address": receipt.place,
            },
            "items": [item],
            "payments": [{"type": receipt.payment_type, "sum": amount}],
            "total": amount,
        },
    }
    if receipt.callback:
        document["service"] = {"callback_url": receipt.callback}
    return document


def _client(receipt: FiscalReceipt) -> dict[str, str]:
    """The buyer's contact; where none is known, the seller's own mail box gets the receipt."""
    contact = receipt.contact or receipt.company.email
    return {"email": contact} if "@" in contact else {"phone": contact}


def _exact(amount: int) -> orjson.Fragment:
    """An amount as a JSON number, written from its digits and never through a float."""
    return orjson.Fragment(plain_amount(amount).encode())
