"""Taking a claim in at the desk: from the card, or from the request it came as."""

from __future__ import annotations

from starlette.requests import Request

from abonent.billing.queries.reach import check_exists
from abonent.crm.queries.claims import local_today
from abonent.crm.queries.requests import request_of
from abonent.crm.rules.claims import CHANNELS, REPLIES, SUBJECTS
from abonent.crm.service.claims.rows import LONGEST, LONGEST_LINE
from abonent.crm.service.claims.taking import NewClaim, take_claim
from abonent.kernel.i18n import N_
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.people.frame import number_of
from abonent.web.render import signed_in

_BY_HAND = {code: word for code, word in CHANNELS.items() if code != "portal"}
_FROM = {"email": "email", "visit": "visit"}
"""How a claim came that was a request before."""


async def _taking(request: Request) -> Opened:
    number, by = number_of(request), signed_in(request).actor
    await check_exists(number)
    given = {"channel": "visit", "reply_by": "paper", "received_on": local_today().isoformat()}
    asked = request.query_params.get("request", "")
    if asked.isdecimal() and by.may("crm.request.view"):
        found = await request_of(int(asked[:18]), by=by)
        if found.account == number:
            given |= {"text": found.text, "asked": found.title}
            given["channel"] = _FROM.get(found.channel, "letter")
            given["received_on"] = found.received_at.date().isoformat()
            if found.reply_by == "email":
                given |= {"reply_by": "email", "reply_to": found.reply_to}
    return Opened(back=f"/accounts/{number}/claims", given=given)


async def _take(request: Request, values: Values) -> str:
    asked = request.query_params.get("request", "")
    new = NewClaim(
        account=number_of(request),
        subject=values["subject"],
        asked=values["asked"],
        text=values["text"],
        demand=values["demand"] or 0,
        channel=values["channel"],
        reply_by=values["reply_by"],
        reply_to=values["reply_to"],
        received_on=values["received_on"],
        request=int(asked[:18]) if asked.isdecimal() else None,
    )
    claim = await take_claim(new, by=signed_in(request).actor)
    return f"/claims/{claim}?done=taken"


ON_CARD = Dialog(
    path="/accounts/{number:str}/claims/new",
    right="crm.claim.take",
    title=N_("New claim"),
    commit=N_("Register"),
    fields=(
        Field(
            name="subject",
            label=N_("Subject"),
            kind=Kind.CHOICE,
            choices=tuple(SUBJECTS.items()),
            open=True,
        ),
        Field(
            name="asked",
            label=N_("What is demanded"),
            longest=LONGEST_LINE,
            hint=N_("In one line: it stands in the answer."),
        ),
        Field(
            name="text",
            label=N_("What happened, in the subscriber's words"),
            kind=Kind.AREA,
            longest=LONGEST,
        ),
        Field(
            name="demand",
            label=N_("Sum demanded"),
            kind=Kind.AMOUNT,
            required=False,
            half=True,
        ),
        Field(name="received_on", label=N_("Came on"), kind=Kind.DAY, half=True),
        Field(
            name="channel",
            label=N_("How it came"),
            kind=Kind.SEGMENTS,
            choices=tuple(_BY_HAND.items()),
        ),
        Field(
            name="reply_by",
            label=N_("How to answer"),
            kind=Kind.SEGMENTS,
            choices=tuple(REPLIES.items()),
        ),
        Field(
            name="reply_to",
            label=N_("Address for the answer"),
            required=False,
            hint=N_("E-mail or postal address; left empty, it is that of the card."),
        ),
    ),
    opened=_taking,
    do=_take,
)
