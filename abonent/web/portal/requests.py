"""Requests on the portal: written, followed, rated; the page that an answer's link opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.billing.queries.cut_off import cut_off_of
from abonent.crm.queries.requests import Whole, answered, own_requests, told_of
from abonent.crm.registers.requests import STATES
from abonent.crm.rules.requests import CHANNELS
from abonent.crm.service.contacts import check_reach_typed
from abonent.crm.service.requests.client import (
    CLIENT,
    number_of_token,
    rate_request,
    say_more,
)
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.topics import SUSPENDED, classifier
from abonent.kernel.actor import Actor
from abonent.kernel.errors import DomainError, Malformed, NotFound
from abonent.kernel.i18n import N_
from abonent.web.forms import form_of
from abonent.web.pages.acting import ANSWERED_IN_PLACE, asked_once
from abonent.web.portal.access import address_of_caller, here, own
from abonent.web.portal.doing import act_page, carried_out
from abonent.web.portal.rules import asking_keys, linked_keys
from abonent.web.service.throttle import count_attempt

_WORDS = {"states": STATES, "channels": CHANNELS}
_DONE = {
    "taken": N_("We have it. The answer comes here and to the contact on your card"),
    "said": N_("We have it"),
    "rated": N_("Thank you for the rating"),
}
_BY_LINK: Mapping[str, Any] = {"back": "", "here": "", "cut": None}
"""Whoever has a link alone is led nowhere, and told nothing of money."""
_REPLIES = {"portal", "call", "sms", "email"}
_RATINGS = {"1", "2", "3", "4", "5"}


async def show_requests(request: Request) -> Response:
    """Show the account's requests and the form of a new one."""
    return await _list(request, {}, None)


async def _list(request: Request, given: Mapping[str, str], error: DomainError | None) -> Response:
    number, _by = own(request)
    topics = (await classifier()).offered()
    context: dict[str, Any] = {
        "found": await own_requests(number),
        "given": given,
        "topics": topics,
    }
    return act_page(request, "requests.html", context | _WORDS | {"here": here(request)}, error)


async def write(request: Request) -> Response:
    """Take a request in; a repeat of one that is open is added to it."""
    return await carried_out(request, do=_write, show=_list)


async def _write(request: Request, form: Mapping[str, str]) -> str:
    number, by = own(request)
    way = form.get("reply_by", "portal")
    new = NewRequest(
        channel="portal",
        text=form.get("text", ""),
        account=number,
        topic=await _chosen(form),
        reply_by=way if way in _REPLIES else "portal",
        repeats=True,
    )
    taken = await take_request(new, by=by)
    return f"{here(request)}/requests/{taken.number}?done={'said' if taken.joined else 'taken'}"


async def _chosen(form: Mapping[str, str]) -> str:
    """The topic that was chosen, empty where the words are to tell it."""
    topic = form.get("topic", "")
    offered = (await classifier()).offered()
    if topic and not any(topic == code for _group, topics in offered for code, _name in topics):
        raise Malformed.of("topic", topic, N_("Choose one of those offered."))
    return topic


async def show_one(request: Request) -> Response:
    """Show one of the account's requests: what was asked and answered."""
    return await _one(request, {}, None)


async def _one(request: Request, given: Mapping[str, str], error: DomainError | None) -> Response:
    number, by = own(request)
    whole = await told_of(request.path_params["request"])
    if whole.request.account != number:
        raise NotFound("NO_SUCH_REQUEST", N_("There is no such request."))
    home = here(request)
    more: dict[str, Any] = {"back": f"{home}/requests", "here": home, "cut": None}
    if whole.request.topic == SUSPENDED and whole.request.state != "closed":
        more["cut"] = await cut_off_of(number, by=by)
    action = f"{home}/requests/{whole.request.number}"
    return _page(request, whole, given, error, action=action, more=more)


