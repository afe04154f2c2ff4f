"""Reads of claims: one with everything found and decided, those of an account, facts the books hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from abonent.crm.claim_errors import ClaimNotFound
from abonent.crm.masking import masked_contact
from abonent.crm.rules.claims import CLAIM, TAKE, TEAMS, VIEW, ClaimState, tone_on
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import time_zone
from abonent.kernel.jsontext import from_json
from abonent.kernel.workflow import Moved, moves_of

OF_ACCOUNT = 50
FACTS_OVER = timedelta(days=60)
"""How far before a claim the books are looked at."""

_ONE = """
SELECT * FROM crm_claim_seen
WHERE id = $1 AND ($2::text[] IS NULL OR district = ANY($2)) AND ($3::text[] IS NULL OR account = ANY($3))
"""
_OF_ACCOUNT = """
SELECT * FROM crm_claim_seen
WHERE account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
ORDER BY received_on DESC, id DESC LIMIT $2
"""
_NOTES = """
SELECT id, kind, text, at, actor_name(by) AS who FROM crm_claim_note
WHERE account_id = $1 AND claim_id = $2 ORDER BY id
"""
_FILES = """
SELECT id, name, media, size, at, actor_name(by) AS who FROM crm_claim_file
WHERE account_id = $1 AND claim_id = $2 ORDER BY id
"""
_ANSWERS = """
SELECT id, way, sent_to, text, paper, message_id, at, actor_name(by) AS who FROM crm_claim_answer
WHERE account_id = $1 AND claim_id = $2 ORDER BY id
"""
_FACTS = """
SELECT (SELECT json_agg(json_build_array(day, amount, source) ORDER BY no DESC) FROM (
        SELECT no, day, amount, source FROM billing_entry
        WHERE account_id = $1 AND kind = 'payment' AND day >= $2 ORDER BY no DESC LIMIT 5) p)::text
        AS payments,
    (SELECT coalesce(-sum(amount), 0)::bigint FROM billing_entry
        WHERE account_id = $1 AND kind = 'charge' AND day >= $2) AS charged,
    (SELECT count(*) FROM billing_entry WHERE account_id = $1 AND day >= $2
        AND kind IN ('compensation', 'correction')) AS corrected,
    (SELECT count(*) FROM crm_request WHERE account_id = $1 AND received_at >= $2) AS requests,
    (SELECT count(*) FROM crm_claim WHERE account_id = $1 AND id <> $3) AS claims,
    (SELECT balance FROM billing_account WHERE account_id = $1) AS balance,
    (SELECT state FROM billing_account WHERE account_id = $1) AS state
"""
_PEOPLE = """
SELECT DISTINCT s.id, s.name FROM unnest($1::text[]) AS t (team), staff_of(t.team) AS s ORDER BY s.name
"""
_POLICY = "SELECT own_limit, head_email FROM crm_claim_policy"
_WAITING = """
SELECT count(*) FILTER (WHERE k.owner = $1 OR k.substitute = $1 OR w.stand_in = $1) AS mine,
    count(*) FILTER (WHERE k.state = 'received') AS new,
    count(*) FILTER (WHERE coalesce(k.answer_by, k.register_by) < $2) AS late,
    count(*) FILTER (WHERE k.alarm_on <= $2) AS alarmed,
    count(*) FILTER (WHERE w.user_id IS NOT NULL AND w.stand_in IS NULL AND k.substitute IS NULL)
        AS deserted
FROM crm_claim k LEFT JOIN staff_away($3) w ON w.user_id = k.owner
WHERE k.open
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as its page shows it."""

    id: int
    account_id: int
    legal_entity_id: int
    number: str | None
    subject: str
    demand: int
    asked: str
    text: str
    channel: str
    request: int | None
    reply_by: str
    reply_to: str
    state: str
    open: bool
    received_on: date
    received_at: datetime
    register_by: date
    registered_at: datetime | None
    target_by: date | None
    alarm_on: date
    answer_by: date | None
    alarmed_at: datetime | None
    owner: int | None
    substitute: int | None
    cause: str
    decision: str
    grounds: str
    decided_at: datetime | None
    remedy: str
    remedy_service: int | None
    remedy_from: date | None
    remedy_to: date | None
    remedy_percent: int | None
    remedy_tariff: str | None
    remedy_charges: list[int]
    compensation: int
    reckoned: str
    answered_at: datetime | None
    late: bool
    posted: int | None
    entry_first: int | None
    entry_last: int | None
    executed_at: datetime | None
    court: str
    court_case: str
    court_amount: int | None
    court_on: date | None
    version: int
    account: str
    district: str
    subscriber: str | None
    owner_name: str | None
    substitute_name: str | None
    taker_name: str | None
    decider_name: str | None

    @property
    def due_by(self) -> date:
        """The last day of the term that runs: of registration, then of the answer."""
        return self.answer_by or self.register_by

    @property
    def tone(self) -> str:
        """How urgent it is, as registers colour it."""
        today = local_today()
        return tone_on(today, open=self.open, due_by=self.due_by, alarm_on=self.alarm_on)

    @property
    def tone_of_state(self) -> str:
        """The colour of its state."""
        return CLAIM.state(self.state).tone

    @property
    def days(self) -> list[tuple[date, int]]:
        """The compensation day by day, as it was decided."""
        return [(date.fromisoformat(day), amount) for day, amount in from_json(self.reckoned)]

    @property
    def owes(self) -> bool:
        """Tell whether money was promised and is not given back yet."""
        return self.compensation > 0 and self.posted is None

    @property
    def reply_masked(self) -> str:
        """Where the answer goes, without what not everybody may see."""
        if "@" in self.reply_to:
            return masked_contact("email", self.reply_to)
        return self.reply_to


@dataclass(frozen=True, slots=True)
class Note:
    """What was found out (finding) or noted for colleagues (note)."""

    id: int
    kind: str
    text: str
    at: datetime
    who: str | None


@dataclass(frozen=True, slots=True)
class File:
    """A file of a claim."""

    id: int
    name: str
    media: str
    size: int
    at: datetime
    who: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it went out; `paper` is the data its printed form is made of."""

    id: int
    way: str
    sent_to: str
    text: str
    paper: str
    message_id: int | None
    at: datetime
    who: str | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A claim with all that was found, done and answered."""

    claim: Claim
    notes: list[Note]
    files: list[File]
    answers: list[Answer]
    moves: list[Moved]

    @property
    def findings(self) -> list[str]:
        """What was found out, for the answer."""
        return [note.text for note in self.notes if note.kind == "finding"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the books know of the time before a claim; payments are (day, amount, source)."""

    payments: list[tuple[date, int, str]]
    charged: int
    corrected: int
    requests: int
    claims: int
    balance: int
    state: str
    since: date


