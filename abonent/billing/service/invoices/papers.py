"""Printing documents: what is kept of them becomes the plain data of a printed form.

Figures, lines and parties come from what was kept at issue, never from what stands today, so a
document printed again says what it said the first time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from abonent.billing.invoice_errors import StillDraft
from abonent.billing.queries.invoices import (
    Document,
    document,
    documents,
    lines_of_document,
    parties_of,
)
from abonent.billing.rules.invoice_parties import Buyer
from abonent.billing.rules.invoices import Line, TaxLine, tax_lines
from abonent.billing.rules.periods import DAY
from abonent.kernel.actor import Actor
from abonent.kernel.db import transaction
from abonent.kernel.documents.printing import Printed, print_document, record_printed
from abonent.kernel.errors import Malformed, Refused
from abonent.kernel.i18n import N_, gettext
from abonent.kernel.money import format_money
from abonent.kernel.payment_qr import code_svg, payment_text
from abonent.kernel.requisites import Requisites

KINDS = {
    "invoice": N_("Invoice"),
    "act": N_("Act of services rendered"),
    "correction": N_("Correcting act"),
    "reconciliation": N_("Reconciliation statement"),
}
SLUGS = {
    "invoice": "invoice",
    "act": "act",
    "correction": "act",
    "reconciliation": "reconciliation",
}
"""Kind to the form it is printed on; a correction is an act that names the one it corrects."""

MOST_AT_ONCE = 300
"""The most documents in one file: more take a worker's memory."""

_SELLER = (
    "name", "full_name", "inn", "kpp", "ogrn", "address", "phone", "bank_name", "bic", "account",
    "corr_account", "head_name", "head_post",
)  # fmt: skip
_BUYER = ("name", "inn", "kpp", "address", "signatory", "signs_by", "contract", "signed_on")


@dataclass(frozen=True, slots=True)
class Paper:
    """A document as its form takes it."""

    found: Document
    seller: Requisites
    buyer: Buyer
    data: dict[str, Any]

    @property
    def to_pay(self) -> int:
        """What an invoice asks for, what is owed or paid ahead considered."""
        return to_pay_of(self.found)


def to_pay_of(found: Document) -> int:
    """What is to be paid by an invoice: what is owed at the end of its period; 0 for the others."""
    return max(0, found.closing or 0) if found.kind == "invoice" else 0


async def paper_of(document_id: int, *, by: Actor, language: str) -> Paper:
    """Make a document's paper. Raises DocumentNotFound, StillDraft."""
    found = await document(document_id, by=by)
    if found.state == "DRAFT":
        raise StillDraft
    seller, buyer = await parties_of(found, by=by)
    lines = await lines_of_document(found, by=by)
    data = _common(found, seller, buyer, language)
    if found.kind == "reconciliation":
        data |= _statement(found, lines, seller, buyer, language)
    else:
        data |= _services(found, lines, language)
    if found.kind == "invoice":
        data |= _payment(found, seller, buyer, language)
    return Paper(found, seller, buyer, data)


async def print_papers(
    ids: Sequence[int], *, by: Actor, language: str, content: Path | None
) -> Printed:
    """Print documents of one form into one PDF, each on a page of its own, and record that.

    Raises DocumentNotFound, StillDraft; Refused for too many and for kinds that share no form.
    """
    if len(ids) > MOST_AT_ONCE:
        many = N_("At most {most} documents go into one file: choose fewer.")
        raise Refused("TOO_MANY", many, most=MOST_AT_ONCE)
    known = await documents(list(ids), by=by)
    papers = [await paper_of(found.id, by=by, language=language) for found in known]
    slugs = {SLUGS[paper.found.kind] for paper in papers}
    if len(slugs) != 1:
        message = N_("Documents of one kind go into one file: choose a kind first.")
        raise Refused("SEVERAL_KINDS", message, field="kind", value=", ".join(sorted(slugs)))
    slug = slugs.pop()
    data = [paper.data for paper in papers]
    given: Any = data[0] if len(data) == 1 else data
    printed = await print_document(slug, given, content=content, language=language)
    async with transaction():
        for paper in papers:
            await record_printed(
                slug,
                by=by,
                subject=f"document:{paper.found.id}",
                hash=printed.hash,
                account_id=paper.found.account_id,
                language=language,
            )
    return printed


def file_name(found: Document) -> str:
    """The name a document's file has."""
    return f"{found.kind}-{found.no}-{found.day.isoformat()}.pdf"


