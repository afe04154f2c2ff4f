"""The card's tab of messages, writing one, and noting who is not to be turned to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.accounts import look
from abonent.crm.queries.contacting import contacted
from abonent.crm.queries.messages import (
    CHANNELS,
    PURPOSES,
    STATES,
    holds_of,
    messages_of,
)
from abonent.crm.queries.templates import templates_in_force
from abonent.crm.service.contact_rules import LONGEST_PROOF, hold_contact, lift_hold
from abonent.crm.service.messages import (
    EMAIL,
    SMS,
    NewMessage,
    can_contact,
    compose,
    queue_message,
)
from abonent.kernel import clock
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Malformed, Refused
from abonent.kernel.i18n import N_, _, current_language
from abonent.kernel.money import format_money
from abonent.kernel.site import site_language
from abonent.kernel.templates import MessageTemplate
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.accounts import card_of
from abonent.web.pages.people.frame import card_page, number_of
from abonent.web.render import signed_in

WRITE = "crm.message.write"
HOLD_RIGHT = "crm.message.hold"
LONGEST = 2000
HOLDS = {
    "silence": N_("asked not to be written to at all"),
    "refusal": N_("refused to be turned to about debts"),
    "representative": N_("has a representative in matters of debts"),
    "bankruptcy": N_("bankrupt"),
    "incapacity": N_("incapable"),
    "in_patient": N_("in hospital"),
    "disability_1": N_("disabled, group I"),
    "minor": N_("a minor"),
}
_KNOWN = frozenset({"name", "number", "company", "phone", "url", "balance", "debt"})
"""What a template may name to be written by hand: the card fills all of it."""
_DONE = {
    "message": N_("The message is on its way"),
    "hold": N_("It is noted who is not to be turned to"),
    "hold-lifted": N_("The subscriber may be turned to again"),
}
_ONE = "/accounts/{number:str}/messages"


async def show_messages(request: Request) -> Response:
    """Show what was written to the subscriber and what holds one back from writing."""
    by = signed_in(request).actor
    card = await card_of(number_of(request), by=by)
    titles = await templates_in_force(current_language())
    context = {
        "messages": await messages_of(card.view.account, by=by),
        "holds": await holds_of(card.face.subscriber, by=by) if card.face else [],
        "hold_words": HOLDS,
        "states": STATES,
        "channels": CHANNELS,
        "titles": {code: one.title for code, one in titles.items()},
        "told": _DONE.get(request.query_params.get("done", "")),
    }
    return await card_page(request, "messages/card.html", "messages", context, card=card)


async def _writing(request: Request) -> Opened:
    loaded = await look(number_of(request))
    async with reading() as connection:
        account = loaded.book.account
        known = await contacted(connection, account, channel=SMS, at=clock.now())
    templates = [one for one in (await templates_in_force(site_language())).values() if _fits(one)]
    choices = [("", _("Free text")), *((one.code, one.title) for one in templates)]
    channel = SMS if known.phone or not known.email else EMAIL
    return Opened(
        back=f"/accounts/{number_of(request)}/messages",
        given={"channel": channel, "purpose": "service", "template": ""},
        choices={"template": choices},
        about=known.name,
    )


def _fits(template: MessageTemplate) -> bool:
    return set(template.longest) <= _KNOWN


async def _asked(request: Request, values: Values) -> NewMessage:
    loaded = await look(number_of(request))
    balance = loaded.book.balance
    language = site_language()
    return NewMessage(
        account_id=loaded.book.account,
        channel=values["channel"],
        template=values["template"] or "",
        values={
            "balance": format_money(balance, language),
            "debt": format_money(max(0, -balance), language),
        },
        text=values["text"] or "",
        subject=values["subject"] or "",
        purpose=values["purpose"],
    )


async def _preview(request: Request, values: Values) -> Mapping[str, Any]:
    message = await _asked(request, values)
    if not message.template and not message.text.strip():
        return {}
    async with reading() as connection:
        known = await contacted(
            connection, message.account_id, channel=message.channel, at=clock.now()
        )
    composed = await compose(message, known)
    return {"composed": composed, "verdict": await can_contact(message), "channel": message.channel}


async def _write(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    by.require(WRITE)
    message = await _asked(request, values)
    if message.template and message.text.strip():
        both = N_("A template has its own words: choose free text, or leave this empty.")
        raise Malformed.of("text", message.text, both)
    async with unit_of_work(by) as work:
        queued = await queue_message(work, message)
        if queued.id is None:
            raise Refused("MESSAGE_REFUSED", queued.verdict.text().replace("{", "("))
        await work.audit(
            "crm:message:written",
            f"message:{queued.id}",
            account_id=message.account_id,
            after={"channel": message.channel, "template": message.template},
        )
    return f"/accounts/{number_of(request)}/messages?done=message"


async def _holding(request: Request) -> Opened:
    await look(number_of(request))
    return Opened(back=f"/accounts/{number_of(request)}/messages")


async def _hold(request: Request, values: Values) -> str:
    number, by = number_of(request), signed_in(request).actor
    await hold_contact(number, by=by, kind=values["kind"], proof=values["proof"])
    return f"/accounts/{number}/messages?done=hold"


async def _lift(request: Request, _values: Values) -> str:
    number, by = number_of(request), signed_in(request).actor
    await lift_hold(number, request.path_params["hold"], by=by)
    return f"/accounts/{number}/messages?done=hold-lifted"


WRITING = Dialog(
    path=f"{_ONE}/new",
    right=WRITE,
    title=N_("Write to the subscriber"),
    commit=N_("Send"),
    fields=(
        Field(
            name="channel",
            label=N_("Way of writing"),
            kind=Kind.SEGMENTS,
            choices=((SMS, CHANNELS[SMS]), (EMAIL, CHANNELS[EMAIL])),
        ),
        Field(name="template", label=N_("Template"), kind=Kind.CHOICE, required=False),
        Field(name="text", label=N_("Text"), kind=Kind.AREA, required=False, longest=LONGEST),
        Field(
            name="subject",
            label=N_("Subject of the letter"),
            required=False,
            hint=N_("Only for e-mail; a template has its own."),
        ),
        Field(
            name="purpose",
            label=N_("Purpose of writing"),
            kind=Kind.CHOICE,
            choices=tuple(PURPOSES.items()),
            hint=N_("The law counts messages about debts; advertising needs a consent."),
        ),
    ),
    opened=_writing,
    preview=_preview,
    do=_write,
    below="messages/preview.html",
)
HOLD = Dialog(
    path=f"{_ONE}/holds/new",
    right=HOLD_RIGHT,
    title=N_("Not to be turned to"),
    commit=N_("Note it"),
    fields=(
        Field(
            name="kind",
            label=N_("Why"),
            kind=Kind.CHOICE,
            open=True,
            choices=tuple(HOLDS.items()),
        ),
        Field(
            name="proof",
            label=N_("Where it can be seen"),
            kind=Kind.AREA,
            longest=LONGEST_PROOF,
            hint=N_("A letter, a ruling, the request it was asked in."),
        ),
    ),
    opened=_holding,
    do=_hold,
)
LIFT = Dialog(
    path=f"{_ONE}/holds/{{hold:int}}/lift",
    right=HOLD_RIGHT,
    title=N_("Turn to the subscriber again"),
    commit=N_("Lift it"),
    opened=_holding,
    do=_lift,
)
