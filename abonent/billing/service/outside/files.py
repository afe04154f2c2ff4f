"""Files of agreements: looked through first, then taken by a job, a batch per transaction.

What was taken stays taken: a file taken twice, or broken off and taken again, changes nothing more.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict
from datetime import date
from itertools import islice

from abonent.billing.queries.books import installation
from abonent.billing.queries.outside.agreements import agreement_by_id, agreement_of
from abonent.billing.queries.outside.files import TAKE_JOB, Summary, summary_of
from abonent.billing.queries.outside.matching import ContractAccounts, Match, match_all
from abonent.billing.rules.outside.agreement import Agreement, pieces_of
from abonent.billing.rules.outside.incoming import Incoming, Other, Piece, Trouble, Wrong
from abonent.billing.service.outside.rows import day_closed_to, decided, note_taken_back, take_batch
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Conflict, Malformed, NotFound, Refused
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.jobs import plan_job
from abonent.kernel.jsontext import from_json, to_json

RIGHT = "billing.outside.take"
LARGEST_FILE = 20_000_000
BATCH = 5_000

_KNOWN = """
SELECT id, state FROM billing_outside_file WHERE agreement_id = $1 AND digest = $2 FOR UPDATE
"""
_ADD = """
INSERT INTO billing_outside_file (id, agreement_id, name, digest, state, received_at, received_by, summary)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (agreement_id, digest) DO UPDATE SET state = excluded.state, summary = excluded.summary,
    name = excluded.name, done = 0, finished_at = NULL
