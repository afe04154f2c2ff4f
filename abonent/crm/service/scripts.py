"""Conversations by a script: begun, led from answer to answer, ended; every answer is kept."""

from __future__ import annotations

from typing import Any

from abonent.billing.queries.books import account_id
from abonent.billing.queries.reach import check_reach
from abonent.crm.queries.identity import actor_code
from abonent.crm.queries.scripts import objections_book, parsed, playable_script
from abonent.crm.rules.scripts import ABANDONED, BROKEN_OFF, LEFT_AFTER, goes_on, stage_bit
from abonent.crm.script_errors import RunEnded, RunNotFound, ScriptNotFound, ScriptWithdrawn
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.jsontext import to_json
from abonent.kernel.scripts import Draft, Outcome
from abonent.kernel.texts import given_text
from abonent.kernel.work import UnitOfWork

LONGEST = 2000
PLAY = "crm.script.play"

KEEP_TEXT = """
INSERT INTO crm_script_text (hash, slug, content, kept_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (hash) DO NOTHING
"""
_BEGIN = """
INSERT INTO crm_script_run (id, slug, hash, account_id, played_by, began_at, no, stages)
VALUES ($1, $2, $3, $4, $5, $6, 1, $7)
ON CONFLICT (played_by, account_id, slug) WHERE ended_at IS NULL AND account_id IS NOT NULL
DO NOTHING
"""
_BEGUN = """
SELECT id FROM crm_script_run
WHERE played_by = $1 AND account_id = $2 AND slug = $3 AND ended_at IS NULL
"""
_LOCK = "SELECT 1 FROM crm_script_run WHERE id = $1 AND played_by = $2 FOR UPDATE"
_LOCKED = """
SELECT r.id, r.slug, r.account_id, r.no, r.ended_at, t.content, s.step
FROM crm_script_run r JOIN crm_script_text t ON t.hash = r.hash
JOIN crm_script_step s ON s.run_id = r.id AND s.no = r.no
WHERE r.id = $1
"""
_SHOW = "INSERT INTO crm_script_step (run_id, no, step, shown_at, note) VALUES ($1, $2, $3, $4, $5)"
_ANSWER = """
UPDATE crm_script_step SET answer = $3, answered_at = $4, note = $5 WHERE run_id = $1 AND no = $2
"""
_MOVE = "UPDATE crm_script_run SET no = $2, stages = stages | $3 WHERE id = $1"
_END = "UPDATE crm_script_run SET ended_at = $2, outcome = $3, kind = $4, note = $5 WHERE id = $1"
_LEFT = """
UPDATE crm_script_run SET ended_at = $1, outcome = $3, kind = $4 WHERE id IN (
    SELECT r.id FROM crm_script_run r
    WHERE r.ended_at IS NULL AND r.began_at < $2 AND NOT EXISTS (
        SELECT FROM crm_script_step s WHERE s.run_id = r.id
            AND (s.shown_at >= $2 OR s.answered_at >= $2))
    FOR UPDATE OF r SKIP LOCKED)
RETURNING id, slug, account_id
"""
_WENT_ON = "UPDATE crm_script_objection SET went_on = $2 WHERE run_id = $1 AND went_on IS NULL"
_BEFORE = """
SELECT no, step, note FROM crm_script_step
WHERE run_id = $1 AND no < $2 AND NOT undone ORDER BY no DESC LIMIT 1
"""
_UNDO = "UPDATE crm_script_step SET undone = true WHERE run_id = $1 AND no = ANY($2::int[])"
_NOTE = "UPDATE crm_script_step SET note = $3 WHERE run_id = $1 AND no = $2"
_OBJECT = """
INSERT INTO crm_script_objection (run_id, no, objection, shown_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""


async def begin_run(slug: str, *, by: Actor, number: str | None = None) -> int:
    """Begin a conversation by a script, about an account or with somebody who has none yet.

    One about the same account that the actor has not ended goes on where it was. Answers its id.
    """
    by.require(PLAY)
    found = await playable_script(slug)
    if found.withdrawn:
        raise ScriptWithdrawn(found.script.title)
    if number is not None:
        await check_reach(number, by=by)
    step, now, made = found.script.steps[found.script.begin], clock.now(), new_id()
    async with unit_of_work(by) as work:
        account = None if number is None else await account_id(work.connection, number)
        content = to_json(found.script.model_dump(mode="json"))
        await work.connection.execute(KEEP_TEXT, found.hash, slug, content, now)
        who = actor_code(by)
        row = (made, slug, found.hash, account, who, now, stage_bit(step.stage))
        if await work.connection.execute(_BEGIN, *row) == "INSERT 0 0":
            return int(await work.connection.fetchval(_BEGUN, who, account, slug))
        await work.connection.execute(_SHOW, made, 1, step.code, now, "")
        after = {"script": slug, "text": found.hash}
        await work.audit("crm:script:begun", f"script_run:{made}", account_id=account, after=after)
    return made


async def answer_step(run: int, *, by: Actor, no: int, answer: int, note: str = "") -> None:
    """Take an answer to the step number `no`: the conversation moves on or ends.

    An answer to a step that it has left already, such as one sent twice, changes nothing.
    """
    async with unit_of_work(by) as work:
        row, script = await _locked(work, run)
        if row["no"] != no:
            return
        step = script.steps[row["step"]]
        if not 0 <= answer < len(step.answer):
            raise Malformed.of("answer", answer, N_("Choose one of the answers."))
        chosen, now, connection = step.answer[answer], clock.now(), work.connection
        await connection.execute(_ANSWER, run, no, answer, now, check_note(note))
        await connection.execute(_WENT_ON, run, goes_on(script, chosen))
        if chosen.outcome:
            await _end(work, row, script.outcomes[chosen.outcome], "")
            return
        onward = script.steps[chosen.to]
        await connection.execute(_SHOW, run, no + 1, onward.code, now, "")
        await connection.execute(_MOVE, run, no + 1, stage_bit(onward.stage))


async def go_back(run: int, *, by: Actor, no: int) -> None:
    """Show the step before the step number `no` again, with what was noted there."""
    async with unit_of_work(by) as work:
        row, _script = await _locked(work, run)
        before = await work.connection.fetchrow(_BEFORE, run, no)
        if row["no"] != no or before is None:
            return
        await work.connection.execute(_UNDO, run, [no, before["no"]])
        shown = (run, no + 1, before["step"], clock.now(), before["note"])
        await work.connection.execute(_SHOW, *shown)
        await work.connection.execute(_MOVE, run, no + 1, 0)


async def note_step(run: int, *, by: Actor, no: int, note: str) -> None:
    """Keep what was noted at a step that is not answered yet."""
    async with unit_of_work(by) as work:
        await _locked(work, run)
        await work.connection.execute(_NOTE, run, no, check_note(note))


async def show_objection(run: int, *, by: Actor, objection: str) -> None:
    """Write down that an objection was looked up in the conversation."""
    if objection not in await objections_book():
        raise ScriptNotFound(objection)
    async with unit_of_work(by) as work:
        row, _script = await _locked(work, run)
        await work.connection.execute(_OBJECT, run, row["no"], objection, clock.now())


async def end_run(run: int, *, by: Actor, outcome: str, note: str = "") -> None:
    """End a conversation before its script does, by one of its outcomes or as broken off."""
    async with unit_of_work(by) as work:
        row, script = await _locked(work, run)
        known = {**script.outcomes, BROKEN_OFF.code: BROKEN_OFF}
        if outcome not in known:
            raise Malformed.of("outcome", outcome, N_("Choose one of those offered."))
        await work.connection.execute(_WENT_ON, run, known[outcome].kind == "good")
        await _end(work, row, known[outcome], check_note(note))


async def close_left_runs() -> int:
    """End the conversations that were begun and forgotten; answers how many."""
    now = clock.now()
    async with unit_of_work(SYSTEM) as work:
        asked = (now, now - LEFT_AFTER, ABANDONED.code, ABANDONED.kind)
        rows = await work.connection.fetch(_LEFT, *asked)
        for row in rows:
            after = {"script": row["slug"], "outcome": ABANDONED.code}
            subject, account = f"script_run:{row['id']}", row["account_id"]
            await work.audit("crm:script:ended", subject, account_id=account, after=after)
    return len(rows)


def check_note(note: str) -> str:
    """Answer a note as it is kept; raises Malformed for an endless one."""
    return given_text("note", note, longest=LONGEST, needed=False)


async def _locked(work: UnitOfWork, run: int) -> tuple[Any, Draft]:
    """Lock a conversation of the actor's own that has not ended."""
    work.by.require(PLAY)
    if await work.connection.fetchval(_LOCK, run, actor_code(work.by)) is None:
        raise RunNotFound(run)
    row = await work.connection.fetchrow(_LOCKED, run)
    if row["ended_at"] is not None:
        raise RunEnded
    return row, parsed(row["content"])


async def _end(work: UnitOfWork, row: Any, outcome: Outcome, note: str) -> None:
    end = (row["id"], clock.now(), outcome.code, outcome.kind, note)
    await work.connection.execute(_END, *end)
    after = {"script": row["slug"], "outcome": outcome.code}
    subject = f"script_run:{row['id']}"
    await work.audit("crm:script:ended", subject, account_id=row["account_id"], after=after)
