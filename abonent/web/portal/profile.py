"""Contacts, consents, password and sessions, as the subscriber sees and changes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.crm.errors import NotOnCard
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
    make_main_contact,
    remove_contact,
)
from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import N_, _
from abonent.web.errors import TooManyAttempts, status_of
from abonent.web.forms import form_of
from abonent.web.pages.people.words import CONSENT_CHANNELS, CONTACT_KINDS, PURPOSES
from abonent.web.portal.access import address_of_caller, entered, here, own, portal_page
from abonent.web.portal.codes import WAYS, ask_contact_code, confirm_by_code
from abonent.web.portal.doing import act_page, carried_out
from abonent.web.portal.errors import (
    CodeOver,
    NotConfirmedYet,
    NotWithdrawnHere,
    OnlyWayIn,
    WrongCode,
    WrongNumberOrPassword,
)
from abonent.web.portal.queries import devices_of
from abonent.web.portal.rules import CODE_LIFE
from abonent.web.portal.sessions import set_password

ASKED_COOKIE = "abonent_my_contact"
OFFERED = (
    (Purpose.ADVERTISING, Channel.SMS, N_("I agree to advertising by SMS")),
    (Purpose.ADVERTISING, Channel.EMAIL, N_("I agree to advertising by e-mail")),
    (Purpose.ADVERTISING, Channel.CALL, N_("I agree to advertising calls")),
)
"""Consents the portal asks for, each apart."""

OWN_HAND = {Purpose.ADVERTISING, Purpose.RECORDING}
"""What is withdrawn here at once; the others belong to the contract and to the law of debts."""

DONE = {
    "contact": N_("The contact is added. Confirm it by a code."),
    "confirmed": N_("The contact is confirmed"),
    "removed": N_("The contact is taken off"),
    "main": N_("This contact is the main one now"),
    "consent": N_("Your consent is kept"),
    "withdrawn": N_("Your consent is withdrawn"),
    "password": N_("The password is set; other sessions are ended"),
}


async def show_profile(request: Request) -> Response:
    """Show everything the provider reaches the subscriber by, and what it may do with it."""
    return await _profile(request, {}, None)


async def _profile(
    request: Request, given: Mapping[str, str], error: DomainError | None
) -> Response:
    who = entered(request)
    by = who.actor
    consents = await consents_of(who.subscriber_id, by=by)
    context: dict[str, Any] = {
        "given": given,
        "contacts": await contacts_of(who.subscriber_id, by=by),
        "consents": [c for c in consents if c.holds],
        "offered": _offered(consents),
        "devices": await devices_of(who.contract_id),
        "kinds": CONTACT_KINDS,
        "purposes": PURPOSES,
        "channels": CONSENT_CHANNELS,
        "own_hand": OWN_HAND,
        "done": DONE.get(request.query_params.get("done", "")),
        "here": here(request),
    }
    return act_page(request, "profile.html", context, error)


def _offered(consents: list[Consent]) -> list[tuple[str, str, str]]:
    held = {(c.purpose, c.channel) for c in consents if c.holds}
    whole = {purpose for purpose, channel in held if channel == Channel.ANY}
    return [(p, c, w) for p, c, w in OFFERED if (p, c) not in held and p not in whole]


async def add(request: Request) -> Response:
    """Add a contact; it counts for nothing until it is confirmed."""
    return await carried_out(request, do=_add, show=_profile)


async def _add(request: Request, form: Mapping[str, str]) -> str:
    number, by = own(request)
    kind = form.get("kind", "")
    if kind not in WAYS:
        raise Malformed.of("kind", kind, N_("Choose one of those offered."))
    new = NewContact(kind=ContactKind(kind), value=form.get("value", ""))
    await add_contact(number, by=by, new=new)
    return f"{here(request)}/profile?done=contact"


async def remove(request: Request) -> Response:
    """Take a contact off, unless codes could then come nowhere."""
    return await carried_out(request, do=_remove, show=_profile)


async def _remove(request: Request, form: Mapping[str, str]) -> str:
    del form  # the address names the contact
    number, by = own(request)
    contact = _contact_id(request)
    who = entered(request)
    known = await contacts_of(who.subscriber_id, by=by)
    if not any(_ways_in(known, without=contact)):
        raise OnlyWayIn
    await remove_contact(number, contact, by=by)
    return f"{here(request)}/profile?done=removed"


def _ways_in(contacts: list[Contact], *, without: int) -> list[Contact]:
    return [c for c in contacts if c.id != without and c.kind in WAYS and c.confirmed_at]


def _contact_id(request: Request) -> int:
    contact: int = request.path_params["contact"]
    return contact


async def make_main(request: Request) -> Response:
    """Make a confirmed contact the main one of its kind."""
    return await carried_out(request, do=_make_main, show=_profile)


async def _make_main(request: Request, form: Mapping[str, str]) -> str:
    del form  # the address names the contact
    number, by = own(request)
    contact = _contact_id(request)
    known = await contacts_of(entered(request).subscriber_id, by=by)
    found = next((c for c in known if c.id == contact), None)
    if found is None:
        raise NotOnCard("contact", contact)
    if found.confirmed_at is None:
        raise NotConfirmedYet
    await make_main_contact(number, contact, by=by)
    return f"{here(request)}/profile?done=main"


async def ask_confirmation(request: Request) -> Response:
    """Send a code to a contact that is to be confirmed."""
    who, contact = entered(request), _contact_id(request)
    try:
        asked = await ask_contact_code(
            who.contract_id, contact, by=who.actor, ip=address_of_caller(request)
        )
    except TooManyAttempts as error:
        return await _profile(request, {}, error)
    if asked is None:
        raise NotOnCard("contact", contact)
    path = f"{here(request)}/contacts/{contact}/confirm"
    response = RedirectResponse(path, 303)
    response.set_cookie(
        ASKED_COOKIE,
        asked,
        max_age=int(CODE_LIFE.total_seconds()),
        path="/my",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


async def show_confirmation(request: Request) -> Response:
    """Ask for the code that went to the contact."""
    return await _confirmation(request, None)


async def _confirmation(request: Request, error: DomainError | None) -> Response:
    who, contact = entered(request), _contact_id(request)
    known = await contacts_of(who.subscriber_id, by=who.actor)
    found = next((c for c in known if c.id == contact), None)
    if found is None:
        raise NotOnCard("contact", contact)
    context = {"contact": found, "here": here(request), "over": isinstance(error, CodeOver)}
    context["error"] = error.text() if error else None
    status = status_of(error) if error else 200
    return portal_page(request, "confirm.html", context, status=status)


async def confirm(request: Request) -> Response:
    """Confirm the contact by the code."""
    who = entered(request)
    form = await form_of(request)
    try:
        await confirm_by_code(
            who.contract_id,
            request.cookies.get(ASKED_COOKIE, ""),
            code=form.get("code", ""),
            by=who.actor,
            ip=address_of_caller(request),
        )
    except (WrongCode, CodeOver, TooManyAttempts) as error:
        return await _confirmation(request, error)
    return RedirectResponse(f"{here(request)}/profile?done=confirmed", 303)


async def consent(request: Request) -> Response:
    """Keep a consent; its proof is the form on the portal."""
    return await carried_out(request, do=_consent, show=_profile)


async def _consent(request: Request, form: Mapping[str, str]) -> str:
    number, by = own(request)
    asked = next((o for o in OFFERED if f"{o[0]}:{o[1]}" == form.get("consent")), None)
    if asked is None:
        raise Malformed.of("consent", "", N_("Choose one of those offered."))
    proof = _(
        "Ticked on the portal by the subscriber, session {id}", id=entered(request).session_id
    )
    await give_consent(
        number, by=by, new=NewConsent(purpose=asked[0], channel=asked[1], proof=proof)
    )
    return f"{here(request)}/profile?done=consent"


async def withdraw(request: Request) -> Response:
    """Withdraw a consent: it stops at once."""
    return await carried_out(request, do=_withdraw, show=_profile)


async def _withdraw(request: Request, form: Mapping[str, str]) -> str:
    del form  # the address names the consent
    number, by = own(request)
    chosen: int = request.path_params["consent"]
    known = await consents_of(entered(request).subscriber_id, by=by)
    found = next((c for c in known if c.id == chosen), None)
    if found is None:
        raise NotOnCard("consent", chosen)
    if found.purpose not in OWN_HAND:
        raise NotWithdrawnHere
    await withdraw_consent(number, chosen, by=by, how=_("On the portal, by the subscriber"))
    return f"{here(request)}/profile?done=withdrawn"


async def password(request: Request) -> Response:
    """Set the password for signing in without a code."""
    form = await form_of(request)
    try:
        if form.get("new", "") != form.get("again", ""):
            raise Malformed.of("again", "", N_("The two passwords differ."))
        await set_password(entered(request), new=form.get("new", ""), old=form.get("old", ""))
    except (Malformed, WrongNumberOrPassword, TooManyAttempts) as error:
        return await _profile(request, {}, error)
    return RedirectResponse(f"{here(request)}/profile?done=password", 303)
