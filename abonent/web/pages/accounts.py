"""The card of an account: who, how it stands, what is needed next, its services and its money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.accounts import AccountView, look, view_of
from abonent.billing.queries.books import Loaded
from abonent.billing.queries.cash.receipts import receipt_of_entry
from abonent.billing.queries.past import past_of
from abonent.billing.queries.statement import Item, Statement, read_entry, statement
from abonent.billing.rules.explanation import Explanation, explain
from abonent.billing.rules.forecast import Provision, provisions
from abonent.billing.rules.periods import DAY
from abonent.billing.rules.promises import missing_today
from abonent.billing.rules.standing import funds, not_yet_due, unlent
from abonent.crm.identity_levels import Levels, identity_levels
from abonent.crm.queries.faces import Face, Openings, head_of
from abonent.crm.queries.people import contacts_of
from abonent.crm.rules.identity import Mode, Standing
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.errors import FieldError, NotFound
from abonent.kernel.i18n import N_, current_language
from abonent.web.card_tabs import tabs_for
from abonent.web.forms import by_field
from abonent.web.lessons import note_looked
from abonent.web.pages.people.words import CONTRACT_STATES
from abonent.web.queries import name_of, names_of
from abonent.web.recents import note_seen
from abonent.web.render import page, page_or_block, signed_in
from abonent.web.words import (
    ACCOUNT_STATES,
    MODES,
    PROMISE_STATES,
    SERVICE_KINDS,
    SERVICE_STATES,
    title_of,
)

LATEST = 6
PAGE = 50
NEWS = timedelta(seconds=60)
"""How long a payment just taken is told of; its address may be opened again at any time."""

_DONE = {
    "payment": N_("The payment is taken"),
    "promise": N_("The promised payment is given"),
    "tariff": N_("The tariff is changed"),
    "freeze": N_("The freeze is set"),
    "freeze-end": N_("The end of the freeze is set"),
    "fee": N_("The fee is charged"),
    "bonus": N_("The bonus is given"),
    "refund": N_("The money is paid back"),
    "credit": N_("The credit limit is set"),
    "billing-day": N_("The billing day is changed"),
    "discount": N_("The discount is granted"),
    "service-add": N_("The service is added"),
    "service-end": N_("The end of the service is set"),
    "suspension": N_("The suspension is changed"),
    "recalculation": N_("The period is recalculated"),
    "void": N_("The payment is voided"),
    "note": N_("The note is kept"),
    "note-removed": N_("The note is taken off"),
    "owner": N_("The account has a new owner"),
    "identity": N_("It is written down that you made sure of who asks"),
    "identity-over": N_("The conversation is over: nothing is confirmed any more"),
}
_CHANNELS = {"office": N_("office"), "automaton": N_("automatic"), "portal": N_("portal")}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the card shows it: one line that opens into its calculation."""

    item: Item
    title: str
    told: Explanation


@dataclass(frozen=True, slots=True)
class Card:
    """What the head of every page of an account says.

    `missing` is what services lack today, `overdue` what is charged and past its day, `put_off` what
    of that a promise covers; `ways` are payments that keep every service through a period. `billed`
    is charged after the period and not yet due. `standing` is how sure one is of who asks, with the
    `levels` there are; None where it is not asked for.
    """

    view: AccountView
    face: Face | None
    missing: int
    overdue: int
    put_off: int
    billed: int
    ways: list[Provision]
    stops_on: date | None
    monthly: int
    names: dict[str, str]
    openings: Openings
    standing: Standing | None = None
    levels: Levels | None = None

    @property
    def asked(self) -> int:
        """What to ask for when somebody comes to pay; 0 when nothing is in sight."""
        return self.ways[0].amount if self.ways else self.billed


async def card_of(number: str, *, by: Actor) -> Card:
    """Read the head of the card. Raises AccountNotFound."""
    loaded = await look(number)
    if not by.may("crm.subscriber.view"):
        return card_from(loaded, None)
    card = card_from(loaded, *await head_of(number, by=by))
    standing = card.openings.standing
    if standing is None or standing.mode is Mode.OFF or not by.may("crm.identity.confirm"):
        return card
    return replace(card, standing=standing, levels=await identity_levels())


def card_from(loaded: Loaded, face: Face | None, openings: Openings | None = None) -> Card:
    """Make the head from a book already brought to the open day."""
    view = view_of(loaded)
    until = view.outlook.until
    billed = max(0, -not_yet_due(loaded.book))
    missing = missing_today(loaded.book)
    overdue = 0 if missing else max(0, -view.balance - billed)
    put_off = min(overdue, funds(loaded.book) - unlent(loaded.book))
    living = [s for s in view.services if s.state != "ended"]
    return Card(
        view=view,
        face=face,
        missing=missing,
        overdue=overdue - put_off,
        put_off=put_off,
        billed=billed,
        ways=provisions(loaded.book, view.outlook),
        stops_on=until + DAY if until else None,
        monthly=sum(s.fee for s in living),
        names={t.code: t.name for t in loaded.catalogue.tariffs.values()},
        openings=openings or Openings(),
    )


