"""The first hour of a newcomer: lessons as documents, and which of their steps are done today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator
from starlette.requests import Request
from starlette.responses import Response

from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.content import load_content
from abonent.kernel.db import reading
from abonent.kernel.ids import COUNTER_BITS

COOKIE = "abonent_lesson"
"""Who learns carries it for a day: only then pages leave a trace of having been looked at."""
_DAY_SECONDS = 86_400

_IS_DEMO = "SELECT EXISTS (SELECT FROM audit WHERE actor_id = 'demo' AND actor_kind = 'import')"
_DONE = """
SELECT DISTINCT 'audit:' || action AS what FROM audit
WHERE actor_id = $1::text AND actor_kind = 'user' AND id >= $2 AND at >= $4
UNION ALL
SELECT 'opened:' || a.number FROM web_recent r JOIN billing_account a ON a.account_id = r.account_id
WHERE r.user_id = $3 AND r.seen_at >= $4
UNION ALL
SELECT 'looked:' || step FROM web_lesson WHERE user_id = $3 AND at >= $4
UNION ALL
SELECT DISTINCT 'receipt:' || r.kind FROM cash_shift s JOIN cash_receipt r ON r.shift_id = s.id
WHERE s.cashier = 'user:' || $1::text AND r.at >= $4
"""
_LOOKED = """
INSERT INTO web_lesson (user_id, step, at) VALUES ($1, $2, $3)
ON CONFLICT (user_id, step) DO UPDATE SET at = excluded.at
"""


class Check(BaseModel):
    """How it is known that a step is done: one of these.

    `audit` are actions of which the user did one, `opened` the account whose card the user opened,
    `looked` a page that left a trace, `receipt` the kind of a receipt that the user gave out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    audit: tuple[str, ...] = ()
    opened: str = ""
    looked: str = ""
    receipt: str = ""

    @model_validator(mode="after")
    def _is_one(self) -> Check:
        if sum(map(bool, (self.audit, self.opened, self.looked, self.receipt))) != 1:
            raise ValueError("a check says exactly one of audit, opened, looked, receipt")
        return self

    @property
    def signs(self) -> frozenset[str]:
        """What of a user's doings tells that the step is done."""
        if self.audit:
            return frozenset(f"audit:{action}" for action in self.audit)
        signs = ("opened", self.opened), ("looked", self.looked), ("receipt", self.receipt)
        return frozenset(f"{kind}:{what}" for kind, what in signs if what)


class Step(BaseModel):
    """One thing to learn: what to do, where, what one should see, how it is known to be done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    title: str
    do: str
    see: str
    link: str
    right: str
    check: Check


class Lesson(BaseModel):
    """Steps for some roles; for everybody where it names none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    about: str
    roles: tuple[str, ...] = ()
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """A lesson as one person sees it: the steps their rights allow, and which are done."""

    lesson: Lesson
    steps: tuple[tuple[Step, bool], ...]

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(done for _step, done in self.steps)


@lru_cache(maxsize=8)
def lessons(language: str, override: Path | None) -> tuple[Lesson, ...]:
    """Every lesson in order. Reads files: call it in a thread."""
    found = load_content("first_hour", Lesson, language=language, override=override)
    return tuple(document.value for document in found.values())


async def is_demo() -> bool:
    """Tell whether this is the demonstration: nothing done here touches real money."""
    async with reading() as connection:
        return bool(await connection.fetchval(_IS_DEMO))


async def done_today(user_id: int, *, by: Actor, zone: str) -> frozenset[str]:
    """What the user has done since midnight, as signs of checks."""
    midnight = datetime.combine(clock.calendar_day(zone), time(), clock.zone(zone))
    first = int(midnight.astimezone(UTC).timestamp() * 1000) << COUNTER_BITS
    async with reading() as connection:
        rows = await connection.fetch(_DONE, by.id, first, user_id, midnight)
    return frozenset(row["what"] for row in rows)


def progress_of(
    known: Sequence[Lesson], *, role: str, by: Actor, done: frozenset[str]
) -> list[Progress]:
    """The lessons of a role with what is done of them; steps whose right is missing are left out."""
    found = []
    for lesson in known:
        if lesson.roles and role not in lesson.roles:
            continue
        steps = tuple((s, bool(s.check.signs & done)) for s in lesson.steps if by.may(s.right))
        if steps:
            found.append(Progress(lesson, steps))
    return found


def let_learn(response: Response, *, secure: bool) -> None:
    """Let pages leave a trace of what this person looks at, for a day."""
    response.set_cookie(
        COOKIE, "1", max_age=_DAY_SECONDS, httponly=True, samesite="lax", secure=secure
    )


async def note_looked(request: Request, user_id: int, step: str) -> None:
    """Keep that who learns has looked at a page; of all others nothing is kept."""
    if COOKIE not in request.cookies:
        return
    async with reading() as connection:
        await connection.execute(_LOOKED, user_id, step, clock.now())
