"""What the papers of a cash desk say: plain data for the printed documents and their twins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from abonent.billing.queries.cash.desks import Denomination
from abonent.billing.queries.cash.receipts import Receipt
from abonent.billing.queries.cash.shifts import Shift
from abonent.billing.rules.cash import CASH, Taking, joined
from abonent.crm.queries import Face
from abonent.kernel.i18n import _, current_language
from abonent.kernel.money import format_money
from abonent.kernel.requisites import Requisites
from abonent.web.pages.cash.words import MOVES, SHIFT_STATES, kind_word
from abonent.web.words import address_of


def receipt_paper(
    receipt: Receipt, company: Requisites, face: Face | None, *, fiscal: str | None = None
) -> dict[str, Any]:
    """Return the data of the document "receipt"."""
    void = receipt.kind == "void"
    return {
        "heading": _("Receipt of a refund") if void else _("Receipt"),
        "number": receipt.number,
        "at": receipt.at,
        "office": receipt.office,
        "office_address": receipt.address or None,
        "desk": receipt.desk_name,
        "account": receipt.account,
        "payer": face.name if face else None,
        "place": address_of(face.street, face.house, face.flat) or None if face else None,
        "purpose": _("The payment is taken back") if void else _("Payment for telecom services"),
        "source": kind_word(receipt.source),
        "amount": receipt.amount,
        "words": receipt.amount,
        "given": receipt.given,
        "change": receipt.change,
        "balance": receipt.balance,
        "through": None if void else receipt.through,
        "cashier": receipt.cashier,
        "corrects": receipt.corrected,
        "reason": receipt.reason or None,
        "fiscal": fiscal,
        "company": {
            "name": company.name,
            "inn": company.inn or None,
            "address": company.address or None,
            "phone": company.phone or None,
        },
    }


def shift_paper(
    shift: Shift, company: Requisites, pieces: Sequence[Denomination], *, later: str, at: datetime
) -> dict[str, Any]:
    """Return the data of the document "shift_report": of a closed shift, or as it stands now."""
    closed = shift.closed_at is not None
    return {
        "heading": _("Report of a closed shift") if closed else _("Report of an open shift"),
        "number": shift.number,
        "office": shift.office_name,
        "desk": shift.desk_name,
        "cashier": shift.cashier_name,
        "day": shift.day,
        "opened": shift.opened_at,
        "closed": shift.closed_at,
        "printed": at,
        "receipts": _range(shift),
        "float": shift.float_money,
        "expected": shift.should if shift.expected is None else shift.expected,
        "counted": shift.counted_sum,
        "difference": shift.difference,
        "explanation": shift.explanation or None,
        "left": shift.left_money,
        "voided_later": later or None,
        "kinds": kinds_paper(shift.takings),
        "moves": _moves(shift),
        "pieces": _pieces(shift, pieces),
        "company": {"name": company.name, "inn": company.inn or None},
    }


def _range(shift: Shift) -> str | None:
    if shift.first is None:
        return None
    return _("{first} to {last}", first=shift.first, last=shift.last)


def _moves(shift: Shift) -> list[dict[str, Any]]:
    rows = [
        {"at": m.at, "name": _(MOVES[m.kind]), "amount": m.signed, "reason": m.reason}
        for m in shift.moves
    ]
    if shift.handed_in:
        rows.append(
            {
                "at": shift.closed_at,
                "name": _(MOVES["out"]),
                "amount": -shift.handed_in,
                "reason": _("At the closing of the shift"),
            }
        )
    return rows


def _pieces(shift: Shift, known: Sequence[Denomination]) -> list[dict[str, Any]]:
    listed = [one.value for one in known] or sorted(shift.counted, reverse=True)
    return [
        {"name": piece_name(value), "pieces": shift.counted[value], "amount": amount}
        for value in listed
        if (amount := value * shift.counted.get(value, 0))
    ]


def piece_name(value: int) -> str:
    """Return what a note or coin is called by its value: "5 000,00" without empty kopecks."""
    text = format_money(value, current_language(), currency=False)
    return text.removesuffix(",00").removesuffix(".00")


def kinds_paper(takings: Sequence[Taking]) -> list[dict[str, Any]]:
    """Return takings by kind, with their total when there is more than one kind."""
    rows = [_kind(kind_word(t.source), t) for t in takings]
    if len(takings) > 1:
        whole = [sum(numbers) for numbers in zip(*map(_figures, takings), strict=True)]
        rows.append(_kind(_("In all"), Taking("", *whole)))
    return rows


def _figures(taking: Taking) -> tuple[int, int, int, int]:
    return taking.count, taking.amount, taking.voids, taking.voided


def _kind(name: str, taking: Taking) -> dict[str, Any]:
    return {
        "name": name,
        "count": taking.count,
        "amount": taking.amount,
        "voids": taking.voids,
        "voided": taking.voided,
        "total": taking.total,
    }


def day_paper(
    shifts: Sequence[Shift], company: Requisites, *, office: str, day: date, at: datetime
) -> dict[str, Any]:
    """Return the data of the document "cash_day"."""
    return {
        "office": office or _("All offices"),
        "day": day,
        "printed": at,
        "kinds": kinds_paper(day_takings(shifts)),
        "shifts": [_day_row(shift) for shift in shifts],
        "company": {"name": company.name, "inn": company.inn or None},
    }


def day_takings(shifts: Sequence[Shift]) -> list[Taking]:
    """Return what came in on a day over all its shifts, by kind."""
    return joined(taking for shift in shifts for taking in shift.takings)


def _day_row(shift: Shift) -> dict[str, Any]:
    cash = sum(t.total for t in shift.takings if t.source == CASH)
    return {
        "number": shift.number,
        "cashier": shift.cashier_name,
        "state": _(SHIFT_STATES[shift.state][0]),
        "cash": cash,
        "other": sum(t.total for t in shift.takings) - cash,
        "voids": sum(t.voids for t in shift.takings),
        "difference": shift.difference,
        "explanation": shift.explanation or None,
    }
