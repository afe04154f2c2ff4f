"""The chat as its client sees it: on the provider's own site in a frame, on the portal, by its link."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.crm.queries.chats import Conversation, conversation_of_token
from abonent.crm.queries.hours import next_opening
from abonent.crm.queries.requests import told_of
from abonent.crm.rules.people import spoken_name
from abonent.crm.rules.requests import OPEN
from abonent.crm.service.contacts import check_reach_typed
from abonent.crm.service.requests.chatting import see_window
from abonent.crm.service.requests.client import CLIENT, rate_request, say_more
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.kernel.actor import Actor
from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import LANGUAGES, N_, speaking
from abonent.kernel.settings import listed
from abonent.web.forms import form_of
from abonent.web.middleware.headers import framed_by
from abonent.web.pages.acting import ANSWERED_IN_PLACE, asked_once
from abonent.web.portal.access import address_of_caller
from abonent.web.portal.doing import act_page
from abonent.web.portal.queries import Subscriber
from abonent.web.portal.rules import asking_keys, chatting_keys
from abonent.web.render import desk_of, fragment
from abonent.web.service.throttle import count_attempt

Endpoint = Callable[[Request], Awaitable[Response]]

_LONGEST_ID = 19
_RATINGS = {"1", "2", "3", "4", "5"}


def _in_its_language(endpoint: Endpoint) -> Endpoint:
    """Speak the language of the site around the frame, where no cookie of ours is sent."""

    @wraps(endpoint)
    async def spoken(request: Request) -> Response:
        if (language := request.query_params.get("language", "")) not in LANGUAGES:
            return await endpoint(request)
        with speaking(language):
            return await endpoint(request)

    return spoken


def _with_language(request: Request, address: str) -> str:
    language = request.query_params.get("language", "")
    return f"{address}?language={language}" if language in LANGUAGES else address


@_in_its_language
async def show_chat(request: Request) -> Response:
    """Show the first words of a chat; the page's script goes on with one that is open."""
    return await _start(request, {}, None)


async def _start(request: Request, given: Mapping[str, str], error: DomainError | None) -> Response:
    context = {
        "given": given,
        "opens": await next_opening(),
        "own": _own(request, given.get("account") or request.query_params.get("account", "")),
        "query": _with_language(request, ""),
    }
    return _framed(request, act_page(request, "chat.html", context, error))


def _own(request: Request, asked: str) -> str:
    """The account of who is signed in on the portal: the one asked for or the first; else nothing."""
    who: Subscriber | None = request.state.subscriber
    numbers = [one.number for one in who.accounts] if who else []
    return asked if asked in numbers else "".join(numbers[:1])


def _is_theirs(request: Request, found: Conversation) -> bool:
    """Tell whether the talk is of an account of who is signed in on the portal."""
    who: Subscriber | None = request.state.subscriber
    return who is not None and found.account in {one.number for one in who.accounts}


@_in_its_language
async def begin(request: Request) -> Response:
    """Take the first words in as a request and open its conversation."""
    form = await form_of(request)
    try:
        await count_attempt(asking_keys(address_of_caller(request)))
        token = await _begun_once(request, form)
    except ANSWERED_IN_PLACE as error:
        return await _start(request, form, error)
    return RedirectResponse(_with_language(request, f"/my/chat/{token}"), 303)


async def _begun_once(request: Request, form: Mapping[str, str]) -> str:
    """The link of the talk; the same form sent again leads to the same one."""
    own = _own(request, form.get("account", ""))
    who: Subscriber | None = request.state.subscriber
    by = who.actor if who and own else CLIENT
    return await asked_once(request, form, by=by, work=lambda: _begun(form, own, by))


async def _begun(form: Mapping[str, str], own: str, by: Actor) -> str:
    typed = form.get("reach", "").strip()
    reach = check_reach_typed(typed, field="reach") if typed else ""
    way = "none" if not reach else "email" if "@" in reach else "call"
    new = NewRequest(
        channel="chat",
        text=form.get("text", ""),
        account=own,
        who="" if own else form.get("who", "").strip()[:200],
        reply_by=way,
        reply_to=reach,
    )
    taken = await take_request(new, by=by)
    return (await told_of(taken.number)).request.token


@_in_its_language
async def show_conversation(request: Request) -> Response:
    """Show everything said in a chat, to whoever has its link."""
    await see_window(request.path_params["token"])
    return await _shown(request, {}, None)


async def _shown(request: Request, given: Mapping[str, str], error: DomainError | None) -> Response:
    found = await conversation_of_token(request.path_params["token"])
    context: dict[str, Any] = {
        "found": found,
        "state": state_of(found),
        "opens": await next_opening() if state_of(found) == "waiting" else None,
        "clerk": spoken_name(found.owner_name or ""),
        "given": given,
        "query": _with_language(request, ""),
    }
    return _framed(request, act_page(request, "chat_talk.html", context, error))


def state_of(found: Conversation) -> str:
    """What the client's window does: waits for the first word, goes on, asks for a rating, begins anew."""
    if found.state in OPEN:
        return "open" if any(one.kind == "answer" for one in found.said) else "waiting"
    return "answered" if found.state in {"resolved", "rated"} else "over"


@_in_its_language
async def say(request: Request) -> Response:
    """Add the client's words, or the rating of the answer."""
    token, form = request.path_params["token"], await form_of(request)
    found = await conversation_of_token(token)
    try:
        await count_attempt(chatting_keys(token))
        await asked_once(request, form, by=CLIENT, work=lambda: _said(found.number, form))
    except ANSWERED_IN_PLACE as error:
        return await _shown(request, form, error)
    return RedirectResponse(_with_language(request, f"/my/chat/{token}"), 303)


async def _said(number: int, form: Mapping[str, str]) -> str:
    if rating := form.get("rating", ""):
        if rating not in _RATINGS:
            raise Malformed.of("rating", rating, N_("A rating is a number from 1 to 5."))
        await rate_request(number, rating=int(rating))
    else:
        await say_more(number, text=form.get("text", ""), by=CLIENT, channel="chat")
    return ""


@_in_its_language
async def show_lines(request: Request) -> Response:
    """What was said after the line that the window showed last; the header tells the state."""
    token, after = request.path_params["token"], request.query_params.get("after", "")
    last = int(after) if after.isdecimal() and len(after) <= _LONGEST_ID else 0
    await see_window(token)
    found = await conversation_of_token(token)
    # A subscriber's own talk is not gone on with by whoever sits at the same computer next.
    others = "kept" in request.query_params and found.signed_in and not _is_theirs(request, found)
    new = [] if others else [one for one in found.said if one.id > last]
    answer = fragment(request, "portal/chat_talk.html", "lines", {"said": new})
    answer.headers["X-Chat"] = "over" if others else state_of(found)
    return answer


def _framed(request: Request, answer: Response) -> Response:
    """Let the sites that the operator names show the page in a frame, and nobody else."""
    sites = desk_of(request).settings.chat_sites
    answer.headers["Content-Security-Policy"] = framed_by(request.state.nonce, listed(sites))
    return answer