def words() -> dict[str, Any]:
    """The tables of words that the templates of an account use."""
    return {
        "account_states": ACCOUNT_STATES,
        "service_states": SERVICE_STATES,
        "service_kinds": SERVICE_KINDS,
        "modes": MODES,
        "promise_states": PROMISE_STATES,
        "channels": _CHANNELS,
        "tabs_for": tabs_for,
        "contract_word": CONTRACT_STATES.__getitem__,
    }


async def show_account(request: Request) -> Response:
    """Show services and the latest money; ``done`` in the address says what was just done."""
    number, identity = request.path_params["number"], signed_in(request)
    card = await card_of(number, by=identity.actor)
    latest = await statement(number, by=identity.actor, limit=LATEST, newest_first=True)
    await note_seen(identity.user_id, card.view.account)
    context = {
        "card": card,
        "tab": "overview",
        "lines": await lines_of(latest),
        "more": latest.next is not None,
        "contacts": await contacts_of(card.face.subscriber, by=identity.actor) if card.face else [],
        "done": await _done(request, number),
    }
    return page(request, "account.html", context | words())


async def _done(request: Request, number: str) -> dict[str, Any] | None:
    """What was just done, with the payment's entry and receipt; None for one of some time ago."""
    kind, _, no = request.query_params.get("done", "").partition(":")
    if kind not in _DONE:
        return None
    if kind != "payment":
        return {"title": _DONE[kind], "entry": None}
    by = signed_in(request).actor
    try:
        entry, _prices = await read_entry(number, int(no), by=by)
    except (NotFound, ValueError):
        return None
    if entry.created_at is None or clock.now() - entry.created_at >= NEWS:
        return None
    receipt = await receipt_of_entry(number, entry.posting.no, by=by)
    return {"title": _DONE[kind], "entry": entry, "receipt": receipt}


async def lines_of(found: Statement) -> list[Line]:
    """Return entries with their titles and calculations in the current language."""
    names = await names_of(item.actor for item in found.items)
    return [
        Line(
            item,
            title_of(item),
            explain(
                item.posting,
                catalogue=found.catalogue,
                language=current_language(),
                account_number=found.number,
                actor=item.actor,
                actor_name=names.get(item.actor or ""),
            ),
        )
        for item in found.items
    ]


async def show_money(request: Request) -> Response:
    """Show the statement, the latest first, page by page, between two days when they are given."""
    number, identity = request.path_params["number"], signed_in(request)
    given = request.query_params
    errors: dict[str, str] = {}
    since, until = _day(given, "since", errors), _day(given, "until", errors)
    found = await statement(
        number,
        by=identity.actor,
        since=since,
        until=until + DAY if until else None,
        after=given.get("after"),
        limit=PAGE,
        newest_first=True,
    )
    context: dict[str, Any] = {"lines": await lines_of(found), "next": found.next, "tab": "money"}
    context |= {"given": given, "errors": errors, "since": since, "until": until}
    context["card"] = await card_of(number, by=identity.actor)
    return page_or_block(request, "account_money.html", "entries", context | words())


def _day(given: Mapping[str, str], name: str, errors: dict[str, str]) -> date | None:
    text = given.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        wrong = FieldError(name, text, N_("A date is written YYYY-MM-DD."))
        errors |= by_field((wrong,))
        return None


async def show_entry(request: Request) -> Response:
    """Show one entry with every step of its calculation and who posted it."""
    number, identity = request.path_params["number"], signed_in(request)
    item, catalogue = await read_entry(number, request.path_params["no"], by=identity.actor)
    told = explain(
        item.posting,
        catalogue=catalogue,
        language=current_language(),
        account_number=number,
        actor=item.actor,
        actor_name=await name_of(item.actor) if item.actor else None,
    )
    receipt = await receipt_of_entry(number, item.posting.no, by=identity.actor)
    await note_looked(request, identity.user_id, "explanation")
    context = {"line": Line(item, title_of(item), told), "tab": "money", "receipt": receipt}
    context |= {"card": await card_of(number, by=identity.actor)}
    return page(request, "account_entry.html", context | words())


async def show_past(request: Request) -> Response:
    """Show promises and freezes, those that are over too."""
    number, identity = request.path_params["number"], signed_in(request)
    promises, freezes = await past_of(number, by=identity.actor)
    context = {"promises": promises, "freezes": freezes, "tab": "past"}
    context |= {"card": await card_of(number, by=identity.actor)}
    return page(request, "account_past.html", context | words())
