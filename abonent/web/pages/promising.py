"""Giving a promised payment: the offers with their terms or the rule that refuses, and giving one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.rules.promises import Terms
from abonent.billing.service.previews import preview_promise
from abonent.billing.service.promises import Offered, give_promise, offers
from abonent.kernel.actor import Actor
from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import N_
from abonent.web.forms import form_of, go_to
from abonent.web.identifying import asked_of, stand_before
from abonent.web.pages.accounts import Card, card_of, words
from abonent.web.pages.acting import (
    ANSWERED_IN_PLACE,
    amount_in,
    answer,
    carries_out,
    new_key,
    number_in,
    once,
    said,
)
from abonent.web.render import signed_in

BY_HAND = "-"
_TEMPLATE = "act_promise.html"
_LONGEST_DAYS = 366
_FIELDS = {"offer": "offer", "amount": "amount", "days": "days"}


async def show_promise(request: Request) -> Response:
    """Show the offers; the first possible one is chosen."""
    by, number = signed_in(request).actor, request.path_params["number"]
    known = await _offers(number, by)
    first = next((o.offer.code for o in known if o.terms), "")
    form = {"offer": first, "key": new_key(), "amount": "", "days": ""}
    return await _shown(request, known, form=form)


async def _offers(number: str, by: Actor) -> list[Offered]:
    """The offers, possible ones first and among them the cheapest for the subscriber."""

    def order(offered: Offered) -> tuple[bool, int, int]:
        terms = offered.terms
        return terms is None, terms.fee if terms else 0, terms.amount if terms else 0

    return sorted(await offers(number, by=by), key=order)


async def _shown(
    request: Request,
    known: list[Offered],
    *,
    form: Mapping[str, str],
    error: DomainError | None = None,
) -> Response:
    by, number = signed_in(request).actor, request.path_params["number"]
    card = await card_of(number, by=by)
    context: dict[str, Any] = {"number": number, "card": card, "given": form, "preview": None}
    context |= {
        "offers": known,
        "by_hand": BY_HAND,
        "overrides": by.may("billing.promise.override"),
        "who_asks": await asked_of(request, _action(form)),
    }
    context["errors"] = {} if error is None else said(error, _FIELDS)
    if error is None:
        try:
            terms = _terms(card, known, form)
            if terms is not None:
                context["terms"] = terms
                context["preview"] = await preview_promise(number, by=by, terms=terms)
        except ANSWERED_IN_PLACE as wrong:
            error, context["errors"] = wrong, said(wrong, _FIELDS)
    return answer(request, _TEMPLATE, context | words(), error=error)


def _terms(card: Card, known: list[Offered], form: Mapping[str, str]) -> Terms | None:
    """The terms that the form asks for, None while nothing is chosen."""
    if form.get("offer") == BY_HAND:
        if not form.get("amount") and not form.get("days"):
            return None
        amount, days = (
            amount_in(form, "amount"),
            number_in(form, "days", least=1, most=_LONGEST_DAYS),
        )
        return Terms(amount, card.view.day.fromordinal(card.view.day.toordinal() + days), 0)
    return next((o.terms for o in known if o.offer.code == form.get("offer")), None)


async def promise(request: Request) -> Response:
    """Give the promised payment, or show what it would do."""
    by, number = signed_in(request).actor, request.path_params["number"]
    form = await form_of(request)
    known = await _offers(number, by)
    error: DomainError | None = None
    if carries_out(form):
        try:
            await _give(request, form)
            return go_to(request, f"/accounts/{number}?done=promise")
        except ANSWERED_IN_PLACE as wrong:
            error = wrong
    return await _shown(request, known, form=form, error=error)


def _action(form: Mapping[str, str]) -> str:
    return "promise-special" if form.get("offer") == BY_HAND else "promise"


async def _give(request: Request, form: Mapping[str, str]) -> None:
    by, number = signed_in(request).actor, request.path_params["number"]
    chosen = form.get("offer", "")
    if not chosen:
        raise Malformed.of("offer", "", N_("Choose an offer."))
    amount = days = None
    if chosen == BY_HAND:
        amount = amount_in(form, "amount")
        days = number_in(form, "days", least=1, most=_LONGEST_DAYS)
    offer = None if chosen == BY_HAND else chosen

    async def work() -> str:
        await stand_before(request, _action(form), form)
        _loaded, made = await give_promise(number, by=by, offer=offer, amount=amount, days=days)
        return str(made.no)

    asked = f"promise {number} {chosen} {amount} {days}"
    await once(form.get("key", ""), by=by, request=asked, work=work)
