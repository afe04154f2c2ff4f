"""How many statements every page of the staff asks of the database, on a provider that is lived in.

With ABONENT_LOOKED set to a folder the counts are left there as a table.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from abonent.crm.demo.run import Demo, make_demo
from abonent.web.access import PUBLIC, PageRoute
from abonent.web.routes import ROUTES

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
MOST = 12
TRIED = {
    "/": 14,
    "/accounts/{number:str}/contract.pdf": 20,
    "/accounts/{number:str}/services/end": 19,
    "/accounts/{number:str}/recalculation": 13,
    "/accounts/{number:str}/refund": 20,
    "/accounts/{number:str}/credit": 16,
    "/accounts/{number:str}/entries/{no:int}/void": 19,
    "/parked/{payment:int}": 20,
}
"""Pages that carry the change out and take it back to show its outcome, the longest document, the
payment whose account is looked for by everything it tells, and the start page of who has every right:
each department is asked once what waits."""
NEVER_ENDS = "/day/stream"
NOWHERE = {
    "/conversations/notices/{notice:int}/sound",
    "/accounts/{number:str}/messages/holds/{hold:int}/lift",
    "/claims/{claim:int}/files/{file:int}",
    "/quality/cards/{card:int}",
    "/quality/cards/{card:int}/anew",
    "/quality/cards/{card:int}/moves/{move:str}",
    "/accounts/{number:str}/scans/{scan:int}",
    "/accounts/{number:str}/scans/{scan:int}/remove",
    "/imports/{number:int}",
    "/imports/{number:int}/troubles.csv",
    "/tasks/{task:int}/file",
    "/window/tickets/{ticket:int}/finish",
    "/window/tickets/{ticket:int}/pass",
    "/window/tickets/{ticket:int}/account",
    "/queue/settings/offices/{office:int}/devices/{device:int}/revoke",
}
"""Pages of what the demo has none of."""
TABLE = os.environ.get("ABONENT_LOOKED", "")
DEMO = Demo(subscribers=80, months=1, seed=5, day=date(2026, 6, 10))

# What the addresses that begin so name, where the demo has one.
_CONTACT = """SELECT a.number, x.id AS contact FROM crm_contact x
    JOIN crm_contract c USING (subscriber_id) JOIN crm_account a ON a.contract_id = c.id
    ORDER BY x.id DESC LIMIT 1"""
_CONSENT = """SELECT a.number, x.id AS consent FROM crm_consent x
    JOIN crm_contract c USING (subscriber_id) JOIN crm_account a ON a.contract_id = c.id
    ORDER BY x.id DESC LIMIT 1"""
NAMED = {
    "/script-runs/{run}": """SELECT max(id) AS run FROM crm_script_run
        WHERE account_id IS NOT NULL""",
    "/scripts/{slug}": "SELECT 'advance-payment' AS slug",
    "/scripts/{slug}/draft": """SELECT slug, 'ready' AS step FROM crm_script_version
        WHERE state = 'draft'""",
    "/scripts/{slug}/draft/ends/{end}": """SELECT slug, draft -> 'outcome' -> 0 ->> 'code' AS end
        FROM crm_script_version WHERE state = 'draft'""",
    "/workflows/{workflow}": "SELECT 'request' AS workflow",
    "/accounts/{number}": "SELECT number FROM crm_account ORDER BY number LIMIT 1",
    "/accounts/{number}/entries/{no}": """SELECT number, no FROM billing_entry
        JOIN billing_account USING (account_id) WHERE kind = 'payment' LIMIT 1""",
    "/accounts/{number}/owners/{no}": """SELECT number, no FROM crm_owner_change
        JOIN crm_account USING (account_id) LIMIT 1""",
    "/accounts/{number}/scans/{scan}": """SELECT number, x.id AS scan FROM crm_scan x
        JOIN crm_account USING (account_id) LIMIT 1""",
    "/accounts/{number}/freezes/{no}": """SELECT number, no FROM billing_freeze
        JOIN billing_account USING (account_id) ORDER BY ends_on DESC LIMIT 1""",
    "/accounts/{number}/contacts/{contact}": _CONTACT,
    "/accounts/{number}/consents/{consent}": _CONSENT,
    "/accounts/{number}/equipment/{device}": """SELECT number, x.id AS device FROM crm_equipment x
        JOIN crm_account USING (account_id) LIMIT 1""",
    "/accounts/{number}/notes/{note}": """SELECT number, x.id AS note FROM crm_note x
        JOIN crm_account USING (account_id) LIMIT 1""",
    "/buildings/{place}": "SELECT min(place_id) AS place FROM crm_account",
    "/number-plans/{entity}": "SELECT code AS entity FROM billing_legal_entity LIMIT 1",
    "/cash/shifts/{shift}": "SELECT min(id) AS shift FROM cash_shift",
    "/cash/receipts/{desk}/{no}": "SELECT desk_id AS desk, no FROM cash_receipt LIMIT 1",
    "/provider/companies/{code}": "SELECT code FROM billing_legal_entity LIMIT 1",
    "/provider/offices/edit/{code}": "SELECT code FROM office LIMIT 1",
    "/provider/desks/edit/{code}": "SELECT code FROM cash_desk LIMIT 1",
    "/documents/{document}": "SELECT max(id) AS document FROM billing_document",
    "/outside/days/{agreement}/{day}": """SELECT code AS agreement, '2026-06-09' AS day
        FROM billing_agreement LIMIT 1""",
    "/outside/files/{file}": "SELECT max(id) AS file FROM billing_outside_file",
    "/imports/{number}": "SELECT max(id) AS number FROM billing_taken_file",
    "/outside/agreement/{agreement}": "SELECT code AS agreement FROM billing_agreement LIMIT 1",
    "/parked/{payment}": "SELECT min(id) AS payment FROM billing_parked_payment",
    "/tariffs/{tariff}": "SELECT min(id) AS tariff FROM billing_tariff",
    "/offers/change?code={code}": "SELECT code FROM billing_offer LIMIT 1",
    "/calendar/{year}": "SELECT 2026 AS year",
    "/calendar/day/{day}": "SELECT '2026-06-12' AS day",
    "/accounts/{number}/conversations/{conversation}": """SELECT number, id AS conversation
        FROM crm_conversation_line WHERE number IS NOT NULL ORDER BY id LIMIT 1""",
    "/conversations/{conversation}": "SELECT max(id) AS conversation FROM crm_conversation",
    "/quality/cards/{card}": "SELECT max(id) AS card FROM crm_quality_card",
    "/quality/cards/{card}/moves": "SELECT max(id) AS card, 'agree' AS move FROM crm_quality_card",
    "/quality/cards/{card}/anew": """SELECT max(id) AS card FROM crm_quality_card
        WHERE state = 'appealed'""",
    "/claims/{claim}/files/{file}": """SELECT claim_id AS claim, id AS file
        FROM crm_claim_file LIMIT 1""",
    "/accounts/{number}/messages/holds/{hold}": """SELECT a.number, h.id AS hold
        FROM crm_contact_hold h JOIN crm_contract c ON c.subscriber_id = h.subscriber_id
        JOIN crm_account a ON a.contract_id = c.id LIMIT 1""",
    "/messages/notices/{code}": "SELECT 'paid' AS code",
    "/messages/notices-ahead/{code}": "SELECT 'pre-due' AS code",
    "/messages/templates/{code}": "SELECT 'debt' AS code",
    "/messages/{account}/{message}": """SELECT account_id AS account, id AS message
        FROM crm_message LIMIT 1""",
    "/requests/{request}/reopen": """SELECT max(number) AS request FROM crm_request
        WHERE state = 'resolved'""",
    "/requests/{request}/files/{file}": """SELECT r.number AS request, f.id AS file
        FROM crm_request_file f JOIN crm_request r ON r.id = f.request_id LIMIT 1""",
    "/chats/{request}": "SELECT max(number) AS request FROM crm_request WHERE channel = 'chat'",
    "/requests/{request}": "SELECT max(number) AS request FROM crm_request",
    "/surveys/{survey}": """SELECT id AS survey FROM crm_survey_sent
        ORDER BY request_id IS NULL, id LIMIT 1""",
    "/campaigns/{campaign}": """SELECT id AS campaign FROM crm_campaign
        WHERE launched_at IS NOT NULL ORDER BY id LIMIT 1""",
    "/claims/{claim}": "SELECT max(id) AS claim FROM crm_claim WHERE posted IS NOT NULL",
    "/claims/{claim}/answers/{answer}": """SELECT claim_id AS claim, id AS answer
        FROM crm_claim_answer LIMIT 1""",
    "/legal/rules/{key}/{since}": "SELECT key, valid_from AS since FROM legal_rule LIMIT 1",
    "/staff/{user}": "SELECT min(id) AS user FROM web_user",
    "/roles/{code}": "SELECT 'office' AS code",
    "/queue/settings/offices/{office}/devices/{device}": """SELECT office_id AS office, id AS device
        FROM crm_queue_device LIMIT 1""",
    "/queue/settings/offices/{office}": "SELECT min(office_id) AS office FROM crm_queue_office",
    "/queue/settings/windows/{window}": "SELECT min(id) AS window FROM crm_queue_window",
    "/queue/settings/services/{service}": "SELECT min(id) AS service FROM crm_queue_service",
    "/knowledge/{slug}": "SELECT 'refund' AS slug",
    "/my/help/{slug}": "SELECT 'refund' AS slug",
    "/audit/{row}": "SELECT max(id) AS row FROM audit",
}

ASKED = {"/offers/change": "?code={code}"}
"""What is asked in the address of a page that shows nothing without it."""


async def _address(db: Any, path: str) -> str | None:
    """The address of a route on this provider; None where it has nothing of the kind."""
    plain = re.sub(r":\w+\}", "}", path) + ASKED.get(path, "")
    if "{" not in plain:
        return plain
    for start in sorted(NAMED, key=len, reverse=True):
        if plain == start or plain.startswith((f"{start}/", f"{start}.")):
            row = await db.fetchrow(NAMED[start])
            return plain.format(**row) if row and None not in row.values() else None
    return None


@contextmanager
def _counted(db: Any) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(record: Any) -> None:
        asked.append(record.query)

    db.add_query_logger(note)
    try:
        yield asked
    finally:
        db.remove_query_logger(note)


async def test_no_page_asks_more_than_it_may(db: Any, enter: Enter, app: Starlette) -> None:
    await make_demo(DEMO, settings=app.state.desk.settings, progress=lambda *_: None)
    browser = await enter("admin")
    asked: dict[str, list[str]] = {}
    unseen = set(_pages())
    for path in _pages():
        address = await _address(db, path)
        if address is None:
            continue
        await browser.get(address)  # the catalogue is read once and kept
        with _counted(db) as asked[path]:
            answer = await browser.get(address)
        assert answer.status_code in {200, 303}, address
        unseen.discard(path)
    assert unseen <= NOWHERE
    most = {path: TRIED.get(path, MOST) for path in asked}
    assert {p: (len(a), a) for p, a in asked.items() if len(a) > most[p]} == {}
    _leave({path: len(statements) for path, statements in asked.items()})


def _pages() -> list[str]:
    return [
        route.path
        for route in ROUTES
        if isinstance(route, PageRoute)
        and route.right != PUBLIC
        and "GET" in (route.methods or ())
        and route.path != NEVER_ENDS
    ]


def _leave(counts: dict[str, int]) -> None:
    """Leave the table, the most first."""
    if not TABLE:
        return
    lines = [f"| {re.sub(r':[a-z]+}', '}', path)} | {asked} |" for path, asked in counts.items()]
    lines.sort(key=lambda line: (-int(line.split("|")[2]), line))
    head = ["| page | statements |", "|---|---|"]
    Path(TABLE).mkdir(exist_ok=True)
    Path(TABLE, "statements.md").write_text("\n".join([*head, *lines, ""]), encoding="utf-8")
