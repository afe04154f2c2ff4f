"""Contacts and consents: the dialogs, and showing a whole number on demand."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.reach import check_exists
from abonent.crm.masking import whole_contact
from abonent.crm.queries.people import Consent, Contact, consents_of, contacts_of
from abonent.crm.service.consents import (
    Channel,
    NewConsent,
    Purpose,
    give_consent,
    withdraw_consent,
)
from abonent.crm.service.contacts import (
    ContactKind,
    NewContact,
    add_contact,
    change_contact,
    remove_contact,
    reveal_contact,
)
from abonent.kernel import clock
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_, _
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.people import tabs
from abonent.web.pages.people.frame import ABOVE, choices, face, number_of, saying_who, seen
from abonent.web.pages.people.words import CONSENT_CHANNELS, CONTACT_KINDS, PURPOSES
from abonent.web.render import desk_of, fragment, signed_in, wants_fragment

# An applicant for work is no subscriber: that consent is never asked for on a card.
_OF_SUBSCRIBERS = {code: name for code, name in PURPOSES.items() if code != "candidate"}
_ONE = "/accounts/{number:str}"
_EDIT = "crm.subscriber.edit"

_CONTACT_FIELDS = (
    Field(
        name="value",
        label=N_("Number or address"),
        hint=N_("A phone as it is written; a messenger with its name: Telegram @petrov."),
    ),
    Field(
        name="label",
        label=N_("Whose it is"),
        required=False,
        longest=60,
        hint=N_("Such as: husband, work, bookkeeper."),
    ),
    Field(name="main", label=N_("The main one of its kind"), kind=Kind.TICK, required=False),
    Field(
        name="confirmed",
        label=N_("Confirmed: the subscriber answered by it"),
        kind=Kind.TICK,
        required=False,
    ),
)


def _back(request: Request, done: str = "") -> str:
    return f"/accounts/{number_of(request)}/subscriber" + (f"?done={done}" if done else "")


async def _contact(request: Request) -> Contact:
    """The contact of the address, as the card shows it. Raises NotFound."""
    own = await face(request)
    wanted = request.path_params["contact"]
    for one in await contacts_of(own.subscriber, by=signed_in(request).actor):
        if one.id == wanted:
            return one
    raise NotFound("NOT_FOUND", _GONE)


_GONE = N_("It is not on this card any more: a colleague may have removed it.")


def _new(values: Values, kind: str) -> NewContact:
    return NewContact(
        kind=ContactKind(kind),
        value=values["value"],
        label=values["label"],
        main=values["main"],
        confirmed=values["confirmed"],
    )


async def _adding(request: Request) -> Opened:
    await check_exists(number_of(request))
    return Opened(
        back=_back(request),
        given={"kind": "phone"},
        choices={"kind": choices(CONTACT_KINDS)},
    )


async def _add(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await add_contact(number_of(request), by=by, new=_new(values, values["kind"]))
    return _back(request, "contact")


async def _changing(request: Request) -> Opened:
    """The whole value stands in the form: opening it is looking at it, and is audited as such."""
    found = await _contact(request)
    given: dict[str, str] = {}
    if request.method == "GET":
        by = signed_in(request).actor
        whole = await reveal_contact(number_of(request), found.id, by=by)
        given = {
            "version": str(found.version),
            "value": whole_contact(found.kind, whole),
            "label": found.label,
            "main": "on" if found.main else "",
            "confirmed": "on" if found.confirmed_at else "",
        }
    return Opened(back=_back(request), given=given, about=_(CONTACT_KINDS[found.kind]))


async def _change(request: Request, values: Values) -> str:
    found = await _contact(request)
    change = change_contact(
        number_of(request),
        found.id,
        by=signed_in(request).actor,
        seen=await seen(request),
        new=_new(values, found.kind),
    )
    await saying_who(change)
    return _back(request, "contact")


async def _removing(request: Request) -> Opened:
    found = await _contact(request)
    return Opened(back=_back(request), about=f"{_(CONTACT_KINDS[found.kind])}: {found.shown}")


async def _remove(request: Request, _values: Values) -> str:
    by = signed_in(request).actor
    await remove_contact(number_of(request), request.path_params["contact"], by=by)
    return _back(request, "contact-removed")


async def reveal(request: Request) -> Response:
    """Answer the whole contact in place of the masked one; without a script, within its page."""
    number, contact = number_of(request), request.path_params["contact"]
    whole = await reveal_contact(number, contact, by=signed_in(request).actor)
    found = await _contact(request)
    shown = whole_contact(found.kind, whole)
    if not wants_fragment(request):
        return await tabs.show_subscriber(request, revealed={contact: shown})
    context = {"shown": shown, "kind": found.kind, "whole": whole}
    return fragment(request, "people/revealed.html", "value", context)


async def _giving(request: Request) -> Opened:
    await check_exists(number_of(request))
    return Opened(
        back=_back(request),
        given={"channel": "any"},
        choices={"purpose": choices(_OF_SUBSCRIBERS), "channel": choices(CONSENT_CHANNELS)},
    )


async def _give(request: Request, values: Values) -> str:
    zone = clock.zone(desk_of(request).settings.timezone)

    def midnight(name: str, days: int = 0) -> Any:
        day = values[name]
        return datetime.combine(day + timedelta(days), time(), zone) if day else None

    new = NewConsent(
        purpose=Purpose(values["purpose"]),
        channel=Channel(values["channel"]),
        proof=values["proof"],
        since=midnight("since"),
        till=midnight("till", 1),
    )
    await give_consent(number_of(request), by=signed_in(request).actor, new=new)
    return _back(request, "consent")


async def _consent(request: Request) -> Consent:
    own = await face(request)
    for one in await consents_of(own.subscriber, by=signed_in(request).actor):
        if one.id == request.path_params["consent"]:
            return one
    raise NotFound("NOT_FOUND", _GONE)


async def _withdrawing(request: Request) -> Opened:
    found = await _consent(request)
    about = f"{_(PURPOSES[found.purpose])}: {_(CONSENT_CHANNELS[found.channel])}"
    return Opened(back=_back(request), about=about, given={"version": str(found.version)})


async def _withdraw(request: Request, values: Values) -> str:
    work = withdraw_consent(
        number_of(request),
        request.path_params["consent"],
        by=signed_in(request).actor,
        how=values["how"],
        seen=await seen(request),
    )
    await saying_who(work)
    return _back(request, "withdrawn")


ADD = Dialog(
    path=f"{_ONE}/contacts/new",
    right=_EDIT,
    identity="contacts",
    title=N_("Add a contact"),
    commit=N_("Add"),
    fields=(Field(name="kind", label=N_("Kind"), kind=Kind.SEGMENTS), *_CONTACT_FIELDS),
    opened=_adding,
    do=_add,
)
CHANGE = Dialog(
    path=f"{_ONE}/contacts/{{contact:int}}",
    right=_EDIT,
    identity="contacts",
    title=N_("Change the contact"),
    commit=N_("Save"),
    fields=_CONTACT_FIELDS,
    above=ABOVE,
    opened=_changing,
    do=_change,
)
REMOVE = Dialog(
    path=f"{_ONE}/contacts/{{contact:int}}/remove",
    right=_EDIT,
    identity="contacts",
    title=N_("Take the contact off the card"),
    commit=N_("Take it off"),
    opened=_removing,
    do=_remove,
)
GIVE = Dialog(
    path=f"{_ONE}/consents/new",
    right=_EDIT,
    identity="consents",
    title=N_("Record a consent"),
    commit=N_("Record"),
    fields=(
        Field(
            name="purpose",
            label=N_("Purpose of the consent"),
            kind=Kind.CHOICE,
            half=True,
            open=True,
        ),
        Field(name="channel", label=N_("By what way"), kind=Kind.CHOICE, half=True),
        Field(
            name="proof",
            label=N_("Where it can be seen"),
            hint=N_("The signed paper and its day, the recording, the tick on the portal."),
        ),
        Field(
            name="since",
            label=N_("From"),
            kind=Kind.DAY,
            required=False,
            half=True,
            hint=N_("Empty: from now on."),
        ),
        Field(
            name="till",
            label=N_("Last day"),
            kind=Kind.DAY,
            required=False,
            half=True,
            hint=N_("Empty: until it is withdrawn."),
        ),
    ),
    opened=_giving,
    do=_give,
)
WITHDRAW = Dialog(
    path=f"{_ONE}/consents/{{consent:int}}/withdraw",
    right=_EDIT,
    title=N_("Withdraw the consent"),
    commit=N_("Withdraw at once"),
    fields=(
        Field(
            name="how",
            label=N_("How the subscriber withdrew it"),
            hint=N_("By call, by letter, in the office; it holds no more from this minute."),
        ),
    ),
    above=ABOVE,
    opened=_withdrawing,
    do=_withdraw,
)
