"""Promised payment, tariff and freeze: chosen, looked at with its money, then carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.errors import NotEnoughFunds
from abonent.billing.queries.accounts import look
from abonent.billing.rules.periods import DAY
from abonent.billing.service.freezes import end_freeze, freeze_account
from abonent.billing.service.previews import (
    Choice,
    TariffChoices,
    preview_freeze,
    preview_freeze_end,
    preview_promise,
    tariff_choices,
)
from abonent.billing.service.promises import Offered, give_promise, offers
from abonent.billing.service.services import When, change_tariff, preview_tariff
from abonent.crm.queries import face_of
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Conflict, DomainError, Malformed
from abonent.kernel.i18n import N_
from abonent.web.pages.accounts import words
from abonent.web.pages.acting import ANSWERED_IN_PLACE, day_in
from abonent.web.pages.changing import seen
from abonent.web.portal.access import here, own
from abonent.web.portal.doing import act_page, carried_out

CHANNEL = "portal"
WHENS: dict[str, When] = {"asap": "asap", "next-period": "next-period"}


async def show_promise(request: Request) -> Response:
    """Show the offers, or what the chosen one would do."""
    return await _promise(request, request.query_params, None)


async def _promise(
    request: Request, given: Mapping[str, str], error: DomainError | None
) -> Response:
    number, by = own(request)
    every = await offers(number, by=by, channel=CHANNEL)
    known = sorted((o for o in every if not _meant_for_others(o)), key=_order)
    chosen = next((o for o in known if o.terms and o.offer.code == given.get("offer")), None)
    context: dict[str, Any] = {"offers": known, "chosen": chosen, "preview": None}
    if chosen is not None and chosen.terms is not None and error is None:
        try:
            context["preview"] = await preview_promise(number, by=by, terms=chosen.terms)
        except ANSWERED_IN_PLACE as wrong:
            error = wrong
    return act_page(request, "promise.html", context | words() | {"here": here(request)}, error)


def _meant_for_others(offered: Offered) -> bool:
    """Offers of the office, or of no one any more, are not told of."""
    return offered.refusal is not None and offered.refusal.code in {"OFF", "CHANNEL"}


def _order(offered: Offered) -> tuple[bool, int, int]:
    terms = offered.terms
    return terms is None, terms.fee if terms else 0, terms.amount if terms else 0


async def promise(request: Request) -> Response:
    """Give the promised payment."""
    return await carried_out(request, do=_give, show=_promise)


async def _give(request: Request, form: Mapping[str, str]) -> str:
    number, by = own(request)
    if not form.get("offer"):
        raise Malformed.of("offer", "", N_("Choose an offer."))
    await give_promise(number, by=by, offer=form["offer"], channel=CHANNEL)
    return f"{here(request)}?done=promise"


async def show_tariff(request: Request) -> Response:
    """Show the tariffs a service may have, or the old and the chosen one side by side."""
    return await _tariff(request, request.query_params, None)


async def _choices(number: str, given: Mapping[str, str], by: Actor) -> TariffChoices:
    """The tariffs of a service that are sold to such a subscriber, the one in force among them."""
    no = given.get("service", "")
    found = await tariff_choices(
        number, int(no) if no.isdecimal() and len(no) < 10 else None, by=by
    )
    face = await face_of(number, by=by)
    kind = face.kind if face else None
    fit = [c for c in found.choices if c.current or (c.sold and c.audience in {None, kind})]
    return replace(found, choices=fit)


def _chosen(found: TariffChoices, given: Mapping[str, str]) -> Choice | None:
    wanted = given.get("tariff", "")
    return next((c for c in found.choices if c.code == wanted and not c.current), None)


async def _tariff(
    request: Request, given: Mapping[str, str], error: DomainError | None
) -> Response:
    number, by = own(request)
    found = await _choices(number, given, by)
    new, on = _chosen(found, given), given.get("on", "asap")
    day = found.loaded.book.day
    context: dict[str, Any] = {
        "found": found,
        "new": new,
        "old": next(c for c in found.choices if c.current),
        "on": on if on in WHENS else "asap",
        "seen": seen(found.service),
        "living": [s for s in found.loaded.book.in_order() if s.ends_on > day],
        "preview": None,
        "day": day,
    }
    if new is not None and (error is None or isinstance(error, (NotEnoughFunds, Conflict))):
        try:
            context["preview"] = await preview_tariff(
                number, found.service.no, by=by, tariff=new.code, on=context["on"]
            )
        except ANSWERED_IN_PLACE as wrong:
            error = wrong
    return act_page(request, "tariff.html", context | words() | {"here": here(request)}, error)


async def tariff(request: Request) -> Response:
    """Change the tariff."""
    return await carried_out(request, do=_change, show=_tariff)


async def _change(request: Request, form: Mapping[str, str]) -> str:
    number, by = own(request)
    found = await _choices(number, form, by)
    new = _chosen(found, form)
    if new is None:
        raise Malformed.of("tariff", form.get("tariff", ""), N_("Choose a tariff."))
    if form.get("seen") != seen(found.service):
        raise Conflict("CHANGED", N_("The tariff was changed while this page was open."))
    on = form.get("on", "")
    if on not in WHENS:
        raise Malformed.of("on", on, N_("Choose one of those offered."))
    await change_tariff(number, found.service.no, by=by, tariff=new.code, on=WHENS[on])
    return f"{here(request)}?done=tariff"


async def show_freeze(request: Request) -> Response:
    """Ask for the days, or show what a freeze on them would do."""
    return await _freeze(request, request.query_params, None)


async def _freeze(
    request: Request, given: Mapping[str, str], error: DomainError | None
) -> Response:
    number, by = own(request)
    loaded = await look(number)
    policy, start = loaded.catalogue.freezes, loaded.book.day + DAY
    typed = {
        "from": given.get("from") or start.isoformat(),
        "to": given.get("to") or (start + timedelta(max(policy.least_days, 1) - 1)).isoformat(),
    }
    context: dict[str, Any] = {"given": typed, "policy": policy, "preview": None, "least": start}
    context["book"] = loaded.book
    if given.get("from") and error is None:
        try:
            first, last = _days(typed)
            context |= {"first": first, "last": last, "days": (last - first).days + 1}
            context["preview"] = await preview_freeze(number, by=by, start=first, end=last + DAY)
        except ANSWERED_IN_PLACE as wrong:
            error = wrong
    return act_page(request, "freeze.html", context | words() | {"here": here(request)}, error)


def _days(form: Mapping[str, str]) -> tuple[date, date]:
    first, last = day_in(form, "from"), day_in(form, "to")
    if last < first:
        raise Malformed.of("to", last, N_("The last day lies before the first."))
    return first, last


async def freeze(request: Request) -> Response:
    """Set the freeze."""
    return await carried_out(request, do=_set_freeze, show=_freeze)


async def _set_freeze(request: Request, form: Mapping[str, str]) -> str:
    number, by = own(request)
    first, last = _days(form)
    await freeze_account(number, by=by, start=first, end=last + DAY)
    return f"{here(request)}?done=freeze"


async def show_freeze_end(request: Request) -> Response:
    """Ask for the day services go on, and show what that would do."""
    return await _freeze_end(request, request.query_params, None)


async def _freeze_end(
    request: Request, given: Mapping[str, str], error: DomainError | None
) -> Response:
    number, by = own(request)
    no = request.path_params["no"]
    loaded = await look(number)
    context: dict[str, Any] = {"no": no, "least": loaded.book.day + DAY, "preview": None}
    context["given"] = {"on": given.get("on") or context["least"].isoformat()}
    if error is None:
        try:
            on = day_in(context["given"], "on")
            context["preview"], context["on"] = await preview_freeze_end(number, no, by=by, on=on)
        except ANSWERED_IN_PLACE as wrong:
            error = wrong
    return act_page(request, "freeze_end.html", context | words() | {"here": here(request)}, error)


async def freeze_end(request: Request) -> Response:
    """Let the freeze end on the day."""
    return await carried_out(request, do=_end_freeze, show=_freeze_end)


async def _end_freeze(request: Request, form: Mapping[str, str]) -> str:
    number, by = own(request)
    await end_freeze(number, request.path_params["no"], by=by, on=day_in(form, "on"))
    return f"{here(request)}?done=freeze-end"
