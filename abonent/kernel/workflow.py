"""Workflows: what states a matter goes through, who may move it, what they must say.

A workflow is a table: states, and moves from some of them to another. It is declared beside the
department's rules; the department keeps the state in a column of its own table, and each move is
logged here with who, when and why. Nothing else may change that column.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.errors import Malformed, Refused
from abonent.kernel.i18n import N_, _
from abonent.kernel.ids import new_id
from abonent.kernel.norms import Hours, Norm, Pause, due
from abonent.kernel.texts import given_text
from abonent.kernel.work import UnitOfWork

LONGEST_NOTE = 4000


class Ticking(StrEnum):
    """What the clock of a norm does in a state."""

    RUNS = "runs"
    WAITS = "waits"
    """It stands still: only while the client is waited for."""
    ENDED = "ended"
    """What the norm asks for is done; coming back from here, it goes on with what was left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state by its code; `label` is an English message id, `tone` as in registers."""

    code: str
    label: str
    tone: str = ""
    ticking: Ticking = Ticking.RUNS


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move by its name, from any of `sources` to `target`, for who holds `right`.

    `reasons` are the codes (with English message ids) one of which must be given; `note` tells that
    words must be given too. `by_itself` moves are made by the program and offered to nobody.
    `ends_as` says what such a move ends a matter as, where its state alone does not.
    """

    name: str
    label: str
    sources: tuple[str, ...]
    target: str
    right: str
    reasons: Mapping[str, str] = field(default_factory=dict)
    note: bool = False
    by_itself: bool = False
    ends_as: str = ""


class MoveRefused(Refused):
    """What was asked is not a move from the state the matter is in."""

    def __init__(self, workflow: Workflow, state: str, name: str) -> None:
        labels = [_(move.label) for move in workflow.moves if move.name == name]
        super().__init__(
            "MOVE_REFUSED",
            N_("“{value}” cannot be done: it stands at “{state}” by now."),
            field="move",
            value=labels[0] if labels else name,
            state=_(workflow.state(state).label),
        )


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """States and moves of a room's under a code; `begin` is the state of what is new."""

    room: str
    code: str
    label: str
    begin: str
    states: tuple[State, ...]
    moves: tuple[Move, ...]

    def __post_init__(self) -> None:
        wrong = list(self._mistakes())
        if wrong:
            raise ValueError(f"workflow {self.code}: {'; '.join(wrong)}")

    @cached_property
    def _by_code(self) -> dict[str, State]:
        return {state.code: state for state in self.states}

    def state(self, code: str) -> State:
        """A state by its code. Raises KeyError."""
        return self._by_code[code]

    def moves_from(self, state: str, *, by: Actor) -> tuple[Move, ...]:
        """The moves that somebody may make from a state, in the order of the table."""
        return tuple(
            move
            for move in self.moves
            if state in move.sources and not move.by_itself and by.may(move.right)
        )

    def move(self, state: str, name: str) -> Move:
        """The move of that name from a state. Raises MoveRefused."""
        for move in self.moves:
            if move.name == name and state in move.sources:
                return move
        raise MoveRefused(self, state, name)

    def told(self, name: str, became: str) -> str:
        """What a move that was made did (English message id): where it led, or what it ended as."""
        ends = [move.ends_as for move in self.moves if move.name == name and move.ends_as]
        return ends[0] if ends else self.state(became).label

    @property
    def ended(self) -> frozenset[str]:
        """The states in which what was asked for is done."""
        return frozenset(s.code for s in self.states if s.ticking is Ticking.ENDED)

    def _mistakes(self) -> Collection[str]:
        codes = [state.code for state in self.states]
        named = [(move.name, source) for move in self.moves for source in move.sources]
        wrong = [f"two states {code}" for code in sorted(set(codes)) if codes.count(code) > 1]
        wrong += [f"{n} from {s} twice" for n, s in sorted(set(named)) if named.count((n, s)) > 1]
        for move in self.moves:
            wrong += [
                f"{move.name}: no state {code}"
                for code in (*move.sources, move.target)
                if code not in codes
            ]
        return wrong + [f"{code} is never reached" for code in self._unreached()]

    def _unreached(self) -> list[str]:
        reached, edge = {self.begin}, {self.begin}
        while edge:
            edge = {m.target for m in self.moves if edge & set(m.sources)} - reached
            reached |= edge
        return [state.code for state in self.states if state.code not in reached]


@dataclass(frozen=True, slots=True)
class Stood:
    """A state that a matter was in, from an instant until before another; None is until now."""

    state: str
    begin: datetime
    end: datetime | None


def due_at(
    workflow: Workflow, begin: datetime, norm: Norm, hours: Hours, stood: Sequence[Stood]
) -> datetime | None:
    """By when a matter must be done; None while its clock stands still.

    One that is taken up again after its end goes on with what was left then, so that nobody wins
    time by ending it early.
    """
    pauses = []
    for one in stood:
        if workflow.state(one.state).ticking is Ticking.RUNS:
            continue
        if one.end is None:
            return None
        pauses.append(Pause(one.begin, one.end))
    return due(begin, norm, hours, pauses=pauses)


@dataclass(frozen=True, slots=True)
class Moved:
    """A move that was made."""

    at: datetime
    by: str
    who: str
    name: str
    was: str
    became: str
    reason: str
    note: str


_LOG = """
INSERT INTO workflow_move (workflow, subject, id, account_id, name, was, became, reason, note, at, by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_MOVES = """
SELECT at, by, actor_name(by) AS who, name, was, became, reason, note FROM workflow_move
WHERE workflow = $1 AND subject = $2 ORDER BY id
"""


def said(move: Move, *, reason: str = "", note: str = "") -> tuple[str, str]:
    """What is kept of a move's reason and words. Raises Malformed for what the move asks for."""
    if move.reasons and reason not in move.reasons:
        raise Malformed.of("reason", reason, N_("Choose the reason."))
    kept = given_text("note", note, longest=LONGEST_NOTE, needed=move.note)
    return (reason if move.reasons else ""), kept


async def log_move(
    work: UnitOfWork,
    workflow: Workflow,
    subject: int,
    *,
    move: Move,
    was: str,
    account_id: int | None = None,
    reason: str = "",
    note: str = "",
) -> None:
    """Write down a move in the transaction that makes it: who, when, from where to where, why."""
    await work.connection.execute(
        _LOG, workflow.code, subject, new_id(), account_id, move.name, was, move.target, reason,
        note, clock.now(), f"{work.by.kind}:{work.by.id}",
    )  # fmt: skip
    await work.audit(
        f"{workflow.room}:{workflow.code}:{move.name}",
        f"{workflow.code}:{subject}",
        account_id=account_id,
        before={"state": was},
        after={"state": move.target} | ({"reason": reason} if reason else {}),
    )


async def moves_of(workflow: Workflow, subject: int) -> list[Moved]:
    """Every move that was made, the first one first."""
    async with reading() as connection:
        rows = await connection.fetch(_MOVES, workflow.code, subject)
    return [Moved(**dict(row)) for row in rows]
