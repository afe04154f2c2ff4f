"""A receipt on the screen, on paper, and voided."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.cash.receipts import Receipt, receipt
from abonent.billing.queries.cash.shifts import own_shift
from abonent.billing.queries.entities import legal_entity_of
from abonent.billing.service.cash.taking import void_receipt
from abonent.crm.queries import face_of
from abonent.kernel.actor import Actor
from abonent.kernel.documents.printing import print_document, record_printed, shown_document
from abonent.kernel.i18n import N_, _
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.files import pdf_answer
from abonent.web.pages.cash.fiscal import fiscal_line
from abonent.web.pages.cash.papers import receipt_paper
from abonent.web.render import desk_of, page, signed_in, written_money

_ONE = "/cash/receipts/{desk:int}/{no:int}"


async def show_receipt(request: Request) -> Response:
    """Show a receipt as its paper says it; F9 prints it on the printer of the desk."""
    by = signed_in(request).actor
    found = await _receipt(request, by)
    content = desk_of(request).settings.content
    shown = await shown_document("receipt", await _paper(found, by), content=content)
    shift = await own_shift(by=by)
    context = {
        "receipt": found,
        "shown": shown,
        "now": request.query_params.get("print") == "1",
        "voids": _may_void(found, by, shift.id if shift else None),
    }
    return page(request, "cash/receipt.html", context)


def _may_void(found: Receipt, by: Actor, shift: int | None) -> bool:
    if found.kind != "payment" or found.voided_by or not by.may("billing.payment.reverse"):
        return False
    return found.shift_id == shift or by.may("billing.payment.reverse_closed")


async def print_receipt(request: Request) -> Response:
    """Answer a receipt as a PDF."""
    by = signed_in(request).actor
    found = await _receipt(request, by)
    content = desk_of(request).settings.content
    printed = await print_document("receipt", await _paper(found, by), content=content)
    await record_printed(
        "receipt",
        by=by,
        subject=f"receipt:{found.number}",
        hash=printed.hash,
        account_id=found.account_id,
    )
    return pdf_answer(f"receipt-{found.number}.pdf", printed.pdf)


async def _receipt(request: Request, by: Actor) -> Receipt:
    return await receipt(request.path_params["desk"], request.path_params["no"], by=by)


async def _paper(found: Receipt, by: Actor) -> dict[str, Any]:
    face = await face_of(found.account, by=by) if by.may("crm.subscriber.view") else None
    entity = await legal_entity_of(found.account, by=by)
    fiscal = await fiscal_line(found.account_id, found.entry_no, by=by)
    return receipt_paper(found, entity.requisites, face, fiscal=fiscal)


async def _void_opened(request: Request) -> Opened:
    by = signed_in(request).actor
    found = await _receipt(request, by)
    shift = await own_shift(by=by)
    inside = shift is not None and found.source == "cash"
    return Opened(
        back=f"/cash/receipts/{found.desk_id}/{found.no}",
        about=_(
            "Receipt {number}, account {account}, {amount}",
            number=found.number,
            account=found.account,
            amount=written_money(found.amount),
        ),
        context={"receipt": found, "inside": inside},
    )


async def _void(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    desk, no = request.path_params["desk"], request.path_params["no"]
    made = await void_receipt(desk, no, by=by, reason=values["reason"])
    return f"/cash/receipts/{made.desk_id}/{made.no}"


VOID = Dialog(
    path=f"{_ONE}/void",
    right="billing.payment.reverse",
    title=N_("Void the receipt"),
    commit=N_("Void"),
    fields=(
        Field(
            name="reason",
            label=N_("Reason"),
            kind=Kind.AREA,
            longest=300,
            hint=N_("It stands on the receipt of the refund and in the entry."),
        ),
    ),
    opened=_void_opened,
    do=_void,
    above="cash/voiding.html",
)
