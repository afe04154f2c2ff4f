"""What a file from outside says, piece by piece: money that came in, and everything else by name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from abonent.kernel.i18n import N_, gettext

LONGEST_ID = 128
"""Characters of a payment's number; a longer one is known by its digest."""


class Wrong(StrEnum):
    """A kind of trouble in a file; those in `STOPS` mean that the file as a whole cannot be believed."""

    NOT_THIS_FORMAT = "not_this_format"
    ANOTHER_BANK_ACCOUNT = "another_bank_account"
    CUT_OFF = "cut_off"
    BALANCES_DIFFER = "balances_differ"
    TOTALS_DIFFER = "totals_differ"
    BAD_AMOUNT = "bad_amount"
    BAD_DATE = "bad_date"
    OUTSIDE_PERIOD = "outside_period"
    FOREIGN_CURRENCY = "foreign_currency"
    FIELD_MISSING = "field_missing"
    TWICE = "twice"
    NOT_BOOKED = "not_booked"
    BATCH_WITHOUT_PARTS = "batch_without_parts"
    DAY_NOT_OPEN = "day_not_open"


STOPS = frozenset(
    {
        Wrong.NOT_THIS_FORMAT,
        Wrong.ANOTHER_BANK_ACCOUNT,
        Wrong.CUT_OFF,
        Wrong.BALANCES_DIFFER,
        Wrong.TOTALS_DIFFER,
    }
)

_SAID: dict[Wrong, str] = {
    Wrong.NOT_THIS_FORMAT: N_("This is not a file of the format {format}: {problem}"),
    Wrong.ANOTHER_BANK_ACCOUNT: N_(
        "The file is about bank account {value}; the agreement names {expected}."
    ),
    Wrong.CUT_OFF: N_("The file is cut off: {expected} does not come."),
    Wrong.BALANCES_DIFFER: N_(
        "The balances do not add up: {opening:money} + {came:money} − {went:money} is not"
        " {closing:money}."
    ),
    Wrong.TOTALS_DIFFER: N_("The total says {value:money}, the payments come to {counted:money}."),
    Wrong.BAD_AMOUNT: N_("Not an amount: {value}."),
    Wrong.BAD_DATE: N_("Not a date: {value}."),
    Wrong.OUTSIDE_PERIOD: N_("{value} lies outside the days of the file, {first} to {last}."),
    Wrong.FOREIGN_CURRENCY: N_("The currency is {value}; the accounts are kept in {expected}."),
    Wrong.FIELD_MISSING: N_("The field {name} is missing."),
    Wrong.TWICE: N_("The payment with this number stands in the file twice: {value}."),
    Wrong.NOT_BOOKED: N_("The bank has not carried this payment out yet: {value}."),
    Wrong.BATCH_WITHOUT_PARTS: N_("One sum for several payments, without the amount of each."),
    Wrong.DAY_NOT_OPEN: N_("{value} lies after the open day, {day}. Take the file again then."),
}


@dataclass(frozen=True, slots=True)
class Incoming:
    """Money that came in. `place` is the line of the file; `account` what the file's own column says.

    `external_id` is the bank's own number of the payment, or one made from what tells it from others;
    of equal ones in a file the second has `ordinal` 2.
    """

    place: int
    external_id: str
    amount: int
    paid_on: date
    payer: str = ""
    payer_account: str = ""
    payer_tax_id: str = ""
    purpose: str = ""
    account: str = ""
    ordinal: int = 1


class OtherKind(StrEnum):
    """Money of a file that is no payment to a subscriber's account."""

    OUTGOING = "outgoing"
    OWN_TRANSFER = "own_transfer"
    NOT_OURS = "not_ours"
    GIVEN_BACK_TO_US = "given_back_to_us"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class Other:
    """Such money; `reference` names the payment that the bank took back."""

    place: int
    kind: OtherKind
    amount: int
    day: date
    reference: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong at a place of a file; place 0 is the file as a whole."""

    place: int
    wrong: Wrong
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def stops(self) -> bool:
        """Tell whether the file cannot be taken at all."""
        return self.wrong in STOPS

    def text(self, language: str | None = None) -> str:
        """Say it in a language (default: the current one)."""
        return gettext(_SAID[self.wrong], language, **self.params)


Piece = Incoming | Other | Trouble
"""What a reader of files gives out, in the order of the file."""


def known_by(*parts: object) -> str:
    """The number of a payment made from what tells it from others: "104/2026-11-21/4081.../55000"."""
    text = "/".join(str(part) for part in parts)
    clean = text.strip()
    if not clean.isprintable():
        clean = "".join(sign if sign.isprintable() else " " for sign in clean)
    if len(clean) <= LONGEST_ID:
        return clean
    return hashlib.sha256(text.encode()).hexdigest()
