"""The automaton's report of the morning: what ran, what failed, money, requests, norms broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from abonent.billing.queries.day import day_state
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import _, current_language, time_zone
from abonent.kernel.money import format_money

VIEW = "crm.morning.view"
_LONGEST_ERROR = 200
_MOST_FAILED = 20

_JOBS = """
SELECT count(*) FILTER (WHERE state = 'OK') AS ok, count(*) FILTER (WHERE state = 'FAILED') AS failed,
    count(*) FILTER (WHERE state = 'PLANNED' AND due_at < $2) AS late
FROM job_run WHERE created_at >= $1
"""
_FAILED = """
SELECT job, count(*) AS times, max(finished_at) AS at, max(error) AS error FROM job_run
WHERE created_at >= $1 AND state = 'FAILED' GROUP BY job ORDER BY job LIMIT $2
"""
_MONEY = """
SELECT count(*) FILTER (WHERE kind = 'payment') AS payments,
    coalesce(sum(amount) FILTER (WHERE kind = 'payment'), 0)::bigint AS came,
    count(*) FILTER (WHERE kind IN ('reversal', 'refund')) AS backs,
    coalesce(sum(amount) FILTER (WHERE kind IN ('reversal', 'refund')), 0)::bigint AS went
FROM billing_entry
WHERE created_at >= $1 AND created_at < $2 AND kind IN ('payment', 'reversal', 'refund', 'return')
"""
_REQUESTS = """
SELECT count(*) FILTER (WHERE received_at >= $1 AND received_at < $2) AS came,
    count(*) FILTER (WHERE answered_at >= $1 AND answered_at < $2) AS answered,
    count(*) FILTER (WHERE answered_at >= $1 AND answered_at < $2 AND late) AS broken
FROM crm_request WHERE received_at >= $1 - interval '60 days'
"""
_OPEN = """
SELECT count(*) AS open, count(*) FILTER (WHERE due_at < $1) AS late,
    count(*) FILTER (WHERE due_at >= $1 AND warn_at <= $1) AS warned
FROM crm_request WHERE open
"""
_LETTERS = "/letters-not-taken"
_NOT_TAKEN = "SELECT count(*) FROM crm_mail_taken WHERE kind = 'failed' AND at >= $1"
_CLAIMS = """
SELECT count(*) AS open, count(*) FILTER (WHERE answer_by < $1) AS late,
    count(*) FILTER (WHERE target_by < $1) AS slow
FROM crm_claim WHERE open
"""
_MESSAGES = """
SELECT count(*) FILTER (WHERE state IN ('sent', 'delivered')) AS sent,
    count(*) FILTER (WHERE state IN ('undelivered', 'expired', 'rejected')) AS lost,
    count(*) FILTER (WHERE state = 'unknown') AS unknown
FROM crm_message WHERE queued_at >= $1 AND queued_at < $2
"""
_OUTBOX = """
SELECT (SELECT count(*) FROM outbox WHERE state = 'FAILED') AS failed,
    (SELECT count(*) FROM outbox WHERE state = 'WAITING' AND due_at < $1) AS waiting
"""
_TO = "SELECT receivers, hour, sent_on FROM crm_morning"


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the report: its words and value; `bad` is what somebody must look at."""

    label: str
    value: str
    bad: bool = False
    path: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What the report says of one thing."""

    title: str
    lines: list[Told]


@dataclass(frozen=True, slots=True)
class Morning:
    """The report of a day: yesterday's figures, and what waits this morning."""

    day: date
    sections: list[Section]

    @property
    def bad(self) -> list[Told]:
        """What somebody must look at."""
        return [line for section in self.sections for line in section.lines if line.bad]


@dataclass(frozen=True, slots=True)
class Sending:
    """To whom the report goes and at which hour by the company's clock; empty is nobody."""

    receivers: list[str]
    hour: int
    sent_on: date | None


async def morning_report(*, by: Actor) -> Morning:
    """Read yesterday's figures and this morning's standing; for who sees the whole provider."""
    by.require(VIEW)
    now = clock.now()
    today = now.astimezone(time_zone()).date()
    begin, end = _midnight(today - timedelta(1)), _midnight(today)
    async with reading() as connection:
        sections = [
            await _of_day(today),
            await _of_jobs(connection, begin, now),
            await _of_money(connection, begin, end),
            await _of_requests(connection, begin, end, now),
            await _of_claims(connection, today),
            await _of_messages(connection, begin, end, now),
        ]
    return Morning(today, sections)


