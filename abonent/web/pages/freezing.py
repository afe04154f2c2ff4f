"""Freezing an account for some days, and ending a freeze earlier."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.accounts import look
from abonent.billing.rules.periods import DAY
from abonent.billing.service.freezes import end_freeze, freeze_account
from abonent.billing.service.previews import preview_freeze, preview_freeze_end
from abonent.kernel.actor import Actor
from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import N_
from abonent.web.forms import form_of, go_to
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
from abonent.web.render import signed_in

_FREEZE, _END = "act_freeze.html", "act_freeze_end.html"
_FIELDS = {"from": "from", "to": "to", "on": "on"}
_LONGEST_REASON = 200


async def show_freeze(request: Request) -> Response:
    """Show the form: from tomorrow for the shortest time that the policy allows."""
    number = request.path_params["number"]
    loaded = await look(number)
    start = loaded.book.day + DAY
    last = start + timedelta(max(loaded.catalogue.freezes.least_days, 1) - 1)
    form = {"from": start.isoformat(), "to": last.isoformat(), "reason": "", "key": new_key()}
    return await _shown(request, number, signed_in(request).actor, form, None)


async def _shown(
    request: Request, number: str, by: Actor, form: Mapping[str, str], error: DomainError | None
) -> Response:
    loaded = await look(number)
    context: dict[str, Any] = {"number": number, "given": form, "preview": None}
    context |= {"card": card_from(loaded, None), "policy": loaded.catalogue.freezes}
    context["errors"] = {} if error is None else said(error, _FIELDS)
    if error is None:
        try:
            start, last = _days(form)
            context["days"] = (last - start).days + 1
            context["preview"] = await preview_freeze(number, by=by, start=start, end=last + DAY)
        except ANSWERED_IN_PLACE as wrong:
            error, context["errors"] = wrong, said(wrong, _FIELDS)
    return answer(request, _FREEZE, context | words(), error=error)


def _days(form: Mapping[str, str]) -> tuple[Any, Any]:
    start, last = day_in(form, "from"), day_in(form, "to")
    if last < start:
        raise Malformed.of("to", last, N_("The last day lies before the first."))
    return start, last


async def freeze(request: Request) -> Response:
    """Set the freeze, or show what it would do."""
    by, number = signed_in(request).actor, request.path_params["number"]
    form = await form_of(request)
    error: DomainError | None = None
    if carries_out(form):
        try:
            await _freeze(number, by, form)
            return go_to(request, f"/accounts/{number}?done=freeze")
        except ANSWERED_IN_PLACE as wrong:
            error = wrong
    return await _shown(request, number, by, form, error)


async def _freeze(number: str, by: Actor, form: Mapping[str, str]) -> None:
    start, last = _days(form)
    reason = form.get("reason", "").strip()[:_LONGEST_REASON]

    async def work() -> str:
        _loaded, made = await freeze_account(
            number, by=by, start=start, end=last + DAY, reason=reason
        )
        return str(made.no)

    asked = f"freeze {number} {start} {last} {reason}"
    await once(form.get("key", ""), by=by, request=asked, work=work)


async def show_freeze_end(request: Request) -> Response:
    """Show the form: the account goes on tomorrow."""
    number, no = request.path_params["number"], request.path_params["no"]
    loaded = await look(number)
    form = {"on": (loaded.book.day + DAY).isoformat(), "key": new_key()}
    return await _end_shown(request, number, no, form, None)


async def _end_shown(
    request: Request, number: str, no: int, form: Mapping[str, str], error: DomainError | None
) -> Response:
    by = signed_in(request).actor
    context: dict[str, Any] = {"number": number, "no": no, "given": form, "preview": None}
    context["errors"] = {} if error is None else said(error, _FIELDS)
    if error is None:
        try:
            on = day_in(form, "on")
            context["preview"], context["goes_on"] = await preview_freeze_end(
                number, no, by=by, on=on
            )
        except ANSWERED_IN_PLACE as wrong:
            error, context["errors"] = wrong, said(wrong, _FIELDS)
    context["card"] = card_from(await look(number), None)
    return answer(request, _END, context | words(), error=error)


async def unfreeze(request: Request) -> Response:
    """End the freeze earlier, or show what it would do."""
    by, number = signed_in(request).actor, request.path_params["number"]
    no, form = request.path_params["no"], await form_of(request)
    error: DomainError | None = None
    if carries_out(form):
        try:
            await _end(number, no, by, form)
            return go_to(request, f"/accounts/{number}?done=freeze-end")
        except ANSWERED_IN_PLACE as wrong:
            error = wrong
    return await _end_shown(request, number, no, form, error)


async def _end(number: str, no: int, by: Actor, form: Mapping[str, str]) -> None:
    on = day_in(form, "on")

    async def work() -> str:
        _loaded, changed = await end_freeze(number, no, by=by, on=on)
        return changed.ends_on.isoformat()

    await once(form.get("key", ""), by=by, request=f"end {number} {no} {on}", work=work)
