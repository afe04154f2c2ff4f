"""Answering a survey step by step by its link; a low score becomes a request and is followed up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog

from abonent.crm.queries.surveys import Answer, Asked, asked_of
from abonent.crm.rules.requests import TAKE
from abonent.crm.rules.surveys import SURVEY, SurveyState
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.requests.working import plan_next
from abonent.crm.surveys import Survey, Type, survey
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import DomainError, Malformed, Refused
from abonent.kernel.i18n import N_, _, speaking
from abonent.kernel.ids import new_id
from abonent.kernel.norms import Norm, Unit
from abonent.kernel.site import site_language
from abonent.kernel.work import UnitOfWork
from abonent.kernel.workflow import log_move

CLIENT = Actor("subscriber", "survey", "client", frozenset({TAKE}))
"""Who opened a survey by its link."""
LEFT_FOR = timedelta(hours=1)
"""Who gave a score and said no more within this time is taken to have finished."""
_AT_ONCE = 1_000
_MINUTES = 60

_CLEAR = """
DELETE FROM crm_survey_answer WHERE account_id = $1 AND survey_id = $2 AND question = ANY($3)
"""
_KEEP = """
INSERT INTO crm_survey_answer (account_id, survey_id, question, codes, text)
VALUES ($1, $2, $3, $4, $5)
"""
_STEPPED = "UPDATE crm_survey_sent SET steps = $3 WHERE account_id = $1 AND id = $2"
_SCORED = """
UPDATE crm_survey_sent SET steps = 1, score = $3, standing = $4,
    answered_at = coalesce(answered_at, $5), state = 'answered'