async def morning_sending(connection: Any) -> Sending:
    """To whom the report goes, and when."""
    row = await connection.fetchrow(_TO)
    return Sending(list(row["receivers"]), row["hour"], row["sent_on"])


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, time_zone())


def _count(label: str, number: int, *, bad: bool = False, path: str = "") -> Told:
    return Told(label, str(number), bad=bad and number > 0, path=path)


async def _of_day(today: date) -> Section:
    state = await day_state(by=SYSTEM)
    if state is None:
        return Section(_("Business day"), [Told(_("Open day"), "—", bad=True, path="/day")])
    behind = state.day < today
    lines = [Told(_("Open day"), f"{state.day:%d.%m.%Y}", bad=behind, path="/day")]
    if state.state == "closing":
        lines.append(_count(_("Accounts still to be closed"), state.lagging, bad=True, path="/day"))
    return Section(_("Business day"), lines)


async def _of_jobs(connection: Any, begin: datetime, now: datetime) -> Section:
    row = await connection.fetchrow(_JOBS, begin, now - timedelta(minutes=10))
    failed = await connection.fetch(_FAILED, begin, _MOST_FAILED)
    lines = [
        _count(_("Ran"), row["ok"]),
        _count(_("Failed"), row["failed"], bad=True),
        _count(_("Waiting too long for a worker"), row["late"], bad=True),
    ]
    lines += [Told(one["job"], (one["error"] or "")[:_LONGEST_ERROR], bad=True) for one in failed]
    return Section(_("The automaton's work"), lines)


async def _of_money(connection: Any, begin: datetime, end: datetime) -> Section:
    row = await connection.fetchrow(_MONEY, begin, end)
    came = f"{format_money(row['came'], current_language())} ({row['payments']})"
    went = f"{format_money(-row['went'], current_language())} ({row['backs']})"
    lines = [
        Told(_("Came in"), came, path="/payments"),
        Told(_("Went back"), went, path="/payments"),
    ]
    return Section(_("Money of yesterday"), lines)


async def _of_requests(connection: Any, begin: datetime, end: datetime, now: datetime) -> Section:
    row = await connection.fetchrow(_REQUESTS, begin, end)
    waiting = await connection.fetchrow(_OPEN, now)
    not_taken = await connection.fetchval(_NOT_TAKEN, begin)
    return Section(
        _("Requests"),
        [
            _count(_("Came yesterday"), row["came"], path="/all-requests"),
            _count(_("Letters not taken, left in the mailbox"), not_taken, bad=True, path=_LETTERS),
            _count(_("Answered yesterday"), row["answered"]),
            _count(_("of them after their norm"), row["broken"], bad=True),
            _count(_("Open now"), waiting["open"], path="/requests"),
            _count(_("Overdue now"), waiting["late"], bad=True, path="/requests?late=on"),
            _count(_("Nearly overdue"), waiting["warned"], path="/requests"),
        ],
    )


async def _of_claims(connection: Any, today: date) -> Section:
    row = await connection.fetchrow(_CLAIMS, today)
    return Section(
        _("Claims"),
        [
            _count(_("Open now"), row["open"], path="/claims"),
            _count(_("Past the term of law"), row["late"], bad=True, path="/claims"),
            _count(_("Past our own target"), row["slow"], bad=True, path="/claims"),
        ],
    )


async def _of_messages(connection: Any, begin: datetime, end: datetime, now: datetime) -> Section:
    row = await connection.fetchrow(_MESSAGES, begin, end)
    left = await connection.fetchrow(_OUTBOX, now - timedelta(hours=1))
    return Section(
        _("Messages"),
        [
            _count(_("Sent yesterday"), row["sent"], path="/messages"),
            _count(_("Did not arrive"), row["lost"], path="/messages"),
            _count(_("It is not known whether they went"), row["unknown"], bad=True),
            _count(_("Given up by the outbox"), left["failed"], bad=True),
            _count(_("Waiting in the outbox over an hour"), left["waiting"], bad=True),
        ],
    )
