"""Judging a conversation by the card of quality, and judging anew after an appeal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.conversation_errors import NoSound
from abonent.crm.quality_form import quality_form
from abonent.crm.queries.conversations import Conversation, conversation_of
from abonent.crm.queries.quality import Card, quality_card
from abonent.crm.service.quality import judge, judge_anew
from abonent.kernel.errors import DomainError, NotFound
from abonent.kernel.i18n import N_
from abonent.web.errors import status_of
from abonent.web.forms import form_of, go_to
from abonent.web.pages.acting import ANSWERED_IN_PLACE, new_key, once, said
from abonent.web.pages.conversations import words
from abonent.web.render import page, signed_in

_TEMPLATE = "quality/judge.html"


@dataclass(frozen=True, slots=True)
class Place:
    """What is judged: the address of the form, where it leads back, whose talk is heard meanwhile."""

    action: str
    back: str
    conversation: int
    found: Conversation | Card
    title: str
    anew: bool


async def show_judging(request: Request) -> Response:
    """Show the empty card beside the player."""
    place = await _first(request)
    return await _shown(request, place, {"key": new_key()})


async def send_judging(request: Request) -> Response:
    """Keep the card."""
    place = await _first(request)
    by = signed_in(request).actor

    async def work(shares: Mapping[str, int | None], form: Mapping[str, str]) -> str:
        made = await judge(
            place.conversation, by=by, shares=shares, notes=_notes(form), note=form.get("note", "")
        )
        return f"/quality/cards/{made}?done=judged"

    return await _sent(request, place, work)


async def show_anew(request: Request) -> Response:
    """Show the card as it was judged, to be judged anew."""
    place, given = await _again(request)
    return await _shown(request, place, {"key": new_key(), **given})


async def send_anew(request: Request) -> Response:
    """Decide the appeal with new grades."""
    place, _given = await _again(request)
    card, by = request.path_params["card"], signed_in(request).actor

    async def work(shares: Mapping[str, int | None], form: Mapping[str, str]) -> str:
        await judge_anew(card, by=by, shares=shares, notes=_notes(form), note=form.get("note", ""))
        return f"/quality/cards/{card}?done=change"

    return await _sent(request, place, work)


async def _first(request: Request) -> Place:
    conversation = request.path_params["conversation"]
    found = await conversation_of(conversation, by=signed_in(request).actor)
    if found.state != "kept":
        raise NoSound(found.state)
    one = f"/conversations/{conversation}"
    title = N_("Judge the conversation")
    return Place(f"{one}/judge", one, conversation, found, title, anew=False)


async def _again(request: Request) -> tuple[Place, dict[str, str]]:
    card = await quality_card(request.path_params["card"], by=signed_in(request).actor)
    if card.state != "appealed":
        gone = N_("This card is not under appeal any more.")
        raise NotFound("NOT_FOUND", gone)
    given = {line: str(share) for line, share in card.shares.items()}
    given |= {f"{line}_note": text for line, text in card.notes.items()}
    one = f"/quality/cards/{card.id}"
    title = N_("Judge anew")
    place = Place(f"{one}/anew", one, card.conversation_id, card, title, anew=True)
    return place, given


def _notes(form: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removesuffix("_note"): text for name, text in form.items() if name.endswith("_note")
    }


async def _sent(request: Request, place: Place, work: Any) -> Response:
    form = await form_of(request)
    by = signed_in(request).actor
    lines = (await quality_form()).value.criterion
    shares = {line.code: _share(form.get(line.code, "")) for line in lines}
    asked = "\n".join(f"{name}={text}" for name, text in sorted(form.items()))
    try:
        done = await once(
            form.get("key", "")[:200],
            by=by,
            request=f"{request.url.path}\n{asked}",
            work=lambda: work(shares, form),
        )
    except ANSWERED_IN_PLACE as wrong:
        return await _shown(request, place, form, error=wrong)
    return go_to(request, done)


def _share(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 4 else None


async def _shown(
    request: Request,
    place: Place,
    given: Mapping[str, str],
    *,
    error: DomainError | None = None,
) -> Response:
    form = (await quality_form()).value
    fields = {"note": "note"}
    context = {
        "place": place,
        "found": place.found,
        "cw": words,
        "card": form,
        "given": given,
        "errors": {} if error is None else said(error, fields),
    }
    return page(request, _TEMPLATE, context, status=200 if error is None else status_of(error))
