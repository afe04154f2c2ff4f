"""Judging conversations by the card of quality: drawn, judged, appealed, decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from abonent.crm.conversation_errors import (
    JudgedAlready,
    NoConversation,
    NoSound,
    NotOwnWork,
    OwnCard,
)
from abonent.crm.quality_form import quality_form
from abonent.crm.queries.conversations import conversation_on
from abonent.crm.queries.identity import actor_code
from abonent.crm.queries.quality_appeals import others_decide
from abonent.crm.rules.quality import APPEAL, Candidate, Score, draw, score_of, week_of
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import FieldError, Forbidden, Malformed
from abonent.kernel.i18n import N_, time_zone
from abonent.kernel.ids import new_id
from abonent.kernel.work import UnitOfWork
from abonent.kernel.workflow import log_move, said

LONGEST = 2000

_CANDIDATES = """
SELECT id, actor, tie = 'complaint' AS complaint FROM crm_conversation
WHERE state = 'kept' AND actor LIKE 'user:%' AND began_at >= $1 AND began_at < $2 ORDER BY id
"""
_DRAW = """
INSERT INTO crm_quality_sample (week, actor, conversation_id, why, drawn_at)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
_ADD = """
INSERT INTO crm_quality_card (id, conversation_id, account_id, actor, judged_by, judged_at, form,
    score, critical, note, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'given')
ON CONFLICT (conversation_id) DO NOTHING RETURNING id
"""
_GRADE = """
INSERT INTO crm_quality_grade (card_id, line, share, note) VALUES ($1, $2, $3, $4)
ON CONFLICT (card_id, line) DO UPDATE SET share = excluded.share, note = excluded.note
"""
_LOCKED = """
SELECT id, account_id, actor, judged_by, score, state FROM crm_quality_card WHERE id = $1 FOR UPDATE
"""
_MOVE = "UPDATE crm_quality_card SET state = $2, version = version + 1 WHERE id = $1"
_RESCORE = "UPDATE crm_quality_card SET score = $2, critical = $3, form = $4 WHERE id = $1"


async def draw_sample(week: date, *, by: Actor) -> int:
    """Draw what is judged of a week (its Monday); drawn again it adds what came since.

    Answers how many conversations the sample has.
    """
    by.require("crm.quality.judge")
    if week.weekday():
        raise Malformed.of("week", week, N_("A week begins on a Monday."))
    size = (await quality_form()).value.sample_per_week
    begin = datetime.combine(week, time(), time_zone())
    end = datetime.combine(week + timedelta(7), time(), time_zone())
    async with unit_of_work(by) as work:
        rows = await work.connection.fetch(_CANDIDATES, begin, end)
        found = {row["id"]: Candidate(**dict(row)) for row in rows}
        chosen = draw(week, list(found.values()), size=size)
        now = clock.now()
        await work.write(
            _DRAW, [(week, found[one].actor, one, why, now) for one, why in chosen.items()]
        )
        after = {"week": week, "conversations": len(chosen)}
        await work.audit("crm:quality:drawn", f"week:{week}", after=after)
    return len(chosen)


async def draw_last_week(*, by: Actor) -> int:
    """Draw the sample of the week that ended last; answers its size."""
    today = clock.now().astimezone(time_zone()).date()
    return await draw_sample(week_of(today) - timedelta(7), by=by)


async def _scored(shares: Mapping[str, int | None], notes: Mapping[str, str]) -> tuple[Score, str]:
    """The points of what was given, with the form's hash. Raises Malformed naming what is not."""
    form = await quality_form()
    allowed = {grade.percent for grade in form.value.grade}
    wrong = [
        FieldError(line.code, "", N_("Say how much of this was met."))
        for line in form.value.lines
        if shares.get(line.code) not in allowed
    ]
    wrong += [
        FieldError(f"{line.code}_note", "", N_("Quote what was said: a critical line was not met."))
        for line in form.value.lines
        if line.critical and shares.get(line.code) == 0 and not notes.get(line.code, "").strip()
    ]
    if wrong:
        raise Malformed(*wrong)
    given = {line.code: int(shares[line.code] or 0) for line in form.value.lines}
    return score_of(form.value.lines, given), form.hash