def _common(found: Document, seller: Requisites, buyer: Buyer, language: str) -> dict[str, Any]:
    return {
        "heading": gettext(KINDS[found.kind], language),
        "number": str(found.no),
        "day": found.day,
        "first": found.period_from,
        "last": found.period_to - DAY,
        "account": found.account,
        "corrects": _corrects(found, language),
        "seller": {name: getattr(seller, name) or None for name in _SELLER},
        "buyer": {name: value or None for name, value in asdict(buyer).items() if name in _BUYER},
    }


def _corrects(found: Document, language: str) -> str | None:
    if found.corrects_no is None:
        return None
    text = N_("in place of no. {no} of {day}")
    if found.kind == "correction":
        text = N_("to act no. {no} of {day}")
    return gettext(text, language, no=found.corrects_no, day=found.corrects_day)


def _services(found: Document, lines: Sequence[Line], language: str) -> dict[str, Any]:
    shown = [line for line in lines if line.amount or line.tax]
    return {
        "total": found.amount,
        "words": found.amount,
        "rows": [_row(n, line, language) for n, line in enumerate(shown, 1)],
        "taxes": [_tax(tax, language) for tax in tax_lines(lines)],
    }


def _row(n: int, line: Line, language: str) -> dict[str, Any]:
    return {
        "n": n,
        "name": line.name,
        "first": line.starts_on,
        "last": line.ends_on - DAY,
        "days": line.days or None,
        "rate": _rate(line.tax_rate, language),
        "tax": line.tax if line.tax_rate else None,
        "amount": line.amount,
    }


def _tax(tax: TaxLine, language: str) -> dict[str, Any]:
    if not tax.rate:
        return {
            "name": gettext(
                N_("Without VAT: {amount}"), language, amount=format_money(tax.amount, language)
            ),
            "amount": None,
        }
    text = N_("Including VAT {rate}")
    return {
        "name": gettext(text, language, rate=_rate(tax.rate, language)),
        "amount": tax.tax,
    }


def _rate(rate: int, language: str) -> str:
    if not rate:
        return gettext(N_("no VAT"), language)
    whole, hundredths = divmod(rate, 100)
    mark = "," if language == "ru" else "."
    figures = f"{whole}{mark}{hundredths:02}".rstrip("0") if hundredths else str(whole)
    return f"{figures} %"


def _payment(found: Document, seller: Requisites, buyer: Buyer, language: str) -> dict[str, Any]:
    opening, closing = found.opening or 0, found.closing or 0
    to_pay = to_pay_of(found)
    purpose = gettext(
        N_("Payment by invoice {no} of {day}, account {account}"),
        language,
        no=found.no,
        day=found.day,
        account=found.account,
    )
    more = {"Purpose": purpose, "PersAcc": found.account, "PayerINN": buyer.inn}
    return {
        "opening": opening,
        "paid": opening + found.amount - closing,
        "to_pay": to_pay,
        "due": found.due_on,
        "qr": payment_picture(seller, amount=to_pay, more=more),
    }


def payment_picture(seller: Requisites, *, amount: int, more: dict[str, str]) -> str | None:
    """Draw the payment code, None where there is nothing to pay or the requisites do not allow it."""
    if amount <= 0 or not seller.can_be_paid:
        return None
    try:
        return code_svg(payment_text(seller, amount=amount, more=more))
    except Malformed:
        # A name with a sign that the format cannot hold: the paper goes without a code.
        return None


def _statement(
    found: Document, lines: Sequence[Line], seller: Requisites, buyer: Buyer, language: str
) -> dict[str, Any]:
    closing = found.closing or 0
    whose = N_("As of {day} neither side owes the other.")
    if closing > 0:
        whose = N_("As of {day} {buyer} owes {seller} {amount:money}.")
    elif closing < 0:
        whose = N_("As of {day} {seller} owes {buyer} {amount:money}.")
    named = {"buyer": buyer.name, "seller": seller.name, "amount": abs(closing)}
    stand = gettext(whose, language, day=found.period_to - DAY, **named)
    return {
        "opening": _side(found.opening or 0),
        "charged": sum(line.amount for line in lines if line.amount > 0),
        "paid": -sum(line.amount for line in lines if line.amount < 0),
        "closing": _side(closing),
        "stand": stand,
        "rows": [
            {
                "day": line.starts_on,
                "name": line.name,
                "charged": line.amount if line.amount > 0 else None,
                "paid": -line.amount if line.amount < 0 else None,
            }
            for line in lines
        ],
    }


def _side(owed: int) -> dict[str, int | None]:
    """A balance in the column of debit while the company owes, in that of credit when paid ahead."""
    return {"owed": owed if owed >= 0 else None, "ahead": -owed if owed < 0 else None}
