"""Reads of requests: one with everything said on it, those of an account, what waits, reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from abonent.crm.errors import RequestNotFound
from abonent.crm.masking import masked_contact
from abonent.crm.rules.requests import REQUEST, VIEW, RequestState
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import _
from abonent.kernel.workflow import Moved, moves_of

OF_ACCOUNT = 50

_ONE = """
SELECT * FROM crm_request_seen
WHERE number = $1 AND (account IS NULL OR $2::text[] IS NULL OR district = ANY($2))
"""
_OF_ACCOUNT = """
SELECT * FROM crm_request_seen
WHERE account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
ORDER BY received_at DESC LIMIT $2
"""
_LINES = """
SELECT l.id, l.kind, l.channel, l.whom, l.text, l.at, l.by, actor_name(l.by) AS who,
    actor_name(l.whom) AS whom_name, l.message_id
FROM crm_request_line l WHERE l.request_id = $1 ORDER BY l.id
"""
_FILES = "SELECT id, name, media, size, at FROM crm_request_file WHERE request_id = $1 ORDER BY id"
_JOINED = "SELECT number, title FROM crm_request WHERE joined_to = $1 ORDER BY number"
_WAITING = """
SELECT count(*) FILTER (WHERE mine) AS mine, count(*) FILTER (WHERE free) AS free,
    count(*) FILTER (WHERE due_at < $2 AND (mine OR free)) AS late,
    count(*) FILTER (WHERE due_at < $2) AS late_of_all,
    count(*) FILTER (WHERE due_at >= $2 AND warn_at <= $2 AND (mine OR free)) AS warned,
    count(*) FILTER (WHERE unheeded) AS unheeded, coalesce(staff_role($1), '') AS team
FROM (
    SELECT r.due_at, r.warn_at, r.owner = $1 OR w.stand_in = $1 AS mine,
        $1 IN (SELECT user_id FROM staff_told($2)) AND request_unheeded(r.id, r.escalated_at)
            AS unheeded,
        r.team = staff_role($1)
            AND (r.owner IS NULL OR (w.user_id IS NOT NULL AND w.stand_in IS NULL)) AS free
    FROM crm_request r LEFT JOIN staff_away($2) w ON w.user_id = r.owner
    WHERE r.open
) r
"""
_TEAM = """
SELECT s.id, s.name, w.until FROM staff_of($1) s LEFT JOIN staff_away($2) w ON w.user_id = s.id
ORDER BY w.until IS NOT NULL, s.name
"""


_TEAMS = """
SELECT t.team, s.id, s.name, w.until FROM unnest($1::text[]) AS t (team)
CROSS JOIN staff_of(t.team) s LEFT JOIN staff_away($2) w ON w.user_id = s.id
ORDER BY w.until IS NOT NULL, s.name
"""
_NUMBER = "SELECT number FROM crm_request WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as its page shows it; `reply_shown` is masked for who may not see contacts."""

    id: int
    account_id: int | None
    number: int
    token: str
    channel: str
    topic: str
    priority: int
    title: str
    text: str
    who: str
    reply_by: str
    reply_to: str
    state: str
    open: bool
    team: str
    owner: int | None
    contact_person: int | None
    link_kind: str
    link_number: str
    received_at: datetime
    received_by: str
    norm_amount: int
    norm_unit: str
    due_at: datetime | None
    warn_at: datetime | None
    next_action: str
    next_action_at: datetime | None
    answered_at: datetime | None
    late: bool
    contacts: int
    reopened: int
    rating: int | None
    rating_note: str
    version: int
    account: str | None
    district: str | None
    subscriber: str | None
    owner_name: str | None
    contact_name: str | None
    taker_name: str | None
    joined_to: int | None

    @property
    def tone(self) -> str:
        """How urgent it is, as registers colour it."""
        return tone_of(open=self.open, due_at=self.due_at, warn_at=self.warn_at)

    @property
    def reply_masked(self) -> str:
        """Where the answer goes, without what not everybody may see."""
        if "@" in self.reply_to:
            return masked_contact("email", self.reply_to)
        return masked_contact("phone", self.reply_to) if self.reply_to else ""

    @property
    def tone_of_state(self) -> str:
        """The colour of its state."""
        return REQUEST.state(self.state).tone


@dataclass(frozen=True, slots=True)
class Line:
    """What was said: by the client (asked), to the client (answer), among colleagues."""

    id: int
    kind: str
    channel: str
    whom: str
    text: str
    at: datetime
    by: str
    who: str | None
    whom_name: str | None
    message_id: int | None


