"""The tabs of the card about people: subscriber, equipment, documents, history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.cards import (
    contract_of,
    equipment_of,
    notes_of,
    owner_changes_of,
    scans_of,
)
from abonent.crm.queries.faces import siblings_of
from abonent.crm.queries.history import KINDS, history_of
from abonent.crm.queries.people import consents_of, contacts_of, person_of
from abonent.crm.queries.places import entrance_of, entrances_of
from abonent.web.pages.accounts import card_of
from abonent.web.pages.people.frame import card_page, number_of
from abonent.web.pages.people.words import HISTORY_KINDS, details, told
from abonent.web.queries import names_of
from abonent.web.render import page_or_block, signed_in


async def show_subscriber(request: Request, revealed: Mapping[int, str] | None = None) -> Response:
    """Show who the subscriber is, how they are reached, what they agreed to, where they live."""
    by = signed_in(request).actor
    card = await card_of(number_of(request), by=by)
    context: dict[str, Any] = {"revealed": revealed or {}}
    if card.face:
        subscriber = card.face.subscriber
        entrances = await entrances_of(card.face.place, by=by)
        context |= {
            "person": await person_of(subscriber, by=by),
            "contacts": await contacts_of(subscriber, by=by),
            "consents": await consents_of(subscriber, by=by),
            "siblings": await siblings_of(card.face, by=by),
            "entrance": entrance_of(card.face.flat, card.face.entrance, entrances),
        }
    return await card_page(request, "people/subscriber.html", "subscriber", context, card=card)


async def show_equipment(request: Request) -> Response:
    """Show the devices on the account."""
    by = signed_in(request).actor
    card = await card_of(number_of(request), by=by)
    devices = await equipment_of(card.view.account, by=by)
    context = {"devices": devices}
    return await card_page(request, "people/equipment.html", "equipment", context, card=card)


async def show_documents(request: Request) -> Response:
    """Show the contract, the owners the account had and the archive of scans."""
    by = signed_in(request).actor
    card = await card_of(number_of(request), by=by)
    account = card.view.account
    scans = await scans_of(account, by=by) if by.may("crm.document.view") else []
    who = [actor for scan in scans for actor in (scan.added_by, scan.removed_by)]
    context = {
        "contract": await contract_of(account, by=by),
        "changes": await owner_changes_of(account, by=by),
        "scans": scans,
        "names": await names_of(who),
    }
    return await card_page(request, "people/documents.html", "documents", context, card=card)


async def show_history(request: Request) -> Response:
    """Show everything people did, the latest first, page by page, of one kind when it is chosen."""
    number, by = number_of(request), signed_in(request).actor
    kind = request.query_params.get("kind", "")
    kind = kind if kind in KINDS else ""
    found = await history_of(number, by=by, kind=kind, after=request.query_params.get("after"))
    lines = [(touch, told(touch), details(touch)) for touch in found.touches]
    context: dict[str, Any] = {"lines": lines, "next": found.next, "kind": kind, "number": number}
    if "after" in request.query_params:
        return page_or_block(request, "people/history_rows.html", "rows", context)
    card = await card_of(number, by=by)
    context |= {"kinds": HISTORY_KINDS, "notes": await notes_of(card.view.account, by=by)}
    context["names"] = await names_of(note.added_by for note in context["notes"])
    return await card_page(request, "people/history.html", "history", context, card=card)
