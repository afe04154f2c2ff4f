"""Chats at the desk: who waits, what was said, the next word."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.crm.answers import answers_for
from abonent.crm.queries.chats import conversation, open_chats
from abonent.crm.queries.requests import whole_request
from abonent.crm.rules.people import spoken_name
from abonent.crm.service.requests.answering import LONGEST_ANSWER
from abonent.crm.service.requests.chatting import say_in_chat
from abonent.kernel.errors import DomainError
from abonent.kernel.i18n import N_
from abonent.web.errors import status_of
from abonent.web.forms import form_of
from abonent.web.pages.acting import ANSWERED_IN_PLACE, asked_once, new_key, said
from abonent.web.render import fragment, page, signed_in

_DONE = {
    "email": ("good", N_("The client's window is closed: it went by e-mail as well")),
    "sms": ("good", N_("The client's window is closed: it went by SMS as well")),
    "refused": (
        "warn",
        N_("The client's window is closed, and no message went: the rules allow no more today"),
    ),
}
_PHRASES = 4


async def show_chats(request: Request) -> Response:
    """Show the open chats and the conversation of one of them."""
    return await _shown(request, request.query_params.get("chat", ""), "", None)


async def _shown(request: Request, chosen: str, text: str, error: DomainError | None) -> Response:
    by = signed_in(request).actor
    chats = await open_chats(by=by)
    number = int(chosen) if chosen.isdecimal() and len(chosen) <= 18 else None
    found = await conversation(number, by=by) if number else None
    phrases = []
    if found and found.open:
        topic = (await whole_request(found.number, by=by)).request.topic
        known = {"name": spoken_name(found.who), "request": str(found.number)}
        phrases = [(one.title, one.filled(known)) for one in await answers_for(topic)][:_PHRASES]
    context = {
        "chats": chats,
        "found": found,
        "phrases": phrases,
        "text": text,
        "key": new_key(),
        "longest": LONGEST_ANSWER,
        "errors": {} if error is None else said(error, {}),
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    status = 200 if error is None else status_of(error)
    return page(request, "chats/chats.html", context, status=status)


async def show_list(request: Request) -> Response:
    """The list alone, which the page asks for every few seconds."""
    chats = await open_chats(by=signed_in(request).actor)
    chosen = request.query_params.get("chat", "")
    return fragment(request, "chats/chats.html", "list", {"chats": chats, "chosen": chosen})


async def show_said(request: Request) -> Response:
    """What was said in a chat, which the page asks for every few seconds."""
    found = await conversation(request.path_params["request"], by=signed_in(request).actor)
    return fragment(request, "chats/chats.html", "said", {"found": found})


async def say(request: Request) -> Response:
    """Say something in a chat; what cannot be said comes back with its words."""
    number, form = request.path_params["request"], await form_of(request)
    text, by = form.get("text", ""), signed_in(request).actor
    try:
        way = await asked_once(
            request, form, by=by, work=lambda: say_in_chat(number, by=by, text=text)
        )
    except ANSWERED_IN_PLACE as error:
        return await _shown(request, str(number), text, error)
    return RedirectResponse(f"/chats?chat={number}" + (f"&done={way}" if way else ""), 303)
