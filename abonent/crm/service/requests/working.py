"""Working on a request: taken, passed on, waiting, joined, dropped. The contact person stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from abonent.billing.queries.books import account_id
from abonent.billing.queries.reach import check_reach
from abonent.crm.queries.hours import working_hours
from abonent.crm.rules.requests import TEAMS, WORK, RequestState, norm_of
from abonent.crm.service.requests.rows import add_line, locked_request, make_move, set_clock
from abonent.crm.topics import classifier
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed, Refused
from abonent.kernel.i18n import N_
from abonent.kernel.texts import given_text
from abonent.kernel.work import UnitOfWork

LONGEST_NOTE = 4_000
LONGEST_ACTION = 200
LINKS = {"claim": N_("Claim"), "order": N_("Order"), "outage": N_("Outage")}

_OWN = """
UPDATE crm_request SET owner = $2, team = $3, contact_person = coalesce(contact_person, $2),
    version = version + 1
WHERE id = $1
"""
_IS_OF = "SELECT EXISTS (SELECT FROM staff_of($1) WHERE id = $2)"
_STANDS_IN = "SELECT EXISTS (SELECT FROM staff_away($3) WHERE user_id = $1 AND stand_in = $2)"
_TOPIC = """
UPDATE crm_request SET topic = $2, priority = $3, team = $4, norm_amount = $5, norm_unit = $6,
    owner = CASE WHEN team = $4 THEN owner END, version = version + 1
