"""Changing a service's tariff: what it could be, old and new side by side, and changing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.errors import NotEnoughFunds
from abonent.billing.rules.book import Service
from abonent.billing.service.previews import Choice, TariffChoices, tariff_choices
from abonent.billing.service.services import When, change_tariff, preview_tariff
from abonent.crm.queries import face_of
from abonent.kernel.actor import Actor
from abonent.kernel.audit import audit_trail
from abonent.kernel.errors import Conflict, DomainError, Malformed
from abonent.kernel.i18n import N_
from abonent.web.forms import form_of, go_to
from abonent.web.identifying import asked_of, stand_before
from abonent.web.pages.accounts import card_from, words
from abonent.web.pages.acting import (
    ANSWERED_IN_PLACE,
    answer,
    carries_out,
    day_in,
    new_key,
    once,
    said,
)
from abonent.web.queries import name_of
from abonent.web.render import signed_in

_TEMPLATE = "act_tariff.html"
_FIELDS = {"tariff": "tariff", "on": "day", "service": "service"}
_CHANGED = "billing:tariff:changed"
WHENS = {
    "asap": N_("As early as possible"),
    "next-period": N_("From the next period"),
    "day": N_("On a day"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody's change of the tariff since the form was opened."""

    at: datetime
    by: str | None
    tariff: str
    on: date


async def show_tariff(request: Request) -> Response:
    """Show the tariffs that the service may have."""
    by, number = signed_in(request).actor, request.path_params["number"]
    found = await _choices(number, None, by)
    form = {"service": str(found.service.no), "tariff": "", "on": "asap", "day": ""}
    form |= {"key": new_key(), "seen": seen(found.service)}
    return await _shown(request, found, form=form)


async def _choices(number: str, no: int | None, by: Actor) -> TariffChoices:
    """The tariffs of the service, without those meant for subscribers of another kind."""
    found = await tariff_choices(number, no, by=by)
    face = await face_of(number, by=by) if by.may("crm.subscriber.view") else None
    if face is None:
        return found
    own = {term.tariff.code for term in found.service.terms}
    fit = [c for c in found.choices if c.code in own or c.audience in {None, face.kind}]
    return replace(found, choices=fit)


def seen(service: Service) -> str:
    """Return the tariffs that a service has and will have, as the form saw them."""
    return " ".join(f"{term.since}:{term.tariff.code}" for term in service.terms)


async def _shown(
    request: Request,
    found: TariffChoices,
    *,
    form: Mapping[str, str],
    error: DomainError | None = None,
    change: Change | None = None,
) -> Response:
    by, number = signed_in(request).actor, found.loaded.number
    old = next(c for c in found.choices if c.current)
    new = _chosen(found, form)
    context: dict[str, Any] = {"number": number, "found": found, "given": form, "old": old}
    context |= {"new": new, "whens": WHENS, "preview": None, "change": change}
    context["who_asks"] = await asked_of(request, "tariff")
    context["errors"] = {} if error is None else said(error, _FIELDS)
    if new is not None and (error is None or isinstance(error, NotEnoughFunds)):
        try:
            context["preview"] = await preview_tariff(
                number, found.service.no, by=by, tariff=new.code, on=_when(form)
            )
        except ANSWERED_IN_PLACE as wrong:
            error, context["errors"] = wrong, said(wrong, _FIELDS)
    living = [s for s in found.loaded.book.in_order() if s.ends_on > found.loaded.book.day]
    context |= {"services": living, "card": card_from(found.loaded, None)}
    context["planned"] = {
        term.tariff.code: term.since
        for term in found.service.terms
        if term.since > found.loaded.book.day
    }
    return answer(request, _TEMPLATE, context | words(), error=error)


def _chosen(found: TariffChoices, form: Mapping[str, str]) -> Choice | None:
    wanted = form.get("tariff", "")
    return next((c for c in found.choices if c.code == wanted and not c.current), None)


def _when(form: Mapping[str, str]) -> When:
    on = form.get("on", "asap")
    if on == "day":
        chosen: date = day_in(form, "day")
        return chosen
    return "next-period" if on == "next-period" else "asap"


async def change(request: Request) -> Response:
    """Change the tariff, or show what it would do."""
    by, number = signed_in(request).actor, request.path_params["number"]
    form = await form_of(request)
    no = form.get("service", "")
    found = await _choices(number, int(no) if no.isdecimal() and len(no) < 10 else None, by)
    if str(found.service.no) != form.get("was_service", no) or not form.get("seen"):
        form |= {"seen": seen(found.service), "tariff": ""}
    error: DomainError | None = None
    changed = None
    if carries_out(form):
        try:
            on = await _change(request, found, form)
            return go_to(request, f"/accounts/{number}?done=tariff:{on}")
        except Conflict as wrong:
            error, changed = wrong, await _who_changed(number, found.service)
            form |= {"seen": seen(found.service)}
        except ANSWERED_IN_PLACE as wrong:
            error = wrong
    return await _shown(request, found, form=form, error=error, change=changed)


async def _change(request: Request, found: TariffChoices, form: Mapping[str, str]) -> str:
    by, number = signed_in(request).actor, request.path_params["number"]
    current = found.service.term_on(found.loaded.book.day).tariff.code
    if form.get("tariff") in {None, "", current}:
        raise Malformed.of("tariff", "", N_("Choose a tariff."))
    if form.get("again") != "on" and form["seen"] != seen(found.service):
        already = seen(found.service).endswith(f":{form['tariff']}")
        if not already:
            raise Conflict("CHANGED", N_("The tariff was changed while this form was open."))
    on, anyway = _when(form), form.get("anyway") == "on"

    async def work() -> str:
        await stand_before(request, "tariff", form)
        _loaded, effective = await change_tariff(
            number, found.service.no, by=by, tariff=form["tariff"], on=on, anyway=anyway
        )
        return effective.isoformat()

    asked = f"tariff {number} {found.service.no} {form['tariff']} {on} {anyway}"
    return await once(form.get("key", ""), by=by, request=asked, work=work)


async def _who_changed(number: str, service: Service) -> Change | None:
    rows = await audit_trail(subject=f"{number}/{service.no}", limit=10)
    row = next((r for r in rows if r.action == _CHANGED), None)
    if row is None:
        return None
    by = await name_of(f"{row.actor_kind}:{row.actor_id}")
    return Change(row.at, by, row.after["tariff"], date.fromisoformat(row.after["on"]))
