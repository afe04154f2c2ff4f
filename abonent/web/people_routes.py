"""The addresses of people and places."""

from __future__ import annotations

from abonent.web.access import PageRoute
from abonent.web.pages.people import (
    buildings,
    contacts,
    contracts,
    equipment,
    notes,
    persons,
    scans,
    tabs,
)

_ONE = "/accounts/{number:str}"
_SEE = "crm.subscriber.view"
_PAPERS = "crm.document.view"

PEOPLE_ROUTES = (
    PageRoute(f"{_ONE}/subscriber", tabs.show_subscriber, right=_SEE),
    PageRoute(f"{_ONE}/equipment", tabs.show_equipment, right=_SEE),
    PageRoute(f"{_ONE}/documents", tabs.show_documents, right=_SEE),
    PageRoute(f"{_ONE}/history", tabs.show_history, right=_SEE),
    PageRoute(f"{_ONE}/identity", persons.show_identity, right=_PAPERS, methods=("POST",)),
    PageRoute(
        f"{_ONE}/contacts/{{contact:int}}/reveal",
        contacts.reveal,
        right="crm.contact.view",
        methods=("POST",),
    ),
    PageRoute(f"{_ONE}/contract.pdf", contracts.print_contract, right=_PAPERS),
    PageRoute(f"{_ONE}/owners/{{no:int}}.pdf", contracts.print_owner_act, right=_SEE),
    *contacts.ADD.routes,
    *contacts.REMOVE.routes,
    *contacts.CHANGE.routes,
    *contacts.GIVE.routes,
    *contacts.WITHDRAW.routes,
    *persons.CORRECT.routes,
    *persons.IDENTITY.routes,
    *persons.FLAT.routes,
    *contracts.CORRECT.routes,
    *contracts.MOVE.routes,
    *contracts.OWNER.routes,
    *contracts.NUMBERS.routes,
    *equipment.GIVE.routes,
    *equipment.CHANGE.routes,
    *equipment.RETURN.routes,
    *notes.ADD.routes,
    *notes.CHANGE.routes,
    *notes.REMOVE.routes,
    *scans.ADD.routes,
    PageRoute(f"{_ONE}/scans/{{scan:int}}", scans.show_scan, right=_PAPERS),
    *scans.REMOVE.routes,
    PageRoute("/buildings/{place:int}", buildings.show_building, right=_SEE),
    *buildings.DESCRIBE.routes,
    *buildings.ENTRANCE.routes,
)
