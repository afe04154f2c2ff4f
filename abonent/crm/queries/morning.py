"""The automaton's report of the morning: what ran, what failed, money, requests, norms broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from abonent.billing.queries.day import day_state
from abonent.crm.queries.queue_day import queue_now
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
WHERE day = $1 AND kind IN ('payment', 'reversal', 'refund')
"""
_REQUESTS = """
SELECT (SELECT count(*) FROM crm_request WHERE received_at >= $1 AND received_at < $2) AS came,
    a.answered, a.broken, o.open, o.late, o.warned, o.chats, o.scored,
    (SELECT count(*) FROM crm_mail_taken WHERE kind = 'failed' AND at >= $1) AS not_taken
FROM (SELECT count(*) AS answered, count(*) FILTER (WHERE late) AS broken
        FROM crm_request WHERE answered_at >= $1 AND answered_at < $2) a,
    (SELECT count(*) AS open, count(*) FILTER (WHERE due_at < $3) AS late,
            count(*) FILTER (WHERE due_at >= $3 AND warn_at <= $3) AS warned,
            count(*) FILTER (WHERE channel = 'chat' AND first_said_at IS NULL) AS chats,
            count(*) FILTER (WHERE topic = 'low-score') AS scored
        FROM crm_request WHERE open) o
"""
_LETTERS = "/letters-not-taken"
_QUEUE = """
SELECT count(*) FILTER (WHERE t.number <> '') AS came,
    count(*) FILTER (WHERE t.state = 'no_show') AS lost,
    count(*) FILTER (WHERE t.first_called_at - greatest(t.arrived_at,
        CASE WHEN t.booked_for < t.first_called_at THEN t.booked_for END)
        > q.hard_minutes * interval '1 minute') AS late
FROM crm_queue_ticket t JOIN crm_queue_office q ON q.office_id = t.office_id WHERE t.day = $1
"""
_CLAIMS = """
SELECT count(*) AS open, count(*) FILTER (WHERE coalesce(answer_by, register_by) < $1) AS late,
    count(*) FILTER (WHERE target_by < $1) AS slow
FROM crm_claim WHERE open
"""
_MESSAGES = """
SELECT count(*) FILTER (WHERE state IN ('sent', 'delivered')) AS sent,
    count(*) FILTER (WHERE state IN ('undelivered', 'expired', 'rejected')) AS lost,
    count(*) FILTER (WHERE state = 'unknown') AS unknown
FROM crm_message WHERE queued_at >= $1 AND queued_at < $2
"""
# What stands in several rooms, in one statement: the page has twelve.
_WAITING = """
SELECT (SELECT count(*) FROM outbox WHERE state = 'FAILED') AS failed,
    (SELECT count(*) FROM outbox WHERE state = 'WAITING' AND due_at < $1 - interval '1 hour') AS waiting,
    (SELECT count(*) FROM billing_parked_payment
        WHERE settled_at IS NULL AND aside_at IS NULL) AS parked,
    (SELECT count(*) FROM crm_quality_card WHERE state = 'appealed') AS appeals,
    w.away, w.alone
FROM (SELECT count(*) AS away, count(*) FILTER (WHERE stand_in IS NULL) AS alone
    FROM staff_away($1)) w
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
    yesterday = today - timedelta(1)
    begin, end = _midnight(yesterday), _midnight(today)
    async with reading() as connection:
        waiting = await connection.fetchrow(_WAITING, now)
        sections = [
            await _of_day(today),
            await _of_jobs(connection, begin, now),
            await _of_money(connection, yesterday, waiting),
            await _of_requests(connection, begin, end, now),
            await _of_claims(connection, today),
            await _of_queue(connection, yesterday),
            await _of_messages(connection, begin, end, waiting),
            _of_people(waiting),
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


async def _of_money(connection: Any, day: date, waiting: Any) -> Section:
    row = await connection.fetchrow(_MONEY, day)
    came = f"{format_money(row['came'], current_language())} ({row['payments']})"
    went = f"{format_money(-row['went'], current_language())} ({row['backs']})"
    days = _days("day", day)
    lines = [
        Told(_("Came in"), came, path=f"/payments?kind=payment&{days}"),
        Told(_("Went back"), went, path=f"/payments?kind=reversal&kind=refund&{days}"),
        _count(_("Unmatched payments"), waiting["parked"], bad=True, path="/parked"),
    ]
    return Section(_("Money of yesterday"), lines)


def _days(name: str, day: date) -> str:
    """The filter of a register that leaves one day."""
    return f"{name}.from={day}&{name}.to={day}"


async def _of_requests(connection: Any, begin: datetime, end: datetime, now: datetime) -> Section:
    row = await connection.fetchrow(_REQUESTS, begin, end, now)
    answered = f"/all-requests?{_days('answered', begin.date())}"
    return Section(
        _("Requests"),
        [
            _count(
                _("Came yesterday"),
                row["came"],
                path=f"/all-requests?{_days('received', begin.date())}",
            ),
            _count(
                _("Letters not taken, left in the mailbox"),
                row["not_taken"],
                bad=True,
                path=f"{_LETTERS}?at.from={begin.date()}",
            ),
            _count(_("Answered yesterday"), row["answered"], path=answered),
            _count(
                _("of them after their norm"), row["broken"], bad=True, path=f"{answered}&late=on"
            ),
            _count(_("Open now"), row["open"], path="/requests"),
            _count(_("Overdue now"), row["late"], bad=True, path="/requests?late=on"),
            _count(_("Nearly overdue"), row["warned"], path="/requests?near=on"),
            _count(
                _("Chats nobody has answered yet"),
                row["chats"],
                bad=True,
                path="/all-chats?waiting=on",
            ),
            _count(
                _("Low scores not dealt with yet"), row["scored"], path="/requests?topic=low-score"
            ),
        ],
    )


async def _of_claims(connection: Any, today: date) -> Section:
    row = await connection.fetchrow(_CLAIMS, today)
    return Section(
        _("Claims"),
        [
            _count(_("Open now"), row["open"], path="/claims"),
            _count(_("Past the term of law"), row["late"], bad=True, path="/claims?late=on"),
            _count(_("Past our own target"), row["slow"], bad=True, path="/claims?slow=on"),
        ],
    )


async def _of_queue(connection: Any, yesterday: date) -> Section:
    row = await connection.fetchrow(_QUEUE, yesterday)
    missing = (await queue_now(by=SYSTEM)).missing
    tickets = f"/queue/tickets?{_days('day', yesterday)}"
    return Section(
        _("Visits to the offices"),
        [
            _count(_("Tickets of yesterday"), row["came"], path="/queue/day?day=" + str(yesterday)),
            _count(_("Waited beyond the limit"), row["late"], bad=True, path=f"{tickets}&late=on"),
            _count(_("Did not come when called"), row["lost"], path=f"{tickets}&state=no_show"),
            _count(_("Checklists not ticked"), missing, bad=True, path="/queue/checklists"),
        ],
    )


def _of_people(row: Any) -> Section:
    return Section(
        _("Staff"),
        [
            _count(_("Away today"), row["away"], path="/staff?away=on"),
            _count(_("of them with nobody instead"), row["alone"], path="/staff?alone=on"),
            _count(
                _("Appeals against cards of quality"), row["appeals"], bad=True,
                path="/quality-cards?state=appealed",
            ),
        ],
    )  # fmt: skip


async def _of_messages(connection: Any, begin: datetime, end: datetime, waiting: Any) -> Section:
    row = await connection.fetchrow(_MESSAGES, begin, end)
    messages = "/messages?state={}&" + _days("queued", begin.date())
    return Section(
        _("Messages"),
        [
            _count(_("Sent yesterday"), row["sent"], path=messages.format("sent&state=delivered")),
            _count(
                _("Did not arrive"),
                row["lost"],
                path=messages.format("undelivered&state=expired&state=rejected"),
            ),
            _count(
                _("It is not known whether they went"),
                row["unknown"],
                bad=True,
                path=messages.format("unknown"),
            ),
            _count(_("Given up by the outbox"), waiting["failed"], bad=True),
            _count(_("Waiting in the outbox over an hour"), waiting["waiting"], bad=True),
        ],
    )
