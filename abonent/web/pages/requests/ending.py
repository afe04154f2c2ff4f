"""How a request ends: answered, joined to another, dropped; and how it is taken up again."""

from __future__ import annotations

from starlette.requests import Request

from abonent.crm.answers import answer_named, answers_for
from abonent.crm.queries.requests import Request as Found
from abonent.crm.rules.people import spoken_name
from abonent.crm.rules.requests import REFUSALS, REPLIES, WRITTEN
from abonent.crm.service.requests import answering, working
from abonent.kernel.i18n import N_, _
from abonent.kernel.site import whole_link
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.accounts import card_of
from abonent.web.pages.requests.opened import ONE, WORK, about, back, cut_off_now, found_of, plain
from abonent.web.render import signed_in, written_day, written_money


async def _answering(request: Request) -> Opened:
    found = await found_of(request)
    cut = await cut_off_now(found, signed_in(request).actor)
    templates = await answers_for(found.topic, cut_off=cut is not None)
    chosen = request.query_params.get("template", "")
    known = await _known(request, found) if chosen else {}
    begun = await answer_named(chosen) if chosen else None
    # Whoever looks at the chat reads the answer there, whatever contact was left for later.
    here = found.channel == "chat"
    ways = REPLIES | {"none": N_("In the chat")} if here else REPLIES
    return Opened(
        back=back(request),
        about=about(found),
        given={
            "text": begun.filled(known) if begun else "",
            "reply_by": "none" if here else found.reply_by,
            "reply_to": "",
        },
        choices={"reply_by": [(code, _(words)) for code, words in ways.items()]},
        context={
            "found": found,
            "templates": templates,
            "chosen": chosen,
            "replies_of": REPLIES,
        },
    )


async def _known(request: Request, found: Found) -> dict[str, str]:
    """What the program fills into a template of answers."""
    known = {"request": str(found.number), "number": found.account or ""}
    known["name"] = spoken_name(found.who or found.subscriber or "")
    if found.account:
        card = await card_of(found.account, by=signed_in(request).actor)
        known["balance"] = written_money(card.view.balance)
        known["url"] = whole_link(f"/my/{found.account}")
        if owed := card.missing or card.overdue:
            known["debt"] = written_money(owed)
        if until := card.view.outlook.until:
            known["until"] = written_day(until)
    return known


async def _answer(request: Request, values: Values) -> str:
    way = values["reply_by"]
    await answering.answer_request(
        request.path_params["request"],
        by=signed_in(request).actor,
        text=values["text"],
        reply_by=way,
        reply_to=values["reply_to"],
    )
    return back(request, "answer" if way in WRITTEN else "told")


ANSWER = Dialog(
    path=f"{ONE}/answer",
    right=WORK,
    title=N_("Answer"),
    commit=N_("Answer and end"),
    fields=(
        Field(name="text", label=N_("Answer"), kind=Kind.AREA, longest=answering.LONGEST_ANSWER),
        Field(
            name="reply_by",
            label=N_("How to answer"),
            kind=Kind.CHOICE,
            choices=tuple(REPLIES.items()),
            half=True,
        ),
        Field(
            name="reply_to",
            label=N_("To another phone or e-mail"),
            required=False,
            half=True,
            hint=N_("Left empty, it goes where the client asked."),
        ),
    ),
    opened=_answering,
    do=_answer,
    above="requests/answering.html",
    names={"reply_to": "reply_to"},
)


async def _join(request: Request, values: Values) -> str:
    number, by = request.path_params["request"], signed_in(request).actor
    await working.join_request(number, by=by, to=values["to"])
    return f"/requests/{values['to']}?done=joined"


JOIN = Dialog(
    path=f"{ONE}/join",
    right=WORK,
    title=N_("Join to another request"),
    commit=N_("Join"),
    fields=(
        Field(
            name="to",
            label=N_("Number of the request that stays"),
            kind=Kind.NUMBER,
            least=1,
            hint=N_("Both are answered by one answer."),
        ),
    ),
    opened=plain,
    do=_join,
    names={"number": "to"},
)


async def _drop(request: Request, values: Values) -> str:
    number, by = request.path_params["request"], signed_in(request).actor
    await working.drop_request(number, by=by, reason=values["reason"])
    return back(request, "dropped")


DROP = Dialog(
    path=f"{ONE}/drop",
    right=WORK,
    title=N_("Drop the request"),
    commit=N_("Drop"),
    fields=(
        Field(
            name="reason",
            label=N_("Reason"),
            kind=Kind.SEGMENTS,
            choices=tuple(REFUSALS.items()),
            hint=N_("Nobody is answered."),
        ),
    ),
    opened=plain,
    do=_drop,
)


async def _reopen(request: Request, values: Values) -> str:
    number, by = request.path_params["request"], signed_in(request).actor
    await answering.reopen_request(number, by=by, note=values["note"])
    return back(request, "reopened")


REOPEN = Dialog(
    path=f"{ONE}/reopen",
    right=WORK,
    title=N_("Reopen"),
    commit=N_("Reopen"),
    fields=(
        Field(
            name="note",
            label=N_("Why"),
            kind=Kind.AREA,
            longest=working.LONGEST_NOTE,
        ),
    ),
    opened=plain,
    do=_reopen,
    names={"text": "note"},
)
