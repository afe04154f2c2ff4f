"""A request on the desk: what was asked, who works on it, by when, and everything said and done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request as WebRequest
from starlette.responses import RedirectResponse, Response

from abonent.crm.queries.absences import away_now
from abonent.crm.queries.knowledge import VIEW, articles_on
from abonent.crm.queries.requests import (
    Line,
    Request,
    Whole,
    answered,
    requests_of,
    tone_of,
    whole_request,
)
from abonent.crm.queries.scripts import withdrawn_scripts
from abonent.crm.queries.surveys_seen import last_score
from abonent.crm.registers.requests import PRIORITIES, STATES
from abonent.crm.rules.requests import CHANNELS, REPLIES, REQUEST, TEAMS, WAITED_FOR, WAITED_WITHIN
from abonent.crm.rules.surveys import STANDINGS
from abonent.crm.service.knowledge import articles_shown
from abonent.crm.service.requests.working import LINKS, resume_request, take_to_work
from abonent.crm.topics import SUSPENDED, classifier
from abonent.kernel.i18n import N_, _
from abonent.kernel.texts import inside
from abonent.kernel.workflow import Moved
from abonent.web.pages.people.frame import card_page, number_of
from abonent.web.pages.requests.opened import cut_off_now
from abonent.web.render import page, signed_in

_DONE = {
    "taken": N_("The request is registered"),
    "joined": N_("It is added to the request that was open already"),
    "answer": N_("The answer is on its way, the request is ended"),
    "told": N_("The answer is written down, the request is ended"),
    "passed": N_("The task is passed on; the contact person stays"),
    "wait": N_("The request waits"),
    "classified": N_("The topic is set"),
    "note": N_("The note is kept"),
    "next": N_("What is next is set"),
    "dropped": N_("The request is dropped"),
    "reopened": N_("The request is taken up again"),
    "linked": N_("The link is set"),
    "named": N_("The account is named"),
}
CUT_OFF_ANSWER = "suspended-money"
"""The ready answer to whoever is cut off."""
_REASONS = WAITED_FOR | WAITED_WITHIN
_SAID_BY = REPLIES | {"chat": N_("In the chat")}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a request's time: what was said, or a move of its state."""

    at: datetime
    kind: str
    title: str
    text: str
    who: str


def words() -> dict[str, Any]:
    """The tables of words that the templates of requests use."""
    return {
        "channels": CHANNELS,
        "replies": REPLIES,
        "request_states": STATES,
        "teams": TEAMS,
        "priorities": PRIORITIES,
        "links": LINKS,
        "tone_of": tone_of,
    }


async def show_request(request: WebRequest) -> Response:
    """Show a request; ``done`` in the address says what was just done."""
    by = signed_in(request).actor
    whole = await whole_request(request.path_params["request"], by=by)
    found, topics = whole.request, await classifier()
    moves = {move.name for move in REQUEST.moves_from(found.state, by=by)}
    away = await away_now(found.owner) if found.open else None
    mine = {found.owner, away.stand_in if away else None}
    cut = await cut_off_now(found, by)
    # Of an account that is cut off the money is talked of first, whatever was asked.
    told_by = topics.of(SUSPENDED if cut else found.topic)
    shelf = await articles_shown() if by.may(VIEW) else {}
    articles = articles_on(told_by, shelf)
    scripts = [shelf[slug].value.script for slug, _title in articles if shelf[slug].value.script]
    gone = await withdrawn_scripts() if scripts else frozenset[str]()
    context = {
        "found": found,
        "topic": topics.of(found.topic),
        "cut": cut,
        "cut_answer": CUT_OFF_ANSWER,
        "articles": articles,
        "first_article": told_by.article,
        "script": next((one for one in scripts if one not in gone), ""),
        "events": events_of(whole),
        "joined": whole.joined,
        "files": whole.files,
        "moves": moves,
        "mine": by.kind == "user" and int(by.id) in mine,
        "away": away,
        "answered": answered(found),
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "requests/request.html", context | words())


def events_of(whole: Whole) -> list[Event]:
    """Everything said and done on a request, the first first."""
    found = whole.request
    first = Event(found.received_at, "asked", _(CHANNELS[found.channel]), found.text, _taker(found))
    lines = [Event(line.at, line.kind, _title(line), line.text, _who(line)) for line in whole.lines]
    moves = [_move(move) for move in whole.moves if move.name not in {"resolve", "classify"}]
    return [first, *sorted((*lines, *moves), key=lambda one: one.at)]


def _taker(found: Request) -> str:
    asked = found.who or found.subscriber or ""
    if not found.taker_name:
        return asked
    return _("{client}, taken in by {name}", client=asked or _("client"), name=found.taker_name)


def _who(line: Line) -> str:
    if line.kind == "asked" and not line.who:
        return _("client")
    return line.who or _("the program")


def _title(line: Line) -> str:
    if line.kind == "answer" and line.channel == "none":
        return _("The answer")
    if line.kind == "answer":
        return _("Answer: {way}", way=inside(_(_SAID_BY.get(line.channel, line.channel))))
    if line.kind == "asked":
        return _(CHANNELS.get(line.channel, N_("Client")))
    if line.kind == "passed":
        team = line.whom.removeprefix("team:")
        name = line.whom_name or (_(TEAMS[team]) if team in TEAMS else line.whom)
        return _("Passed to: {name}", name=name)
    return _("Note for colleagues")


def _is_clients(move: Moved) -> bool:
    return move.name == "rate" or move.by.startswith("subscriber:")


def _move(move: Moved) -> Event:
    label = _(REQUEST.told(move.name, move.became))
    label = label[:1].upper() + label[1:]
    reason = _(_REASONS[move.reason]) if move.reason in _REASONS else ""
    told = f"{label}: {reason}" if reason else label
    return Event(
        move.at,
        "move",
        told,
        move.note if move.name != "reopen" else "",
        move.who or (_("client") if _is_clients(move) else _("the program")),
    )


async def take(request: WebRequest) -> Response:
    """Take a request as one's own."""
    number = request.path_params["request"]
    await take_to_work(number, by=signed_in(request).actor)
    return RedirectResponse(f"/requests/{number}", 303)


async def resume(request: WebRequest) -> Response:
    """Go on with a request that waited."""
    number = request.path_params["request"]
    await resume_request(number, by=signed_in(request).actor)
    return RedirectResponse(f"/requests/{number}", 303)


async def show_of_account(request: WebRequest) -> Response:
    """Show the requests of an account on its card."""
    by, number = signed_in(request).actor, number_of(request)
    found, topics = await requests_of(number, by=by), await classifier()
    score = await last_score(number)
    names = {one.code: one.name for one in topics.topic}
    context = {
        "found": found,
        "topics": names,
        "score": score,
        "standings": STANDINGS,
        "told": _DONE.get(request.query_params.get("done", "")),
    }
    return await card_page(
        request, "requests/account.html", "requests", context | words(), card=None
    )
