"""Which pages of contacts are measured, and how quick each is to be."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

import orjson

from abonent.crm.queries.requests_report import LONGEST
from abonent.crm.topics import classifier
from abonent.kernel import clock
from abonent.kernel.db import Connection

REGISTER, TAB, PAGE, REPORT, SEARCH = 200, 150, 120, 400, 200
"""Milliseconds at the 95th percentile: a report counts as a dashboard."""
COUNT = 700
"""Counting gives up after half a second; it is asked for beside the page, not before it."""

Asked: TypeAlias = dict[str, tuple[int, Sequence[str]]]
"""What is measured: its target in milliseconds and the addresses that take turns."""

_LATEST = "SELECT number FROM crm_request WHERE account_id IS NOT NULL ORDER BY id DESC LIMIT 20"
_BUSY = """
SELECT b.number, m.account_id, max(m.id) AS message FROM crm_message m
JOIN billing_account b ON b.account_id = m.account_id
GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 20
"""
_OWNERS = """
SELECT owner FROM crm_request WHERE open AND owner IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT 20
"""
_LEFT = """
SELECT owner FROM crm_request WHERE owner IS NOT NULL GROUP BY 1 ORDER BY max(received_at) LIMIT 1
"""
_REQUEST = """
SELECT received_at, id FROM crm_request
ORDER BY received_at OFFSET (SELECT count(*) / 2 FROM crm_request) LIMIT 1
"""
_MESSAGE = """
SELECT queued_at, id FROM crm_message
ORDER BY queued_at OFFSET (SELECT count(*) / 2 FROM crm_message) LIMIT 1
"""
_TICKET = """
SELECT created_at, id FROM crm_queue_ticket
ORDER BY created_at OFFSET (SELECT count(*) / 2 FROM crm_queue_ticket) LIMIT 1
"""
_RUN = "SELECT id FROM crm_script_run ORDER BY began_at DESC LIMIT 1"
_CLAIM = "SELECT id FROM crm_claim ORDER BY id DESC LIMIT 1"
_CALL = "SELECT id FROM crm_conversation ORDER BY began_at DESC LIMIT 1"
_SCRIPTS = "SELECT slug FROM crm_script_text ORDER BY slug"
_CONFINED = "SELECT login FROM web_user WHERE districts IS NOT NULL AND role = $1 LIMIT 1"


@dataclass(frozen=True, slots=True)
class _Known:
    """What stands in the base: numbers, ids, and the cursors of pages in the middle of registers."""

    requests: list[int]
    busy: Sequence[Any]
    owners: list[int]
    left: int
    topics: list[str]
    request_at: str
    message_at: str
    ticket_at: str
    run: int
    claim: int
    call: int
    scripts: list[str]

    @property
    def accounts(self) -> list[str]:
        """The numbers of accounts to which most was written."""
        return [row["number"] for row in self.busy]


async def pages_asked(connection: Connection) -> dict[str, Asked]:
    """What is asked of a filled base, by the login of who asks."""
    cursors = [_cursor(await connection.fetchrow(one)) for one in (_REQUEST, _MESSAGE, _TICKET)]
    known = _Known(
        requests=[row["number"] for row in await connection.fetch(_LATEST)],
        busy=await connection.fetch(_BUSY),
        owners=[row["owner"] for row in await connection.fetch(_OWNERS)],
        left=await connection.fetchval(_LEFT),
        topics=[one.code for one in (await classifier()).topic],
        request_at=cursors[0],
        message_at=cursors[1],
        ticket_at=cursors[2],
        run=await connection.fetchval(_RUN),
        claim=await connection.fetchval(_CLAIM),
        call=await connection.fetchval(_CALL),
        scripts=[row["slug"] for row in await connection.fetch(_SCRIPTS)],
    )
    whole = _requests(known) | _messages(known) | _beside(known) | _pages(known)
    return {"bench": whole, await connection.fetchval(_CONFINED, "office"): _confined()}


def _cursor(row: Any) -> str:
    """Where a page in the middle of a register begins, as its address tells it."""
    return base64.urlsafe_b64encode(orjson.dumps(list(row))).decode().rstrip("=")


def _day(back: int) -> str:
    return (clock.now() - timedelta(days=back)).date().isoformat()


def _requests(known: _Known) -> Asked:
    own, all_ = "/requests", "/all-requests"
    report = f"{own}/report"
    owners = [f"owner={owner}" for owner in known.owners]
    return {
        "requests to do": (REGISTER, [own]),
        "requests to do, of a team": (REGISTER, [f"{own}?team=office", f"{own}?team=coord"]),
        "requests to do, of an owner": (REGISTER, [f"{own}?{owner}" for owner in owners]),
        "requests to do, late": (REGISTER, [f"{own}?late=on"]),
        "requests to do, the last received": (REGISTER, [f"{own}?sort=-received"]),
        "requests to do, in a state": (REGISTER, [f"{own}?state=wait_client"]),
        "all requests": (REGISTER, [all_]),
        "all requests, a page in the middle": (REGISTER, [f"{all_}?after={known.request_at}"]),
        "all requests, the first ones first": (REGISTER, [f"{all_}?sort=received"]),
        "all requests, of a topic": (REGISTER, [f"{all_}?topic={known.topics[0]}"]),
        "all requests, of a rare topic": (REGISTER, [f"{all_}?topic={known.topics[-1]}"]),
        "all requests, of a channel": (REGISTER, [f"{all_}?channel=chat", f"{all_}?channel=call"]),
        "all requests, of an owner": (REGISTER, [f"{all_}?{owner}" for owner in owners]),
        "all requests, of who left a year ago": (REGISTER, [f"{all_}?owner={known.left}"]),
        "all requests, open ones": (REGISTER, [f"{all_}?state=in_work"]),
        "all requests, dropped ones": (REGISTER, [f"{all_}?state=dropped"]),
        "all requests, late": (REGISTER, [f"{all_}?late=on"]),
        "all requests, badly rated": (REGISTER, [f"{all_}?rating=1"]),
        "all requests, of a district": (REGISTER, [f"{all_}?district=Район 3"]),
        "all requests, of a rare mixture": (
            REGISTER, [f"{all_}?channel=chat&state=dropped&team=coord&rating=1"]
        ),
        "all requests, of a month": (
            REGISTER, [f"{all_}?received.from={_day(400)}&received.to={_day(370)}"]
        ),
        "all requests, the count": (COUNT, [f"{all_}/total"]),
        "all requests, the count of a topic": (COUNT, [f"{all_}/total?topic={known.topics[0]}"]),
        "search of requests: a number": (SEARCH, [f"{all_}?q={n}" for n in known.requests]),
        "search of requests: an account": (SEARCH, [f"{all_}?q={n}" for n in known.accounts]),
        "search of requests: a word": (SEARCH, [f"{all_}?q=роутер", f"{all_}?q=рассрочка"]),
        "search of requests: a common word": (SEARCH, [f"{all_}?q=интернет", f"{all_}?q=мастер"]),
        "search of requests: three words": (SEARCH, [f"{all_}?q=роутер+приставка+мастера"]),
        "search of requests: no such word": (SEARCH, [f"{all_}?q=бегемот"]),
        "report on requests, 30 days": (REPORT, [report]),
        "report on requests, the longest": (
            REPORT, [f"{report}?since={_day(LONGEST.days)}&until={_day(0)}"]
        ),
    }  # fmt: skip


def _messages(known: _Known) -> Asked:
    all_ = "/messages"
    return {
        "messages": (REGISTER, [all_]),
        "messages, a page in the middle": (REGISTER, [f"{all_}?after={known.message_at}"]),
        "messages, the first ones first": (REGISTER, [f"{all_}?sort=queued"]),
        "messages, in a state": (REGISTER, [f"{all_}?state=unknown", f"{all_}?state=refused"]),
        "messages, by a way": (REGISTER, [f"{all_}?channel=email", f"{all_}?channel=portal"]),
        "messages, for a purpose": (REGISTER, [f"{all_}?purpose=ad", f"{all_}?purpose=debt"]),
        "messages, by a template": (REGISTER, [f"{all_}?template=debt", f"{all_}?template=nps"]),
        "messages, of a rare mixture": (
            REGISTER, [f"{all_}?state=unknown&channel=portal&purpose=debt"]
        ),
        "messages, of a month": (
            REGISTER, [f"{all_}?queued.from={_day(400)}&queued.to={_day(370)}"]
        ),
        "messages, of a district": (REGISTER, [f"{all_}?district=Район 3"]),
        "messages, of an account": (SEARCH, [f"{all_}?q={n}" for n in known.accounts]),
        "messages, the count": (COUNT, [f"{all_}/total"]),
        "a message": (
            PAGE, [f"{all_}/{row['account_id']}/{row['message']}" for row in known.busy]
        ),
    }  # fmt: skip


def _beside(known: _Known) -> Asked:
    tickets = "/queue/tickets"
    return {
        "claims": (REGISTER, ["/claims", "/claims?late=on"]),
        "all claims": (REGISTER, ["/all-claims", "/all-claims?sort=-demand"]),
        "search of claims": (SEARCH, [f"/all-claims?q={n}" for n in known.accounts]),
        "report on claims": (REPORT, ["/claims/report"]),
        "tickets": (REGISTER, [tickets]),
        "tickets, a page in the middle": (REGISTER, [f"{tickets}?after={known.ticket_at}"]),
        "tickets, of an office": (REGISTER, [f"{tickets}?office=bench1"]),
        "tickets, of a service": (REGISTER, [f"{tickets}?service=2"]),
        "tickets, in a state": (REGISTER, [f"{tickets}?state=no_show", f"{tickets}?state=called"]),
        "tickets, beyond the limit": (REGISTER, [f"{tickets}?late=on"]),
        "tickets, of an account": (REGISTER, [f"{tickets}?account={n}" for n in known.accounts]),
        "tickets, of a month": (REGISTER, [f"{tickets}?day.from={_day(400)}&day.to={_day(370)}"]),
        "tickets, the count": (COUNT, [f"{tickets}/total"]),
        "the queue's day": (REPORT, [f"/queue/day?day={_day(n)}" for n in (0, 1, 30, 400)]),
        "conversations by scripts": (REGISTER, ["/script-runs", "/script-runs?kind=bad"]),
        "results of a script": (REPORT, [f"/scripts/{slug}/results" for slug in known.scripts]),
        "scripts": (PAGE, ["/scripts"]),
        "objections": (PAGE, ["/objections"]),
        "conversations": (REGISTER, ["/conversations", "/conversations?kind=call"]),
        "conversations without an account": (REGISTER, ["/conversations?lost=on"]),
        "conversations tied to a complaint": (REGISTER, ["/conversations?tie=complaint"]),
        "examples of conversations": (REGISTER, ["/conversation-examples"]),
        "cards of quality": (REGISTER, ["/quality-cards"]),
        "quality": (REPORT, ["/quality"]),
        "surveys": (REGISTER, ["/surveys"]),
        "report on surveys": (REPORT, ["/surveys/report"]),
        "search of the knowledge base": (
            SEARCH, [f"/knowledge?q={asked}" for asked in ("нет интернета", "списали дважды", "пиреезд")]
        ),
        "the knowledge base in figures": (REGISTER, ["/knowledge-use"]),
    }  # fmt: skip


def _pages(known: _Known) -> Asked:
    cards: Asked = {
        f"card: {tab}": (TAB, [f"/accounts/{number}/{tab}" for number in known.accounts])
        for tab in ("requests", "messages", "conversations", "claims", "scripts")
    }
    return cards | {
        "a request": (PAGE, [f"/requests/{number}" for number in known.requests]),
        "a claim": (PAGE, [f"/claims/{known.claim}"]),
        "a conversation": (PAGE, [f"/conversations/{known.call}"]),
        "a conversation by a script": (PAGE, [f"/script-runs/{known.run}"]),
        "start page": (REPORT, ["/"]),
        "report of the morning": (REPORT, ["/morning"]),
    }


def _confined() -> Asked:
    """What somebody sees who is confined to two districts of twelve."""
    paths = ("/requests", "/all-requests", "/messages", "/all-claims", "/queue/tickets")
    asked: Asked = {f"two districts: {path}": (REGISTER, [path]) for path in paths}
    return asked | {"two districts: start page": (REPORT, ["/"])}
