"""Attaching a recording from a file, tying it to a matter, marking it as an example."""

from __future__ import annotations

from datetime import datetime, time

from starlette.requests import Request

from abonent.billing.queries.reach import check_exists, check_reach
from abonent.crm.queries.conversations import conversation_of, keep_days
from abonent.crm.queries.identity import actor_code
from abonent.crm.service.conversations import (
    MOST_SOUND,
    NewCall,
    check_sound,
    give_sound,
    register_call,
)
from abonent.crm.service.conversations_kept import (
    LONGEST,
    mark_example,
    put_on_account,
    set_keep_days,
    tie_conversation,
)
from abonent.kernel import clock
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_, time_zone
from abonent.kernel.storage import storage_of
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.conversations.notice import NOTICE
from abonent.web.pages.conversations.words import EXAMPLES, KINDS, TIES
from abonent.web.pages.people.frame import choices, number_of
from abonent.web.render import desk_of, signed_in

_FORM = 100_000
_ONE = "/conversations/{conversation:int}"


def _id(request: Request) -> int:
    return int(request.path_params["conversation"])


async def _attaching(request: Request) -> Opened:
    await check_exists(number_of(request))
    now = clock.now().astimezone(time_zone())
    return Opened(
        back=f"/accounts/{number_of(request)}/conversations",
        given={"kind": "call", "day": now.date().isoformat(), "at": now.strftime("%H:%M")},
        choices={"kind": choices(KINDS)},
    )


def _began(values: Values) -> datetime:
    try:
        at = time.fromisoformat(values["at"])
    except ValueError:
        wrong = N_("“{given}” is not a time such as 14:30.")
        raise Malformed.of("at", values["at"], wrong, given=values["at"]) from None
    began = datetime.combine(values["day"], at.replace(tzinfo=None), time_zone())
    if began > clock.now():
        raise Malformed.of("at", values["at"], N_("It lies in the future."))
    return began


async def _check(request: Request, values: Values) -> Values:
    _began(values)
    content = await values["file"].read(MOST_SOUND + 1)
    checked = await check_sound(content, settings=desk_of(request).settings)
    return {**values, "checked": checked}


async def _attach(request: Request, values: Values) -> str:
    by, number = signed_in(request).actor, number_of(request)
    call = NewCall(
        number=number, kind=values["kind"], direction="in", source="file", call="",
        actor=actor_code(by), phone="", told=values["told"], began=_began(values), ended=None,
    )  # fmt: skip
    made = await register_call(call, by=by)
    storage = storage_of(desk_of(request).settings)
    await give_sound(made, values["checked"], by=by, storage=storage)
    return f"/accounts/{number}/conversations?done=attached"


async def _tying(request: Request) -> Opened:
    found = await conversation_of(_id(request), by=signed_in(request).actor)
    given = {"tie": found.tie or "none", "about": found.about}
    ties = [(code or "none", words) for code, words in choices(TIES)]
    return Opened(back=f"/conversations/{_id(request)}", given=given, choices={"tie": ties})


async def _tie(request: Request, values: Values) -> str:
    tie = "" if values["tie"] == "none" else values["tie"]
    by = signed_in(request).actor
    await tie_conversation(_id(request), by=by, tie=tie, about=values["about"])
    return f"/conversations/{_id(request)}?done=tied"


async def _placing(request: Request) -> Opened:
    found = await conversation_of(_id(request), by=signed_in(request).actor)
    return Opened(back=f"/conversations/{_id(request)}", given={"number": found.number or ""})


async def _place(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await check_exists(values["number"])
    await check_reach(values["number"], by=by)
    await put_on_account(_id(request), values["number"], by=by)
    return f"/conversations/{_id(request)}?done=placed"


async def _marking(request: Request) -> Opened:
    found = await conversation_of(_id(request), by=signed_in(request).actor)
    given = {"example": found.example or "none", "note": found.example_of}
    marks = [(code or "none", words) for code, words in choices(EXAMPLES)]
    return Opened(back=f"/conversations/{_id(request)}", given=given, choices={"example": marks})


async def _mark(request: Request, values: Values) -> str:
    example = "" if values["example"] == "none" else values["example"]
    by = signed_in(request).actor
    await mark_example(_id(request), by=by, example=example, note=values["note"])
    return f"/conversations/{_id(request)}?done=example"


async def _rule_opened(_request: Request) -> Opened:
    return Opened(back="/conversations", given={"days": str(await keep_days())})


async def _set_rule(request: Request, values: Values) -> str:
    await set_keep_days(values["days"], by=signed_in(request).actor)
    return "/conversations?done=rule"


ATTACH = Dialog(
    path="/accounts/{number:str}/conversations/attach",
    right="crm.conversation.attach",
    title=N_("Attach a recording"),
    commit=N_("Attach"),
    fields=(
        Field(
            name="file",
            label=N_("File"),
            kind=Kind.FILE,
            hint=N_("WebM, Ogg, WAV, M4A or MP3, at most 60 MB."),
            attributes={"accept": "audio/*,.webm"},
        ),
        Field(name="kind", label=N_("What it was"), kind=Kind.SEGMENTS),
        Field(name="day", label=N_("Day"), kind=Kind.DAY, half=True),
        Field(name="at", label=N_("Began at"), longest=5, half=True),
        Field(
            name="told",
            label=N_("The subscriber was told of the recording"),
            kind=Kind.TICK,
        ),
    ),
    body_limit=MOST_SOUND + _FORM,
    opened=_attaching,
    prepare=_check,
    do=_attach,
)
TIE = Dialog(
    path=f"{_ONE}/tie",
    right="crm.conversation.edit",
    title=N_("What the conversation is tied to"),
    commit=N_("Keep"),
    fields=(
        Field(
            name="tie",
            label=N_("Tied to"),
            kind=Kind.SEGMENTS,
            hint=N_("Tied to a debt or a claim it is kept for years; complaints are all judged."),
        ),
        Field(
            name="about",
            label=N_("Which one"),
            required=False,
            hint=N_("Its number, such as claim 47."),
        ),
    ),
    opened=_tying,
    do=_tie,
)
PLACE = Dialog(
    path=f"{_ONE}/account",
    right="crm.conversation.attach",
    title=N_("Whose conversation it is"),
    commit=N_("Put on the account"),
    fields=(Field(name="number", label=N_("Account"), longest=40),),
    opened=_placing,
    do=_place,
)
EXAMPLE = Dialog(
    path=f"{_ONE}/example",
    right="crm.quality.judge",
    title=N_("Example for training"),
    commit=N_("Keep"),
    fields=(
        Field(name="example", label=N_("Mark"), kind=Kind.SEGMENTS),
        Field(
            name="note",
            label=N_("What it is an example of"),
            kind=Kind.AREA,
            required=False,
            longest=LONGEST,
        ),
    ),
    opened=_marking,
    do=_mark,
    names={"note": "note"},
)
RULE = Dialog(
    path="/conversations/rule",
    right="crm.conversation.edit",
    title=N_("How long conversations are kept"),
    commit=N_("Keep"),
    fields=(
        Field(
            name="days",
            label=N_("Days"),
            kind=Kind.NUMBER,
            least=1,
            most=3660,
            hint=N_(
                "From now on. What is tied to a debt or a claim is kept as long as the rule of law"
                " ru.230.records says."
            ),
        ),
    ),
    opened=_rule_opened,
    do=_set_rule,
)
KEEPING = (ATTACH, TIE, PLACE, EXAMPLE, RULE, NOTICE)