async def judge(
    conversation: int,
    *,
    by: Actor,
    shares: Mapping[str, int | None],
    notes: Mapping[str, str],
    note: str = "",
) -> int:
    """Judge a conversation: `shares` in percent by line, a quotation where a critical one failed.

    Raises JudgedAlready, NotOwnWork, NoSound for one that is not kept, Malformed.
    """
    by.require("crm.quality.judge")
    score, form = await _scored(shares, notes)
    async with unit_of_work(by) as work:
        found = await conversation_on(work.connection, conversation, by=by)
        if found.actor == actor_code(by):
            raise NotOwnWork
        if not found.actor:
            raise Malformed.of("actor", "", N_("Nobody is known who talked."))
        if found.state != "kept":
            raise NoSound(found.state)
        made = await work.connection.fetchval(
            _ADD, new_id(), conversation, found.account_id, found.actor, actor_code(by),
            clock.now(), form, score.points, list(score.critical), note.strip()[:LONGEST],
        )  # fmt: skip
        if made is None:
            raise JudgedAlready(conversation)
        await _write_grades(work, made, shares, notes)
        await work.audit(
            "crm:quality:judged",
            f"quality:{made}",
            account_id=found.account_id,
            after={"employee": found.actor, "score": score.points},
        )
    return int(made)


async def _write_grades(
    work: UnitOfWork, card: int, shares: Mapping[str, int | None], notes: Mapping[str, str]
) -> None:
    rows = [
        (card, line, share, notes.get(line, "").strip()[:LONGEST])
        for line, share in shares.items()
        if share is not None
    ]
    await work.write(_GRADE, rows)


async def move_card(card: int, name: str, *, by: Actor, note: str = "") -> None:
    """Agree to a card, appeal, or leave it as it is after an appeal.

    Only whose work it is agrees or appeals, and somebody else decides, who did not give the card
    while there is such a one. Raises Forbidden, NotOwnWork, OwnCard, MoveRefused, Malformed.
    """
    async with unit_of_work(by) as work:
        await _move(work, card, name, note)


async def _move(work: UnitOfWork, card: int, name: str, note: str) -> Any:
    row = await work.connection.fetchrow(_LOCKED, card)
    if row is None:
        raise NoConversation(card)
    move = APPEAL.move(row["state"], name)
    work.by.require(move.right)
    own = row["actor"] == actor_code(work.by)
    if own and move.right != "desk.open":
        raise NotOwnWork
    if not own and move.right == "desk.open":
        message = N_("Only whose work it is agrees or appeals.")
        raise Forbidden("FORBIDDEN", message, right=move.right)
    gave = row["judged_by"] == actor_code(work.by)
    if gave and await others_decide(work.connection, card):
        raise OwnCard
    _reason, kept = said(move, note=note)
    await work.connection.execute(_MOVE, card, move.target)
    await log_move(
        work, APPEAL, card, move=move, was=row["state"], account_id=row["account_id"], note=kept
    )
    return row


async def judge_anew(
    card: int,
    *,
    by: Actor,
    shares: Mapping[str, int | None],
    notes: Mapping[str, str],
    note: str,
) -> None:
    """Decide an appeal by judging anew: the lines and the points are replaced."""
    score, form = await _scored(shares, notes)
    async with unit_of_work(by) as work:
        row = await _move(work, card, "change", note)
        await work.connection.execute(_RESCORE, card, score.points, list(score.critical), form)
        await _write_grades(work, card, shares, notes)
        await work.audit(
            "crm:quality:rescored",
            f"quality:{card}",
            account_id=row["account_id"],
            before={"score": row["score"]},
            after={"score": score.points},
        )