@dataclass(frozen=True, slots=True)
class Policy:
    """What the company has set: the sum decided without the head, and where the head is warned."""

    own_limit: int
    head_email: str


@dataclass(frozen=True, slots=True)
class WaitingClaims:
    """What waits: for a user, for registration, overdue and nearly so.

    `deserted` have an owner who is away and nobody in their place.
    """

    mine: int
    new: int
    late: int
    alarmed: int
    deserted: int


def local_today() -> date:
    """The day by the company's clocks: terms of law run by it, not by the business day."""
    return clock.now().astimezone(time_zone()).date()


async def claim_of(claim: int, *, by: Actor) -> Claim:
    """Read a claim. Raises ClaimNotFound, also for one beyond the actor's reach."""
    by.require(VIEW if by.kind != "subscriber" else TAKE)
    districts = None if by.districts is None else sorted(by.districts)
    accounts = None if by.accounts is None else sorted(by.accounts)
    async with reading() as connection:
        row = await connection.fetchrow(_ONE, claim, districts, accounts)
    if row is None:
        raise ClaimNotFound(claim)
    return Claim(**dict(row))


async def whole_claim(claim: int, *, by: Actor) -> Whole:
    """Read a claim with its notes, files, answers and moves."""
    found = await claim_of(claim, by=by)
    async with reading() as connection:
        keys = (found.account_id, found.id)
        notes = [Note(**dict(row)) for row in await connection.fetch(_NOTES, *keys)]
        files = [File(**dict(row)) for row in await connection.fetch(_FILES, *keys)]
        answers = [Answer(**dict(row)) for row in await connection.fetch(_ANSWERS, *keys)]
    return Whole(found, notes, files, answers, await moves_of(CLAIM, found.id))


async def claims_of(account: str, *, by: Actor) -> list[Claim]:
    """The claims of an account, the latest first; the subscriber reads the own ones."""
    by.require(VIEW if by.kind != "subscriber" else TAKE)
    async with reading() as connection:
        rows = await connection.fetch(_OF_ACCOUNT, account, OF_ACCOUNT)
    return [Claim(**dict(row)) for row in rows]


async def facts_of(claim: Claim) -> Facts:
    """What the books hold of the sixty days before a claim came; who asks has seen the claim."""
    since = claim.received_on - FACTS_OVER
    async with reading() as connection:
        row = await connection.fetchrow(_FACTS, claim.account_id, since, claim.id)
    payments: list[Any] = []
    if row["payments"]:
        payments = [
            (date.fromisoformat(day), amount, source or "")
            for day, amount, source in from_json(row["payments"])
        ]
    rest = {name: row[name] for name in ("charged", "corrected", "requests", "claims")}
    return Facts(payments, **rest, balance=row["balance"], state=row["state"], since=since)


async def claim_people() -> Sequence[tuple[str, str]]:
    """Everybody who may own a claim, as choices: id and name."""
    async with reading() as connection:
        rows = await connection.fetch(_PEOPLE, list(TEAMS))
    return [(str(row["id"]), row["name"]) for row in rows]


async def claim_policy() -> Policy:
    """What the company has set about claims."""
    async with reading() as connection:
        return Policy(**dict(await connection.fetchrow(_POLICY)))


async def waiting_claims(user: int) -> WaitingClaims:
    """What waits of claims."""
    async with reading() as connection:
        row = await connection.fetchrow(_WAITING, user, local_today(), clock.now())
    return WaitingClaims(**dict(row))


def answered(claim: Claim) -> bool:
    """Tell whether the subscriber has an answer."""
    return claim.answered_at is not None and claim.state not in {
        ClaimState.INVESTIGATION,
        ClaimState.DECIDED,
    }