@dataclass(frozen=True, slots=True)
class File:
    """A file that the client sent."""

    id: int
    name: str
    media: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Whole:
    """A request with all that was said and done, and the requests joined to it."""

    request: Request
    lines: list[Line]
    moves: list[Moved]
    joined: list[tuple[int, str]]
    files: list[File] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits: for a user, for anybody of their team, overdue and nearly so.

    What an absent colleague owns is theirs who stands in, and the team's where nobody does.
    `unheeded` is what this user was told of because nobody deals with it.
    """

    mine: int
    free: int
    late: int
    late_of_all: int
    warned: int
    unheeded: int
    team: str


def tone_of(*, open: bool, due_at: datetime | None, warn_at: datetime | None) -> str:  # noqa: A002
    """Red past the norm, yellow when it is near."""
    if not open or due_at is None:
        return ""
    now = clock.now()
    if due_at < now:
        return "bad"
    return "warn" if warn_at is not None and warn_at <= now else ""


async def request_of(number: int, *, by: Actor) -> Request:
    """Read a request. Raises RequestNotFound, also for one in no district of the actor."""
    by.require(VIEW)
    districts = None if by.districts is None else sorted(by.districts)
    async with reading() as connection:
        row = await connection.fetchrow(_ONE, number, districts)
    if row is None:
        raise RequestNotFound(number)
    return Request(**dict(row))


async def whole_request(number: int, *, by: Actor) -> Whole:
    """Read a request with its lines, its moves and what was joined to it."""
    found = await request_of(number, by=by)
    async with reading() as connection:
        lines = [Line(**dict(row)) for row in await connection.fetch(_LINES, found.id)]
        joined = await connection.fetch(_JOINED, found.id)
        files = [File(**dict(row)) for row in await connection.fetch(_FILES, found.id)]
    moves = await moves_of(REQUEST, found.id)
    return Whole(found, lines, moves, [(row["number"], row["title"]) for row in joined], files)


async def requests_of(account: str, *, by: Actor) -> list[Request]:
    """The requests of an account, the latest first."""
    by.require(VIEW)
    async with reading() as connection:
        rows = await connection.fetch(_OF_ACCOUNT, account, OF_ACCOUNT)
    return [Request(**dict(row)) for row in rows]


async def own_requests(account: str) -> list[Request]:
    """The same for the subscriber's own page; whose it is has been checked."""
    async with reading() as connection:
        rows = await connection.fetch(_OF_ACCOUNT, account, OF_ACCOUNT)
    return [Request(**dict(row)) for row in rows]


async def told_of(number: int) -> Whole:
    """What a client sees of the own request: no notes, no moves among colleagues."""
    async with reading() as connection:
        row = await connection.fetchrow(_ONE, number, None)
        if row is None:
            raise RequestNotFound(number)
        found = Request(**dict(row))
        rows = await connection.fetch(_LINES, found.id)
    lines = [Line(**dict(line)) for line in rows if line["kind"] in {"asked", "answer"}]
    return Whole(found, lines, [], [])


async def waiting_requests(user: int) -> Waiting:
    """What waits for a user, and for anybody of the user's role."""
    async with reading() as connection:
        row = await connection.fetchrow(_WAITING, user, clock.now())
    return Waiting(**dict(row))


async def people_of(team: str) -> Sequence[tuple[str, str]]:
    """The people of a team as choices: id and name, those who are away last."""
    async with reading() as connection:
        rows = await connection.fetch(_TEAM, team, clock.now())
    return [(str(row["id"]), _named(row["name"], row["until"])) for row in rows]


async def team_people(teams: Sequence[str]) -> Sequence[tuple[str, int, str]]:
    """The people of several teams: team, id and name, those who are away last."""
    async with reading() as connection:
        rows = await connection.fetch(_TEAMS, list(teams), clock.now())
    return [(row["team"], row["id"], _named(row["name"], row["until"])) for row in rows]


async def number_of_request(key: int) -> int:
    """The number of a request by its id."""
    async with reading() as connection:
        return int(await connection.fetchval(_NUMBER, key))


def _named(name: str, until: date | None) -> str:
    return _("{name}, away until {until}", name=name, until=until) if until else name


def answered(request: Request) -> bool:
    """Tell whether the client has the answer."""
    return request.state in {RequestState.RESOLVED, RequestState.RATED, RequestState.CLOSED}
