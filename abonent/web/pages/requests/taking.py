"""Registering a request: from the card by Q, or from anybody in the register of requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abonent.billing.queries.cut_off import is_suspended
from abonent.billing.queries.reach import check_exists
from abonent.crm.queries.requests import requests_of
from abonent.crm.rules.requests import CHANNELS, REPLIES
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.taking import LONGEST, NewRequest, take_request
from abonent.crm.topics import OTHER, classifier
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_, _
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Choices, Field, Kind, Values
from abonent.web.pages.people.frame import number_of
from abonent.web.render import signed_in

_TAKE = "crm.request.take"
_BY_HAND = {
    code: word for code, word in CHANNELS.items() if code in {"call", "visit", "email", "sms"}
}
_TEXT = Field(
    name="text",
    label=N_("What is asked, in the client's words"),
    kind=Kind.AREA,
    longest=LONGEST,
)
_CHANNEL = Field(
    name="channel",
    label=N_("How it came"),
    kind=Kind.SEGMENTS,
    choices=tuple(_BY_HAND.items()),
)
_TOPIC = Field(
    name="topic",
    label=N_("Topic"),
    kind=Kind.CHOICE,
    required=False,
    hint=N_("Left empty, it is told by the words."),
)
_REPLY_BY = Field(
    name="reply_by",
    label=N_("How to answer"),
    kind=Kind.CHOICE,
    choices=tuple(REPLIES.items()),
    half=True,
)
_REPLY_TO = Field(
    name="reply_to",
    label=N_("Phone or e-mail for the answer"),
    required=False,
    half=True,
    hint=N_("Left empty, it is the main one of the card."),
)


async def _on_card(request: Request) -> Opened:
    number, by = number_of(request), signed_in(request).actor
    await check_exists(number)
    waiting = [one for one in await requests_of(number, by=by) if one.open]
    joins: Choices = [
        ("", _("A new request")),
        *(
            (str(one.number), _("No. {number}: {title}", number=one.number, title=one.title))
            for one in waiting
        ),
    ]
    return Opened(
        back=f"/accounts/{number}",
        given={"channel": "call", "reply_by": "call"},
        choices={"topic": await _topics(), "join": joins},
    )


async def _anybody(_request: Request) -> Opened:
    return Opened(
        back="/requests",
        given={"channel": "call", "reply_by": "call"},
        choices={"topic": await _topics()},
    )


async def _topics() -> Choices:
    return [("", ""), *((one.code, one.name) for one in (await classifier()).topic)]


async def _known(request: Request, values: Values) -> Mapping[str, Any]:
    """What the words tell while one types: the topic, who gets it and by when it is answered."""
    topics = await classifier()
    topic = topics.of(values["topic"]) if values.get("topic") else topics.known_by(values["text"])
    number = request.path_params.get("number")
    if number and topic.suspended and not values.get("topic"):
        by = signed_in(request).actor
        topic = topics.of(topic.suspended) if await is_suspended(number, by=by) else topic
    return {"topic": topic, "told": bool(values["text"]) and topic.code != OTHER}


async def _take_on_card(request: Request, values: Values) -> str:
    number, by = number_of(request), signed_in(request).actor
    new = NewRequest(
        channel=values["channel"],
        text=values["text"],
        account=number,
        reply_by=values["reply_by"],
        reply_to=values["reply_to"],
        topic=values["topic"] or "",
        join_to=int(values["join"]) if values["join"] else None,
    )
    return await _taken(new, values, by)


async def _take_of_anybody(request: Request, values: Values) -> str:
    new = NewRequest(
        channel=values["channel"],
        text=values["text"],
        account=values["account"],
        who=values["who"],
        reply_by=values["reply_by"],
        reply_to=values["reply_to"],
        topic=values["topic"] or "",
    )
    return await _taken(new, values, signed_in(request).actor)


async def _taken(new: NewRequest, values: Values, by: Actor) -> str:
    """Take it in; what was answered in the same breath is answered at once."""
    taken = await take_request(new, by=by)
    if values["answer"]:
        await answer_request(taken.number, by=by, text=values["answer"], reply_by="none")
        return f"/requests/{taken.number}?done=told"
    return f"/requests/{taken.number}?done={'joined' if taken.joined else 'taken'}"


_ANSWER = Field(
    name="answer",
    label=N_("Answered at once: what was said"),
    kind=Kind.AREA,
    required=False,
    longest=10_000,
    hint=N_("Fill it in where the client has the answer already: the request is ended."),
)
ON_CARD = Dialog(
    path="/accounts/{number:str}/requests/new",
    right=_TAKE,
    title=N_("New request"),
    commit=N_("Register"),
    fields=(
        _TEXT,
        _CHANNEL,
        _TOPIC,
        _REPLY_BY,
        _REPLY_TO,
        Field(name="join", label=N_("Is it about the same?"), kind=Kind.CHOICE, required=False),
        _ANSWER,
    ),
    opened=_on_card,
    preview=_known,
    do=_take_on_card,
    below="requests/known.html",
)
ANYBODY = Dialog(
    path="/requests/new",
    right=_TAKE,
    title=N_("New request"),
    commit=N_("Register"),
    fields=(
        _TEXT,
        _CHANNEL,
        Field(name="account", label=N_("Account"), required=False, half=True),
        Field(name="who", label=N_("Who asks"), required=False, half=True),
        _TOPIC,
        _REPLY_BY,
        _REPLY_TO,
        _ANSWER,
    ),
    opened=_anybody,
    preview=_known,
    do=_take_of_anybody,
    below="requests/known.html",
)