RETURNING id
"""
_CONTENT = """
INSERT INTO billing_outside_content (file_id, content) VALUES ($1, $2) ON CONFLICT DO NOTHING
"""
_READ = """
SELECT f.id, f.agreement_id, f.state, f.summary, c.content FROM billing_outside_file f
LEFT JOIN billing_outside_content c ON c.file_id = f.id WHERE f.id = $1
"""
_STATE = "SELECT state FROM billing_outside_file WHERE id = $1"
_MOVE = """
UPDATE billing_outside_file SET state = $2 WHERE id = $1 AND state = ANY($3::text[]) RETURNING id
"""
_DONE = "UPDATE billing_outside_file SET done = $2 WHERE id = $1"
_FINISH = """
UPDATE billing_outside_file SET state = 'taken', finished_at = $2, summary = $3, done = $4 WHERE id = $1
"""
_ERASE = "DELETE FROM billing_outside_content WHERE file_id = $1"


async def receive_file(
    agreement: str,
    *,
    name: str,
    content: bytes,
    contracts: ContractAccounts,
    by: Actor,
    largest: int = LARGEST_FILE,
) -> int:
    """Look a file through and keep it with what is in it; nothing is taken yet.

    The very same file again answers with the first one. Raises Malformed for an empty file or one
    beyond `largest` bytes, Refused where the agreement is no longer in force.
    """
    by.require(RIGHT)
    if not content or len(content) > largest:
        message = N_("A file of 1 to {most} bytes is expected.")
        raise Malformed.of("file", name, message, most=largest)
    under = await agreement_of(agreement)
    if not under.terms.active:
        raise Refused("NOT_IN_FORCE", N_("This agreement is not in force."), field="agreement")
    digest = hashlib.sha256(content).digest()
    async with unit_of_work(by) as work:
        known = await work.connection.fetchrow(_KNOWN, under.id, digest)
        if known is not None and known["state"] in {"waiting", "taking", "taken"}:
            return int(known["id"])
    summary = await look_through(under, content, contracts)
    state = "refused" if summary.stops else "seen"
    values = (under.id, name[:200], digest, state, clock.now(), f"{by.kind}:{by.id}")
    async with unit_of_work(by) as work:
        file: int = await work.connection.fetchval(_ADD, new_id(), *values, _stored(summary))
        await work.connection.execute(_CONTENT, file, content)
        await work.audit("billing:outside_file:received", str(file), after={"agreement": agreement})
    return file


async def look_through(
    agreement: Agreement, content: bytes, contracts: ContractAccounts
) -> Summary:
    """Say what is in a file and what would become of it; writes nothing."""
    summary = Summary()
    async with reading() as connection:
        day = (await installation(connection)).day
        async for batch in _batches(agreement, content):
            incoming = _sorted_out(batch, summary)
            for one in incoming:
                summary.incoming.add(one.amount)
                if one.paid_on > day:
                    summary.note(day_closed_to(one, day))
            matches = await match_all(connection, agreement, incoming, contracts)
            known = await decided(connection, agreement, matches)
            for match in matches:
                _count(summary, match, known=match.incoming.external_id in known, day=day)
    return summary


def _sorted_out(batch: Sequence[Piece], summary: Summary) -> list[Incoming]:
    """The payments of a batch; everything else is counted."""
    incoming = []
    for piece in batch:
        if isinstance(piece, Trouble):
            summary.note(piece)
        elif isinstance(piece, Other):
            summary.leave(piece)
        else:
            incoming.append(piece)
    days = [piece.paid_on for piece in incoming]
    if days:
        summary.first = min(days) if summary.first is None else min(*days, summary.first)
        summary.last = max(days) if summary.last is None else max(*days, summary.last)
    return incoming


def _count(summary: Summary, match: Match, *, known: bool, day: date) -> None:
    place, amount = match.incoming.place, match.incoming.amount
    if known:
        summary.recognise(place, amount)
    elif match.incoming.paid_on > day:
        return
    elif match.reason is None:
        summary.matched.add(amount)
    else:
        summary.hold(place, amount, match.reason, match.named)
        if match.incoming.ordinal > 1:
            summary.note(Trouble(place, Wrong.TWICE, {"value": match.incoming.external_id}))


async def ask_taking(file: int, *, by: Actor) -> None:
    """Let the worker take a file that was looked through. Raises NotFound, Conflict, Refused."""
    async with unit_of_work(by):
        await let_be_taken(file, by=by)
        await plan_job(TAKE_JOB, key=f"{file}:{new_id()}", arguments={"file": file})


async def let_be_taken(file: int, *, by: Actor) -> None:
    """Say that a file that was looked through is to be taken, by whoever does it."""
    by.require(RIGHT)
    async with unit_of_work(by) as work:
        row = await work.connection.fetchrow(_STATE, file)
        if row is None:
            raise NotFound("NOT_FOUND", N_("There is no such file."), value=file)
        if row["state"] == "refused":
            raise Refused(
                "FILE_REFUSED", N_("This file cannot be believed: nothing of it is taken.")
            )
        moved = await work.connection.fetchval(_MOVE, file, "waiting", ["seen"])
        if moved is None:
            raise Conflict("FILE_TAKEN", N_("Somebody has let this file be taken already."))
        await work.audit("billing:outside_file:asked", str(file))


async def drop_file(file: int, *, by: Actor) -> None:
    """Put away a file of which nothing was taken; the same file may come again."""
    by.require(RIGHT)
    async with unit_of_work(by) as work:
        moved = await work.connection.fetchval(_MOVE, file, "dropped", ["seen", "refused"])
        if moved is None:
            raise Conflict("FILE_TAKEN", N_("Somebody has let this file be taken already."))
        await work.connection.execute(_ERASE, file)
        await work.audit("billing:outside_file:dropped", str(file))


async def take_file(
    file: int,
    *,
    contracts: ContractAccounts,
    by: Actor,
    progress: Callable[[int], None] = lambda _done: None,
) -> Summary:
    """Take a file that waits, or go on with one broken off; answers what came of it.

    `progress` is told how many payments are behind, batch by batch. Payments of days that are not open yet are left out: then the file may be taken again.
    """
    by.require(RIGHT)
    async with unit_of_work(by) as work:
        row = await work.connection.fetchrow(_READ, file)
        if row is None:
            raise NotFound("NOT_FOUND", N_("There is no such file."), value=file)
        if await work.connection.fetchval(_MOVE, file, "taking", ["waiting", "taking"]) is None:
            return summary_of(from_json(row["summary"]))
        agreement = await agreement_by_id(work.connection, row["agreement_id"])
    summary, done = Summary(), 0
    async for batch in _batches(agreement, row["content"]):
        incoming = _sorted_out(batch, summary)
        async with unit_of_work(by) as work:
            await take_batch(work, agreement, file, incoming, summary, contracts=contracts)
            others = [piece for piece in batch if isinstance(piece, Other)]
            await note_taken_back(work, agreement, others, summary)
            done += len(incoming)
            await work.connection.execute(_DONE, file, done)
        progress(done)
    await _finish(file, summary, done, by)
    return summary


async def _finish(file: int, summary: Summary, done: int, by: Actor) -> None:
    later = summary.wrongs.get(Wrong.DAY_NOT_OPEN, 0)
    async with unit_of_work(by) as work:
        values = (file, clock.now(), _stored(summary), done)
        await work.connection.execute(_FINISH, *values)
        if later:
            await work.connection.fetchval(_MOVE, file, "seen", ["taken"])
        else:
            await work.connection.execute(_ERASE, file)
        after = {"matched": summary.matched.count, "unmatched": summary.waiting.count}
        await work.audit("billing:outside_file:taken", str(file), after=after)


async def _batches(agreement: Agreement, content: bytes) -> AsyncIterator[list[Piece]]:
    """The pieces of a file, read beside the event loop, one batch ahead of the caller."""
    pieces = pieces_of(agreement.terms, io.BytesIO(content))

    def next_batch() -> list[Piece]:
        return list(islice(pieces, BATCH))

    ahead = asyncio.create_task(asyncio.to_thread(next_batch))
    try:
        while batch := await ahead:
            ahead = asyncio.create_task(asyncio.to_thread(next_batch))
            yield batch
    finally:
        ahead.cancel()


def _stored(summary: Summary) -> str:
    return to_json(asdict(summary))
