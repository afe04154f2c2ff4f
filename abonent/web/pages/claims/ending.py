"""How a claim ends: answered as it was asked, closed, withdrawn, handed over to court."""

from __future__ import annotations

from starlette.requests import Request

from abonent.crm.queries.claims import whole_claim
from abonent.crm.rules.claims import DECIDE, REPLIES, WORK
from abonent.crm.service.claims import working
from abonent.crm.service.claims.answering import answer_claim, composed
from abonent.crm.service.claims.rows import LONGEST, LONGEST_LINE
from abonent.kernel.i18n import N_
from abonent.kernel.money import plain_amount
from abonent.kernel.site import site_language
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.claims.opened import ONE, about, back, found_of, id_of, plain, seen
from abonent.web.render import signed_in


async def _answering(request: Request) -> Opened:
    whole = await whole_claim(id_of(request), by=signed_in(request).actor)
    found = whole.claim
    text = composed(whole, language=site_language()) if found.decision else ""
    given = {"text": text, "way": found.reply_by, "to": found.reply_to}
    return Opened(
        back=back(request),
        about=about(found),
        given=given,
        context={"found": found, "replies_of": REPLIES},
    )


_ANSWERED = {"paper": "answered", "email": "sent", "portal": "shown"}


async def _answer(request: Request, values: Values) -> str:
    await answer_claim(
        id_of(request),
        by=signed_in(request).actor,
        text=values["text"],
        way=values["way"],
        to=values["to"],
        language=site_language(),
        seen=seen(request),
    )
    return back(request, _ANSWERED[values["way"]])


ANSWER = Dialog(
    path=f"{ONE}/answer",
    right=WORK,
    title=N_("Answer the claim"),
    commit=N_("Answer"),
    fields=(
        Field(
            name="text",
            label=N_("Answer"),
            kind=Kind.AREA,
            longest=LONGEST,
            attributes={"rows": 12},
        ),
        Field(
            name="way",
            label=N_("How to answer"),
            kind=Kind.SEGMENTS,
            choices=tuple(REPLIES.items()),
        ),
        Field(
            name="to",
            label=N_("Address for the answer"),
            required=False,
            hint=N_("E-mail or postal address; left empty, it is that of the card."),
        ),
    ),
    opened=_answering,
    do=_answer,
    above="claims/answering.html",
)


async def _close(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await working.close_claim(id_of(request), by=by, note=values["note"])
    return back(request, "closed")


CLOSE = Dialog(
    path=f"{ONE}/close",
    right=WORK,
    title=N_("Close the claim"),
    commit=N_("Close"),
    fields=(
        Field(
            name="note",
            label=N_("How it ended"),
            kind=Kind.AREA,
            required=False,
            longest=4_000,
        ),
    ),
    opened=plain,
    do=_close,
)


async def _withdraw(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await working.withdraw_claim(id_of(request), by=by, note=values["note"])
    return back(request, "withdrawn")


WITHDRAW = Dialog(
    path=f"{ONE}/withdraw",
    right=WORK,
    title=N_("Taken back by the subscriber"),
    commit=N_("Close"),
    fields=(
        Field(
            name="note",
            label=N_("How it was taken back"),
            kind=Kind.AREA,
            longest=4_000,
            hint=N_("By what paper, letter or call, and when."),
        ),
    ),
    opened=plain,
    do=_withdraw,
)


async def _handing(request: Request) -> Opened:
    found = await found_of(request)
    given = {"court": found.court, "case": found.court_case}
    amount = found.demand if found.court_amount is None else found.court_amount
    given["amount"] = plain_amount(amount) if amount else ""
    given["on"] = found.court_on.isoformat() if found.court_on else ""
    return Opened(back=back(request), about=about(found), given=given)


async def _hand_over(request: Request, values: Values) -> str:
    await working.hand_to_court(
        id_of(request),
        by=signed_in(request).actor,
        court=values["court"],
        case=values["case"],
        amount=values["amount"],
        on=values["on"],
        seen=seen(request),
    )
    return back(request, "court")


COURT = Dialog(
    path=f"{ONE}/court",
    right=DECIDE,
    title=N_("Hand over to court"),
    commit=N_("Keep"),
    fields=(
        Field(name="court", label=N_("Court"), longest=LONGEST_LINE),
        Field(name="case", label=N_("Case"), required=False, longest=100, half=True),
        Field(name="on", label=N_("Date"), kind=Kind.DAY, required=False, half=True),
        Field(name="amount", label=N_("Sum of the suit"), kind=Kind.AMOUNT, required=False),
    ),
    opened=_handing,
    do=_hand_over,
)
