"""What the client does with the own request: says more, rates the answer, takes it up again.

The client is known by the portal's sign-in or by the link that every answer carries.
"""

from __future__ import annotations

from abonent.crm.errors import RequestNotFound
from abonent.crm.rules.requests import BAD_RATING, TAKE, RequestState
from abonent.crm.service.requests.answering import reopen_request
from abonent.crm.service.requests.rows import (
    add_line,
    locked_request,
    make_move,
    resume_if_waiting,
)
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Malformed, Refused
from abonent.kernel.i18n import N_
from abonent.kernel.texts import given_text

CLIENT = Actor("subscriber", "link", "client", frozenset({TAKE}))
"""Who opened a request by its link."""
LONGEST = 4_000
BEST = 5
MOST_SAID = 300
"""So often is turned to us in one request: every window of it reads all that was said."""

_OF_TOKEN = "SELECT number FROM crm_request WHERE token = $1"  # noqa: S105  a link, not a password
_RATED = """
UPDATE crm_request SET rating = $2, rating_note = $3, rated_at = $4, version = version + 1
WHERE id = $1
"""
_CONTACT = "UPDATE crm_request SET contacts = contacts + 1, version = version + 1 WHERE id = $1"


async def number_of_token(token: str) -> int:
    """The number of the request that a client's own link opens. Raises RequestNotFound."""
    async with reading() as connection:
        found = await connection.fetchval(_OF_TOKEN, token)
    if found is None:
        raise RequestNotFound(0)
    return int(found)


async def say_more(number: int, *, text: str, by: Actor, channel: str) -> None:
    """Add the client's words; an answered request is taken up again by them.

    Raises Malformed for no words or too many, Refused where the answer is too long ago or so much
    was said that another request is to be begun.
    """
    words = given_text("text", text, longest=LONGEST)
    async with unit_of_work(by) as work:
        row = await locked_request(work.connection, number)
        if row["contacts"] >= MOST_SAID:
            full = N_("So much was said here that nothing more fits: begin another request.")
            raise Refused("TALK_FULL", full, field="text", value=number)
        if not row["open"]:
            await reopen_request(number, by=by, note=words, by_client=True)
            return
        await work.connection.execute(_CONTACT, row["id"])
        await add_line(work, row["id"], "asked", words, channel=channel)
        await resume_if_waiting(work, row)
        subject = f"request:{row['id']}"
        await work.audit("crm:request:repeated", subject, account_id=row["account_id"])


async def rate_request(number: int, *, rating: int, note: str = "") -> None:
    """Keep the client's rating of an answer, 1 to 5; a second one replaces it.

    Raises Malformed, MoveRefused for what is not answered.
    """
    if not 1 <= rating <= BEST:
        raise Malformed.of("rating", str(rating), N_("A rating is a number from 1 to 5."))
    async with unit_of_work(SYSTEM) as work:
        row = await locked_request(work.connection, number)
        if row["state"] != RequestState.RATED:
            await make_move(work, row, "rate")
        words = note.strip()[:LONGEST]
        await work.connection.execute(_RATED, row["id"], rating, words, clock.now())
        after = {"rating": rating, "bad": rating <= BAD_RATING}
        subject = f"request:{row['id']}"
        await work.audit("crm:request:rated", subject, account_id=row["account_id"], after=after)