async def send(request: Request) -> Response:
    """Say more on the own request, or rate its answer."""
    return await carried_out(request, do=_send, show=_one)


async def _send(request: Request, form: Mapping[str, str]) -> str:
    number, by = own(request)
    whole = await told_of(request.path_params["request"])
    if whole.request.account != number:
        raise NotFound("NO_SUCH_REQUEST", N_("There is no such request."))
    done = await _said(whole, form, by=by, channel="portal")
    return f"{here(request)}/requests/{whole.request.number}?done={done}"


async def show_by_link(request: Request) -> Response:
    """Show the request that a link opens, to whoever has the link."""
    number = await number_of_token(request.path_params["token"])
    return _page(request, await told_of(number), {}, None, action=request.url.path, more=_BY_LINK)


async def send_by_link(request: Request) -> Response:
    """Say more or rate, by the link."""
    token = request.path_params["token"]
    whole = await told_of(await number_of_token(token))
    form = await form_of(request)
    channel = whole.request.channel
    try:
        await count_attempt(linked_keys(token))
        done = await asked_once(
            request, form, by=CLIENT, work=lambda: _said(whole, form, by=CLIENT, channel=channel)
        )
    except ANSWERED_IN_PLACE as error:
        return _page(request, whole, form, error, action=request.url.path, more=_BY_LINK)
    return RedirectResponse(f"{request.url.path}?done={done}", 303)


async def _said(whole: Whole, form: Mapping[str, str], *, by: Actor, channel: str) -> str:
    """Do what the form asks: a rating where there is one, else more words."""
    number, rating = whole.request.number, form.get("rating", "")
    if rating:
        if rating not in _RATINGS:
            raise Malformed.of("rating", rating, N_("A rating is a number from 1 to 5."))
        await rate_request(number, rating=int(rating), note=form.get("note", ""))
        return "rated"
    await say_more(number, text=form.get("text", ""), by=by, channel=channel)
    return "said"


def _page(
    request: Request,
    whole: Whole,
    given: Mapping[str, str],
    error: DomainError | None,
    *,
    action: str,
    more: Mapping[str, Any],
) -> Response:
    done = _DONE.get(request.query_params.get("done", ""))
    context = {
        "whole": whole,
        "found": whole.request,
        "answered": answered(whole.request),
        "given": given,
        "done": done,
        "action": action,
        "chosen": request.query_params.get("rating", ""),
        **more,
    }
    return act_page(request, "request.html", context | _WORDS, error)


async def show_ask(request: Request) -> Response:
    """Show the form for who is no subscriber yet, or cannot sign in."""
    return await _ask(request, {}, None)


async def _ask(request: Request, given: Mapping[str, str], error: DomainError | None) -> Response:
    topics = (await classifier()).offered()
    return act_page(request, "ask.html", {"given": given, "topics": topics}, error)


async def ask(request: Request) -> Response:
    """Take in what the site's form says; its page is opened by a link of its own."""
    form = await form_of(request)
    try:
        await count_attempt(asking_keys(address_of_caller(request)))
        token = await asked_once(request, form, by=CLIENT, work=lambda: _asked(form))
    except ANSWERED_IN_PLACE as error:
        return await _ask(request, form, error)
    return RedirectResponse(f"/my/r/{token}?done=taken", 303)


async def _asked(form: Mapping[str, str]) -> str:
    """The link of a request of its own: whoever types another's phone must not be shown theirs."""
    reach = form.get("reach", "").strip()
    if not reach:
        raise Malformed.of("reach", "", N_("Leave a phone or an e-mail: we answer there."))
    new = NewRequest(
        channel="site",
        text=form.get("text", ""),
        topic=await _chosen(form),
        who=form.get("who", "")[:200],
        reply_by="email" if "@" in reach else "call",
        reply_to=check_reach_typed(reach, field="reach"),
    )
    taken = await take_request(new, by=CLIENT)
    return (await told_of(taken.number)).request.token