WHERE id = $1
"""
_NEXT = """
UPDATE crm_request SET next_action = $2, next_action_at = $3, version = version + 1 WHERE id = $1
"""
_LINK = """
UPDATE crm_request SET link_kind = $2, link_number = $3, version = version + 1 WHERE id = $1
"""
_ACCOUNT = "UPDATE crm_request SET account_id = $2, version = version + 1 WHERE id = $1"
_JOIN = "UPDATE crm_request SET joined_to = $2 WHERE id = $1"
_CONTACTS = "UPDATE crm_request SET contacts = contacts + $2, version = version + 1 WHERE id = $1"


async def take_to_work(number: int, *, by: Actor) -> None:
    """Take a request as one's own; who stands in for its owner works on it and leaves it theirs.

    Raises RequestNotFound, MoveRefused.
    """
    by.require(WORK)
    async with unit_of_work(by) as work:
        row = await locked_request(work.connection, number, by=by)
        if row["state"] not in {RequestState.IN_WORK, RequestState.WAIT_TECH}:
            await make_move(work, row, "take")
        asked = (row["owner"], _me(by), clock.now())
        if not await work.connection.fetchval(_STANDS_IN, *asked):
            await _own(work, row, owner=_me(by), team=row["team"])


async def pass_request(number: int, *, by: Actor, team: str, owner: int | None, note: str) -> None:
    """Give the task to a team, or to one of its people; the client's contact person stays.

    Raises Malformed for an unknown team and for who is not of it.
    """
    by.require(WORK)
    if team not in TEAMS:
        raise Malformed.of("team", team, N_("Choose one of those offered."))
    words = given_text("note", note, longest=LONGEST_NOTE, needed=False)
    async with unit_of_work(by) as work:
        row = await _open_row(work, number)
        if owner is not None and not await work.connection.fetchval(_IS_OF, team, owner):
            raise Malformed.of("owner", str(owner), N_("Choose one of those offered."))
        await _own(work, row, owner=owner, team=team)
        whom = f"user:{owner}" if owner is not None else f"team:{team}"
        await add_line(work, row["id"], "passed", words, whom=whom)


async def classify_request(number: int, *, by: Actor, topic: str) -> None:
    """Say what a request is about: its urgency, norm and team follow. Raises MoveRefused."""
    by.require(WORK)
    topics = await classifier()
    if topic not in {one.code for one in topics.topic}:
        raise Malformed.of("topic", topic, N_("Choose one of those offered."))
    chosen = topics.of(topic)
    async with unit_of_work(by) as work:
        row = await _open_row(work, number)
        hours = await working_hours(work.connection)
        norm = norm_of(chosen.norm.norm, row["received_at"], hours, reply_by=row["reply_by"])
        team = chosen.team if chosen.team in TEAMS else "office"
        values = (row["id"], topic, chosen.priority, team, norm.amount, norm.unit)
        await work.connection.execute(_TOPIC, *values)
        if row["state"] == RequestState.NEW:
            measured = row | {"norm_amount": norm.amount, "norm_unit": norm.unit}
            await make_move(work, measured, "classify")
        else:
            await set_clock(work, row, norm)
        before, after = {"topic": row["topic"]}, {"topic": topic}
        await _audit(work, row, "classified", before=before, after=after)


async def wait_for(number: int, *, by: Actor, whom: str, reason: str, note: str = "") -> None:
    """Let a request wait for the client (its clock stands still) or for colleagues (it goes on)."""
    by.require(WORK)
    if whom not in {"client", "tech"}:
        raise Malformed.of("whom", whom, N_("Choose one of those offered."))
    async with unit_of_work(by) as work:
        row = await locked_request(work.connection, number, by=by)
        await make_move(work, row, f"wait_{whom}", reason=reason, note=note)


async def resume_request(number: int, *, by: Actor) -> None:
    """Go on with a request that waited. Raises MoveRefused."""
    by.require(WORK)
    async with unit_of_work(by) as work:
        row = await locked_request(work.connection, number, by=by)
        await make_move(work, row, "resume")


async def note_request(number: int, *, by: Actor, text: str) -> None:
    """Write a note that colleagues see and the client does not."""
    by.require(WORK)
    async with unit_of_work(by) as work:
        row = await locked_request(work.connection, number, by=by)
        await add_line(work, row["id"], "note", given_text("text", text, longest=LONGEST_NOTE))
        await _audit(work, row, "noted")


async def plan_next(number: int, *, by: Actor, text: str, at: datetime | None) -> None:
    """Say what is to be done next and when; empty words take it off."""
    by.require(WORK)
    words = given_text("text", text, longest=LONGEST_ACTION, needed=False)
    async with unit_of_work(by) as work:
        row = await _open_row(work, number)
        await work.connection.execute(_NEXT, row["id"], words, at if words else None)
        await _audit(work, row, "planned", after={"at": at.isoformat() if at and words else None})


async def link_request(number: int, *, by: Actor, kind: str, other: str) -> None:
    """Name the claim, order or outage that a request belongs to; an empty number takes it off."""
    by.require(WORK)
    if kind not in LINKS:
        raise Malformed.of("kind", kind, N_("Choose one of those offered."))
    named = other.strip()[:40]
    async with unit_of_work(by) as work:
        row = await locked_request(work.connection, number, by=by)
        await work.connection.execute(_LINK, row["id"], kind if named else "", named)
        await _audit(work, row, "linked", after={"kind": kind, "number": named})


async def name_account(number: int, *, by: Actor, account: str) -> None:
    """Say whose a request is that came from somebody unknown. Raises AccountNotFound."""
    by.require(WORK)
    await check_reach(account, by=by)
    async with unit_of_work(by) as work:
        row = await _open_row(work, number)
        found = await account_id(work.connection, account)
        await work.connection.execute(_ACCOUNT, row["id"], found)
        await _audit(work, row | {"account_id": found}, "named")


async def join_request(number: int, *, by: Actor, to: int) -> None:
    """Join a request to another open one, by which both are answered.

    Raises RequestNotFound, Refused for itself, for one that is ended and for another account's.
    """
    by.require(WORK)
    async with unit_of_work(by) as work:
        rows = {n: await locked_request(work.connection, n, by=by) for n in sorted({number, to})}
        row, other = rows[number], rows[to]
        wrong = _cannot_join(row, other)
        if wrong:
            raise Refused("CANNOT_JOIN", wrong, field="to", value=to)
        await work.connection.execute(_JOIN, row["id"], other["id"])
        await make_move(work, row, "join")
        await work.connection.execute(_CONTACTS, other["id"], row["contacts"])
        await add_line(work, other["id"], "asked", row["text"], channel=row["channel"])


def _cannot_join(row: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    if row["id"] == other["id"]:
        return N_("A request cannot be joined to itself.")
    if not other["open"]:
        return N_("Request {value} is ended already: take it up again first.")
    both = row["account_id"], other["account_id"]
    if both[0] is not None and both[1] is None and other["received_by"] == "subscriber:link":
        return N_("Request {value} is read by whoever has its link: name its account first.")
    if None not in both and both[0] != both[1]:
        return N_("Request {value} is another account's: its answer would go to a stranger.")
    return ""


async def drop_request(number: int, *, by: Actor, reason: str) -> None:
    """Drop what needs no answer, for one of the known reasons. Raises MoveRefused."""
    by.require(WORK)
    async with unit_of_work(by) as work:
        row = await locked_request(work.connection, number, by=by)
        await make_move(work, row, "drop", reason=reason)


async def _open_row(work: UnitOfWork, number: int) -> dict[str, Any]:
    """The locked row of a request that is not ended. Raises Refused for one that is."""
    row = dict(await locked_request(work.connection, number, by=work.by))
    if not row["open"]:
        ended = N_("Request {value} is ended already: take it up again first.")
        raise Refused("REQUEST_ENDED", ended, field="number", value=number)
    return row


async def _own(work: UnitOfWork, row: Mapping[str, Any], *, owner: int | None, team: str) -> None:
    await work.connection.execute(_OWN, row["id"], owner, team)
    before = {"owner": row["owner"], "team": row["team"]}
    await _audit(work, row, "passed", before=before, after={"owner": owner, "team": team})


async def _audit(work: UnitOfWork, row: Mapping[str, Any], done: str, **values: Any) -> None:
    subject = f"request:{row['id']}"
    await work.audit(f"crm:request:{done}", subject, account_id=row["account_id"], **values)


def _me(by: Actor) -> int | None:
    return int(by.id) if by.kind == "user" else None
