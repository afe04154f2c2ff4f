"""Paying: how much, the code for any bank's application, the card, the places to pay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.billing.queries.cash.desks import Office, offices
from abonent.billing.queries.entities import legal_entity_of
from abonent.billing.queries.outside.agreements import card_agreement_of
from abonent.billing.service.payments import LARGEST_PAYMENT
from abonent.kernel.actor import SYSTEM
from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import N_, gettext
from abonent.kernel.money import plain_amount
from abonent.kernel.payment_qr import code_png, code_svg, payment_text
from abonent.kernel.requisites import Requisites
from abonent.web.pages.accounts import card_of, words
from abonent.web.pages.acting import amount_in
from abonent.web.portal.access import here, own, portal_page
from abonent.web.portal.cards import ask_processor, begin_intent, intent_of
from abonent.web.portal.doing import act_page, carried_out
from abonent.web.render import desk_of, written_money

_PURPOSE = N_("Telecom services, account {number}")


async def show_pay(request: Request) -> Response:
    """Show the ways to pay the amount that is asked for, or that is needed next."""
    return await _pay(request, request.query_params, None)


async def _pay(request: Request, given: Mapping[str, str], error: DomainError | None) -> Response:
    number, by = own(request)
    card = await card_of(number, by=by)
    typed = given.get("amount", written_money(card.asked, currency=False) if card.asked else "")
    amount: int | None = None
    if typed and error is None:
        try:
            amount = amount_in({"amount": typed}, "amount", largest=LARGEST_PAYMENT)
        except Malformed as wrong:
            error = wrong
    payee = (await legal_entity_of(number, by=by)).requisites
    context: dict[str, Any] = {
        "card": card,
        "amount": amount,
        "typed": typed,
        "payee": payee,
        "code": _drawn(_code(payee, number, amount)) if amount else None,
        "by_card": await card_agreement_of(number, by=by),
        "offices": await _offices(),
        "plain": plain_amount,
        "here": here(request),
    }
    return act_page(request, "pay.html", context | words(), error)


async def _offices() -> list[Office]:
    """Where money is taken: nothing of it is secret."""
    return [office for office in await offices(by=SYSTEM) if office.active]


def _code(payee: Requisites, number: str, amount: int) -> str | None:
    """The text of the payment code; None where the provider's requisites do not suffice for one."""
    if not payee.can_be_paid:
        return None
    # Banks of Russia read it: the purpose is Russian whatever language the page has.
    purpose = gettext(_PURPOSE, "ru", number=number)
    try:
        return payment_text(payee, amount=amount, more={"Purpose": purpose, "PersAcc": number})
    except Malformed:
        return None


def _drawn(code: str | None) -> Markup | None:
    """The code as SVG that shrinks with a narrow telephone instead of being cut off."""
    if code is None:
        return None
    return Markup(code_svg(code, scale=4))  # noqa: S704  our own drawing, no text of anybody in it


async def show_code(request: Request) -> Response:
    """Answer the payment code as a picture: banks' applications read it from the gallery."""
    number, by = own(request)
    amount = amount_in(request.query_params, "amount", largest=LARGEST_PAYMENT)
    code = _code((await legal_entity_of(number, by=by)).requisites, number, amount)
    if code is None:
        raise HTTPException(404)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="{number}.png"',
    }
    return Response(code_png(code), media_type="image/png", headers=headers)


async def begin(request: Request) -> Response:
    """Begin a payment by card, and lead to its page."""
    return await carried_out(request, do=_begin, show=_pay)


async def _begin(request: Request, form: Mapping[str, str]) -> str:
    number, by = own(request)
    amount = amount_in(form, "amount", largest=LARGEST_PAYMENT)
    intent = await begin_intent(number, by=by, amount=amount)
    return f"{here(request)}/pay/{intent}"


async def show_intent(request: Request) -> Response:
    """Show how a payment by card stands; one not asked for yet is asked for now."""
    number, by = own(request)
    intent = await intent_of(number, request.path_params["intent"], by=by)
    if intent.state == "begun":
        await ask_processor(intent, back=_address(request), by=by)
        intent = await intent_of(number, intent.id, by=by)
    context = {"intent": intent, "here": here(request)}
    return portal_page(request, "payment.html", context)


async def ask_again(request: Request) -> Response:
    """Ask a processor that was silent once more, under the same key."""
    number, by = own(request)
    intent = await intent_of(number, request.path_params["intent"], by=by)
    if intent.state == "silent":
        await ask_processor(intent, back=_address(request), by=by)
    return RedirectResponse(request.url.path, 303)


def _address(request: Request) -> str:
    """The address of this page as the payer's browser knows it."""
    public = desk_of(request).settings.public_url
    return f"{public}{request.url.path}" if public else str(request.url.replace(query=""))
