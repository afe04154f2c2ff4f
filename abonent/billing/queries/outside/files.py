"""The files of agreements: what is in each, how far its taking is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from abonent.billing.queries.outside.matching import Reason
from abonent.billing.rules.outside.incoming import Other, OtherKind, Trouble, Wrong
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_
from abonent.kernel.jsontext import from_json

TAKE_JOB = "crm.take_outside_file"
"""The job that takes a file; it is declared above, where contracts are known."""
MOST_TOLD = 100
"""Troubles and lines of a file that are kept one by one; all are counted."""

_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_COLUMNS = """
SELECT f.id, f.name, f.state, f.received_at, f.received_by, f.finished_at, f.summary, f.done,
    a.code AS agreement, a.name AS agreement_name, a.kind
FROM billing_outside_file f JOIN billing_agreement a ON a.id = f.agreement_id
"""
_ONE = _COLUMNS + "WHERE f.id = $1"
_LATEST = _COLUMNS + "WHERE f.state <> 'dropped' AND f.id < $1 ORDER BY f.id DESC LIMIT $2"
_CAME = """
SELECT count(*) FILTER (WHERE k.account_id IS NOT NULL) AS taken,
    coalesce(sum(r.amount) FILTER (WHERE k.account_id IS NOT NULL), 0)::bigint AS taken_amount,
    count(*) FILTER (WHERE k.account_id IS NULL) AS waiting,
    coalesce(sum(r.amount) FILTER (WHERE k.account_id IS NULL), 0)::bigint AS waiting_amount
FROM billing_outside_row r JOIN billing_agreement a ON a.id = r.agreement_id
LEFT JOIN billing_inbox k ON k.source = a.source AND k.external_id = r.external_id
WHERE r.file_id = $1
"""


@dataclass(slots=True)
class Count:
    """How many payments, and their money in minor units."""

    count: int = 0
    amount: int = 0

    def add(self, amount: int) -> None:
        """Count one more."""
        self.count += 1
        self.amount += amount


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file that does not go to an account by itself.

    It `waits` for a person for a Reason; else it is left out as money of another kind, or, for no
    such cause, as taken before. `named` is what it names as its account.
    """

    place: int
    amount: int
    waits: bool
    why: Reason | OtherKind | None = None
    named: str = ""


@dataclass(slots=True)
class Summary:
    """What is in a file: all that came in, shared out by what would become of it.

    `known` were taken before; `unmatched` wait for a person, by reason; `others` are no payments of
    subscribers. `lines` are the first of those that do not go to an account by themselves.
    `stops`: the file as a whole cannot be believed.
    """

    incoming: Count = field(default_factory=Count)
    matched: Count = field(default_factory=Count)
    known: Count = field(default_factory=Count)
    unmatched: dict[Reason, Count] = field(default_factory=dict)
    others: dict[OtherKind, Count] = field(default_factory=dict)
    wrongs: dict[Wrong, int] = field(default_factory=dict)
    told: list[Trouble] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    first: date | None = None
    last: date | None = None

    @property
    def stops(self) -> bool:
        """Tell whether nothing of the file may be taken."""
        return any(trouble.stops for trouble in self.told)

    @property
    def waiting(self) -> Count:
        """Everything that a person will have to match."""
        parts = self.unmatched.values()
        return Count(sum(p.count for p in parts), sum(p.amount for p in parts))

    def hold(self, place: int, amount: int, reason: Reason, named: str = "") -> None:
        """Count a payment that waits for a person."""
        self.unmatched.setdefault(reason, Count()).add(amount)
        self._tell(Line(place, amount, waits=True, why=reason, named=named))

    def leave(self, other: Other) -> None:
        """Count money that is no payment of a subscriber."""
        self.others.setdefault(other.kind, Count()).add(other.amount)
        self._tell(Line(other.place, other.amount, waits=False, why=other.kind))

    def recognise(self, place: int, amount: int) -> None:
        """Count a payment that was taken before."""
        self.known.add(amount)
        self._tell(Line(place, amount, waits=False))

    def _tell(self, line: Line) -> None:
        if len(self.lines) < MOST_TOLD:
            self.lines.append(line)

    def note(self, trouble: Trouble) -> None:
        """Count a trouble; the first ones are kept as they are, and every one that stops the file."""
        self.wrongs[trouble.wrong] = self.wrongs.get(trouble.wrong, 0) + 1
        if trouble.stops:
            self.told.insert(0, trouble)
        elif len(self.told) < MOST_TOLD:
            self.told.append(trouble)


@dataclass(frozen=True, slots=True)
class OutsideFile:
    """A file of an agreement. State: seen, waiting, taking, taken, refused."""

    id: int
    name: str
    state: str
    received_at: datetime
    received_by: str
    finished_at: datetime | None
    summary: Summary
    done: int
    agreement: str
    agreement_name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a file's payments so far."""

    taken: int
    taken_amount: int
    waiting: int
    waiting_amount: int


async def outside_file(file: int, *, by: Actor) -> OutsideFile:
    """One file; raises NotFound."""
    by.require("billing.payment.settle")
    async with reading() as connection:
        row = await connection.fetchrow(_ONE, file)
    if row is None:
        raise NotFound("NOT_FOUND", N_("There is no such file."), value=file)
    return _file(row)


async def outside_files(
    *, by: Actor, before: int = 2**63 - 1, limit: int = 50
) -> list[OutsideFile]:
    """The files, the latest first; `before` is the last one of the page before."""
    by.require("billing.payment.settle")
    async with reading() as connection:
        return [_file(row) for row in await connection.fetch(_LATEST, before, limit)]


async def became_of(file: int, *, by: Actor) -> Became:
    """How many of a file's payments are on accounts, and how many are not."""
    by.require("billing.payment.settle")
    async with reading() as connection:
        return Became(**await connection.fetchrow(_CAME, file))


def _file(row: Any) -> OutsideFile:
    return OutsideFile(**{**row, "summary": summary_of(from_json(row["summary"]))})


def summary_of(stored: dict[str, Any]) -> Summary:
    """A summary as it was stored."""
    return Summary(
        incoming=Count(**stored.get("incoming", {})),
        matched=Count(**stored.get("matched", {})),
        known=Count(**stored.get("known", {})),
        unmatched={Reason(n): Count(**c) for n, c in stored.get("unmatched", {}).items()},
        others={OtherKind(n): Count(**c) for n, c in stored.get("others", {}).items()},
        wrongs={Wrong(name): count for name, count in stored.get("wrongs", {}).items()},
        told=[
            Trouble(
                one["place"],
                Wrong(one["wrong"]),
                {name: _restored(value) for name, value in one["params"].items()},
            )
            for one in stored.get("told", ())
        ],
        lines=[_line(one) for one in stored.get("lines", ())],
        first=_restored(stored.get("first")),
        last=_restored(stored.get("last")),
    )


def _line(stored: dict[str, Any]) -> Line:
    why = stored["why"]
    return Line(
        **stored | {"why": (Reason if stored["waits"] else OtherKind)(why) if why else None}
    )


def _restored(value: Any) -> Any:
    """A day is stored as text."""
    if isinstance(value, str) and _ISO_DAY.fullmatch(value):
        return date.fromisoformat(value)
    return value