WHERE account_id = $1 AND id = $2
"""
_LOOPED = """
UPDATE crm_survey_sent SET state = 'loop', request_id = $3 WHERE account_id = $1 AND id = $2
"""
_CLOSED = """
UPDATE crm_survey_sent SET state = 'closed', closed_at = $3 WHERE account_id = $1 AND id = $2
"""
_LEFT = """
SELECT token FROM crm_survey_sent WHERE state = 'answered' AND answered_at < $1
ORDER BY answered_at LIMIT $2
"""
# A request that was joined to another is looked into there.
_DONE = """
SELECT q.account_id, q.id FROM crm_survey_sent q
JOIN crm_request r ON r.id = q.request_id
LEFT JOIN crm_request j ON j.id = r.joined_to
WHERE q.state = 'loop' AND NOT r.open AND NOT coalesce(j.open AND r.state = 'joined', false)
ORDER BY q.id LIMIT $1 FOR UPDATE OF q SKIP LOCKED
"""
_END = """
UPDATE crm_survey_sent SET state = 'closed', closed_at = $2 WHERE id = ANY($1)
"""
_LOG = """
INSERT INTO workflow_move (workflow, subject, id, account_id, name, was, became, reason, note, at, by)
VALUES ('survey', $1, $2, $3, 'end', 'loop', 'closed', '', '', $4, $5)
"""
_log = structlog.get_logger(__name__)


async def answer_survey(token: str, step: int, given: Mapping[str, Sequence[str]]) -> bool:
    """Keep the answers of a step; tells whether it was the last one.

    An earlier step may be answered anew: what was said after it is asked again. What is finished
    stays as it is. Raises NoSuchSurvey, Malformed naming every wrong answer, Refused for one sent
    too long ago.
    """
    questions = (await survey()).value
    async with unit_of_work(CLIENT) as work:
        one = await asked_of(work.connection, token, lock=True)
        if one.ended:
            return True
        if one.over(questions):
            raise Refused("SURVEY_OVER", N_("This survey is over. Thank you."))
        if not 1 <= step <= one.steps + 1:
            raise Malformed.of("step", str(step), N_("Answer the questions before this one first."))
        known = one.before(step, questions)
        read = questions.read(step, known, given)
        kept = {code: Answer(*said) for code, said in read.items()}
        await _keep(work, questions, one, step, kept)
        answers = known | {code: tuple(a.codes) for code, a in kept.items()}
        if any(further > step for further in questions.steps(answers)):
            return False
        await _end(work, questions, await asked_of(work.connection, token))
    return True


async def _keep(
    work: UnitOfWork, questions: Survey, one: Asked, step: int, kept: Mapping[str, Answer]
) -> None:
    key = (one.account_id, one.id)
    later = [question.code for question in questions.question if question.step >= step]
    await work.connection.execute(_CLEAR, *key, later)
    rows = [(*key, code, list(answer.codes), answer.text) for code, answer in kept.items()]
    await work.connection.executemany(_KEEP, rows)
    if step > 1:
        await work.connection.execute(_STEPPED, *key, step)
        return
    score = int(kept[questions.score].codes[0])
    await work.connection.execute(_SCORED, *key, score, questions.standing(score), clock.now())
    if one.state == SurveyState.SENT:
        await _log_move(work, one, "score", SurveyState.SENT)


async def _end(work: UnitOfWork, questions: Survey, one: Asked) -> None:
    """Finish a survey; a low score goes to the shift supervisor first."""
    key = (one.account_id, one.id)
    if one.score is None or questions.standing(one.score) != "detractor":
        await work.connection.execute(_CLOSED, *key, clock.now())
        await _log_move(work, one, "end", SurveyState.ANSWERED)
        return
    with speaking(site_language()):
        told = (await survey()).value
        request = await _turn(told, one)
    await work.connection.execute(_LOOPED, *key, request)
    await _log_move(work, one, "turn", SurveyState.ANSWERED)


async def _turn(told: Survey, one: Asked) -> int:
    """Register the request by which a low score is looked into; answers its id."""
    hours = told.loop.hours
    callback = one.answers.get(told.loop.callback)
    allowed = callback is not None and "no" not in callback.codes
    title = _("Score {score} of {most}", score=one.score, most=told.of(told.score).most)
    new = NewRequest(
        channel="portal",
        title=f"{told.title}. {title}",
        text=_words(told, one, title),
        account=one.number,
        reply_by="call" if allowed else "none",
        topic=told.loop.topic,
        norm=Norm(hours * _MINUTES, Unit.MINUTES),
    )
    taken = await take_request(new, by=CLIENT)
    until = clock.now() + timedelta(hours=hours)
    if allowed and callback is not None:
        when = told.of(told.loop.callback).label(callback.codes[0])
        following = _("Call, apologise, find the reason; sell nothing. {when}", when=when)
    else:
        following = _("Find the reason; a call was not asked for")
    await plan_next(taken.number, by=SYSTEM, text=following, at=until)
    return taken.id


def _words(told: Survey, one: Asked, title: str) -> str:
    """What was answered, as the shift supervisor reads it."""
    lines = [f"{title}. {told.kind_of(one.kind).label}."]
    for question in told.question:
        answer = one.answers.get(question.code)
        if answer is None or question.type is Type.SCALE:
            continue
        said = answer.text or ", ".join(question.label(code) for code in answer.codes)
        lines.append(f"{question.text}\n— {said}")
    return "\n\n".join(lines)


async def end_surveys() -> int:
    """Finish what was left after the score, and what the shift supervisor has looked into."""
    async with reading() as connection:
        rows = await connection.fetch(_LEFT, clock.now() - LEFT_FOR, _AT_ONCE)
    ended = 0
    for row in rows:
        try:
            ended += await _end_left(row["token"])
        except DomainError as error:
            _log.warning("surveys.not_ended", code=error.code)
    return ended + await _end_looked_into()


async def _end_left(token: str) -> int:
    questions = (await survey(site_language())).value
    async with unit_of_work(CLIENT) as work:
        one = await asked_of(work.connection, token, lock=True)
        if one.state != SurveyState.ANSWERED:
            return 0
        await _end(work, questions, one)
    return 1


async def _end_looked_into() -> int:
    async with unit_of_work(SYSTEM) as work:
        rows = await work.connection.fetch(_DONE, _AT_ONCE)
        if not rows:
            return 0
        now, by = clock.now(), f"{SYSTEM.kind}:{SYSTEM.id}"
        await work.connection.execute(_END, [row["id"] for row in rows], now)
        moves = [(row["id"], new_id(), row["account_id"], now, by) for row in rows]
        await work.connection.executemany(_LOG, moves)
        await work.audit("crm:survey:ended", "survey:run", after={"surveys": len(rows)})
    return len(rows)


async def _log_move(work: UnitOfWork, one: Asked, name: str, was: str) -> None:
    move = SURVEY.move(was, name)
    await log_move(work, SURVEY, one.id, move=move, was=was, account_id=one.account_id)
