"""Taking a payment: what it would do, and taking it once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.cash_errors import TooLittleGiven
from abonent.billing.errors import PaymentDiffers
from abonent.billing.queries.cash.shifts import Shift, own_shift
from abonent.billing.queries.past import (
    PastPayment,
    last_entry_today,
    payment_known,
    payments_after,
    same_payment,
)
from abonent.billing.service.books import holding
from abonent.billing.service.cash.taking import must_have_shift, take_at_desk
from abonent.billing.service.payments import LARGEST_PAYMENT
from abonent.billing.service.previews import preview_payment
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Conflict, DomainError, Malformed
from abonent.kernel.i18n import N_, current_language
from abonent.kernel.idempotency import LONGEST_KEY
from abonent.kernel.money import format_money
from abonent.web.forms import form_of, go_to
from abonent.web.pages.accounts import card_of, words
from abonent.web.pages.acting import (
    ANSWERED_IN_PLACE,
    amount_in,
    answer,
    carries_out,
    new_key,
    said,
)
from abonent.web.queries import name_of
from abonent.web.render import signed_in
from abonent.web.words import SOURCES

SLIP = timedelta(seconds=60)
"""Two equal payments within this time are asked about."""

_TEMPLATE = "act_payment.html"


@dataclass(frozen=True, slots=True)
class Known:
    """A payment that came before, with the name of who took it."""

    payment: PastPayment
    by: str | None


async def show_payment(request: Request) -> Response:
    """Show the form with what is needed next, and what taking it would do."""
    by, number = signed_in(request).actor, request.path_params["number"]
    card = await card_of(number, by=by)
    suggested = _typed(card.asked) if card.asked else ""
    seen = str(await last_entry_today(number, by=by))
    form = {"amount": suggested, "source": "cash", "key": new_key(), "seen": seen}
    preview = await preview_payment(number, by=by, amount=card.asked) if card.asked else None
    context = await _context(card.view.number, form, by)
    context |= {"card": card, "preview": preview}
    return answer(request, _TEMPLATE, context, error=None)


def _typed(amount: int) -> str:
    """An amount as people of the language type it."""
    return format_money(amount, current_language(), currency=False)


async def _context(number: str, form: Mapping[str, str], by: Actor) -> dict[str, Any]:
    """What the template shows; `shift` is the drawer that cash would go into."""
    empty: dict[str, Any] = {
        "errors": {}, "twin": None, "known": None, "meanwhile": [], "preview": None
    }  # fmt: skip
    shift: Shift | None = await own_shift(by=by)
    desk = {
        "shift": shift,
        "no_shift": shift is None and await must_have_shift(by),
        "change": None,
    }
    return empty | desk | {"number": number, "given": form, "sources": SOURCES} | words()


async def pay(request: Request) -> Response:
    """Take the payment, or show what it would do; what is wrong comes back beside its field."""
    by, number = signed_in(request).actor, request.path_params["number"]
    form = await form_of(request)
    context = await _context(number, form, by)
    error: DomainError | None = None
    try:
        amount = amount_in(form, "amount", largest=LARGEST_PAYMENT)
        given = _given(form)
        context["change"] = None if given is None else given - amount
        if carries_out(form):
            async with holding(number, by=by):
                _check(form, await _look(context, form, amount, by))
                _check_told(form, context["meanwhile"])
                done = await take_at_desk(
                    number,
                    by=by,
                    amount=amount,
                    source=form["source"],
                    external_id=form["key"],
                    given=given,
                )
            return go_to(request, f"/accounts/{number}?done=payment:{done.taken.entry_no}")
        await _look(context, form, amount, by)
        context["preview"] = await preview_payment(number, by=by, amount=amount)
        if given is not None and given < amount:
            raise TooLittleGiven(given, amount)
    except ANSWERED_IN_PLACE as wrong:
        error = wrong
        context["errors"] = said(wrong, {name: name for name in ("amount", "source", "given")})
        if isinstance(wrong, PaymentDiffers):
            context |= await _sent_before(by, form)
    context["card"] = await card_of(number, by=by)
    return answer(request, _TEMPLATE, context, error=error)


def _given(form: Mapping[str, str]) -> int | None:
    """The banknote the change is reckoned from; only cash has one."""
    if form.get("source") != "cash" or not form.get("given", "").strip():
        return None
    return amount_in(form, "given", largest=LARGEST_PAYMENT)


def _check(form: Mapping[str, str], twin: Known | None) -> None:
    if form.get("source") not in SOURCES:
        raise Malformed.of("source", form.get("source"), N_("Choose where the money came from."))
    if not 0 < len(form.get("key", "")) <= LONGEST_KEY:
        raise Malformed.of("amount", "", N_("Open the form again: it has lost its key."))
    if twin is not None and form.get("again") != "on":
        raise Malformed.of("again", "", N_("Say that it is another payment, or close the form."))


async def _look(
    context: dict[str, Any], form: Mapping[str, str], amount: int, by: Actor
) -> Known | None:
    """Put what came meanwhile beside the form; return the payment just like it, if there is one."""
    number = context["number"]
    context["twin"] = twin = await _twin(number, by, form, amount)
    context["meanwhile"] = await _meanwhile(number, by, form, twin)
    return twin


async def _twin(number: str, by: Actor, form: Mapping[str, str], amount: int) -> Known | None:
    """The payment just like this one that came a moment ago, unless this very form brought it."""
    since: datetime = clock.now() - SLIP
    found = await same_payment(number, by=by, amount=amount, since=since)
    if found is None:
        return None
    own = await payment_known(form.get("source", ""), form.get("key", ""), by=by)
    if own is not None and own.no == found.no:
        return None
    return Known(found, await name_of(found.actor))


async def _meanwhile(
    number: str, by: Actor, form: Mapping[str, str], twin: Known | None
) -> list[Known]:
    """The payments that came while the form stood open, but for the one just like it.

    None for a form that has brought its own: it is only told what came of it.
    """
    seen = _entry_in(form, "seen")
    came = [] if seen is None else await payments_after(number, seen, by=by)
    if not came or await payment_known(form.get("source", ""), form.get("key", ""), by=by):
        return []
    told = twin.payment.no if twin else 0
    return [Known(one, await name_of(one.actor)) for one in came if one.no != told]


def _entry_in(form: Mapping[str, str], name: str) -> int | None:
    text = form.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _check_told(form: Mapping[str, str], meanwhile: list[Known]) -> None:
    """What came while the form stood open is shown before the form adds to it."""
    if meanwhile and meanwhile[0].payment.no > (_entry_in(form, "told") or 0):
        raise Conflict("PAID_MEANWHILE", _MEANWHILE)


_MEANWHILE = N_("Meanwhile money has come to this account. Nothing is taken yet: look and decide.")


async def _sent_before(by: Actor, form: Mapping[str, str]) -> dict[str, Any]:
    """What this form brought before; a new key lets what it says now be taken too."""
    known = await payment_known(form["source"], form["key"], by=by)
    if known is None:
        return {}
    renewed = {**form, "key": new_key()}
    return {"known": Known(known, await name_of(known.actor)), "errors": {}, "given": renewed}
