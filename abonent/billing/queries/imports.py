"""Files that were taken in: the register of all of them, one of them with what was wrong in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from abonent.billing.queries.outside.registers import FILE_STATES, RIGHT, agreement_choices
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_
from abonent.kernel.intake import Reject
from abonent.kernel.jsontext import from_json
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row

SHOWN = 200
"""Troubles shown on the page; the file of them holds all that are kept."""
KINDS = {
    "bank": N_("payments by an agreement"),
    "payments": N_("payments"),
    "subscribers": N_("subscribers"),
    "debts": N_("debts"),
    "tariffs": N_("tariffs"),
}
STATES = FILE_STATES | {
    "known": (N_("taken before"), ""),
    "broken": (N_("broken off"), "bad"),
}

_ONE = """
SELECT i.id, i.kind, i.name, i.digest, r.state, i.error, i.taken, i.unchanged, i.rejected, i.begun_by,
    i.machine_user, i.begun_at, i.ended_at
FROM billing_taken_file i JOIN billing_file_register r ON r.id = i.id WHERE i.id = $1
"""
_TROUBLES = """
SELECT line, field, value, message, params FROM billing_file_trouble
WHERE import_id = $1 AND no > $2 ORDER BY no LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Import:
    """A file taken by `abonent import`, with the first of its troubles."""

    id: int
    kind: str
    name: str
    digest: bytes
    state: str
    error: str
    taken: int
    unchanged: int
    rejected: int
    begun_by: str
    machine_user: str
    begun_at: datetime
    ended_at: datetime | None
    troubles: list[Reject]

    @property
    def lines(self) -> int:
        """How many rows of it were read."""
        return self.taken + self.unchanged + self.rejected


async def import_of(number: int, *, by: Actor) -> Import:
    """One import. Raises NotFound, also for who is confined to districts: rows may be of others."""
    by.require(RIGHT)
    async with reading() as connection:
        row = await connection.fetchrow(_ONE, number)
        if row is None or by.districts is not None:
            raise NotFound("NOT_FOUND", N_("There is no such file."), value=number)
        troubles = await connection.fetch(_TROUBLES, number, 0, SHOWN)
    return Import(**row, troubles=[_trouble(one) for one in troubles])


async def troubles_of(number: int, *, by: Actor) -> AsyncIterator[list[Reject]]:
    """Every trouble of an import that is kept, some at a time."""
    by.require(RIGHT)
    last, size = 0, 1000
    while True:
        async with reading() as connection:
            rows = await connection.fetch(_TROUBLES, number, last, size)
        if rows:
            yield [_trouble(row) for row in rows]
        if len(rows) < size:
            return
        last += size


def _trouble(row: Any) -> Reject:
    params = from_json(row["params"])
    return Reject(row["line"], row["field"], row["value"], row["message"], params)


def _tone(row: Row) -> str:
    return "bad" if row["went"] in {"broken", "refused"} else ""


IMPORTS = Register(
    code="imports",
    label=N_("Files taken in"),
    about=N_(
        "Statements and registries of payments, and files of subscribers, tariffs, debts and payments"
        " that the command “abonent import” took: who, when, how much of each, and what was wrong."
    ),
    path="/imports",
    right=RIGHT,
    source="billing_file_register r",
    key="r.id",
    key_type="bigint",
    columns=(
        Column(
            name="received", label=N_("Received"), sql="r.at", kind=Kind.INSTANT, head=True,
            order="r.id", order_type="bigint", link="{page}",
        ),
        Column(name="file", label=N_("File"), sql="r.name"),
        Column(
            name="kind", label=N_("What is in it"), sql="r.kind", kind=Kind.STATE,
            words={kind: (words, "") for kind, words in KINDS.items()},
        ),
        Column(name="agreement", label=N_("Agreement"), sql="r.agreement", soft=True),
        Column(name="state", label=N_("State"), sql="r.state", kind=Kind.STATE, words=STATES),
        Column(name="lines", label=N_("Rows"), sql="r.lines", kind=Kind.NUMBER),
        Column(name="amount", label=N_("Amount"), sql="r.amount", kind=Kind.MONEY, total=True),
        Column(name="taken", label=N_("Taken rows"), sql="r.taken", kind=Kind.NUMBER),
        Column(name="unchanged", label=N_("Known before"), sql="r.unchanged", kind=Kind.NUMBER),
        Column(name="rejected", label=N_("Not taken"), sql="r.rejected", kind=Kind.NUMBER),
        Column(
            name="who", label=N_("By"), soft=True,
            sql="coalesce(actor_name(r.by), nullif(r.machine_user, ''), r.by)",
        ),
        Column(name="ended", label=N_("Ended"), sql="r.ended_at", kind=Kind.INSTANT, shown=False),
        Column(
            name="digest", label=N_("Digest"), sql="encode(r.digest, 'hex')", soft=True, shown=False
        ),
    ),
    extras={"page": "r.page", "went": "r.state"},
    sort="-received",
    filters=(
        Filter(
            name="kind", label=N_("What is in it"), ask=Ask.CHOICE, sql="r.kind = ANY($1::text[])",
            choices=tuple(KINDS.items()),
        ),
        Filter(
            name="agreement", label=N_("Agreement"), ask=Ask.CHOICE,
            sql="r.agreement_code = ANY($1::text[])", options=agreement_choices,
        ),
        Filter(
            name="state", label=N_("State"), ask=Ask.CHOICE, sql="r.state = ANY($1::text[])",
            choices=[(state, words) for state, (words, _tone_of_it) in STATES.items()],
        ),
        Filter(
            name="day", label=N_("Day"), ask=Ask.DAYS, least="r.at >= $1", most="r.at < $1 + 1",
        ),
    ),
    search=Filter(
        name="q", label=N_("Search"), ask=Ask.TEXT,
        sql="(strpos(lower(r.name), lower($1)) > 0 OR encode(r.digest, 'hex') LIKE lower($1) || '%')",
    ),
    search_label=N_("Name of the file"),
    tone=_tone,
    # Rows of a file may be of any district: who is confined sees files of agreements alone.
    scope="r.kind = 'bank' AND $1::text[] IS NOT NULL",
    empty=(
        N_("No file has come yet"),
        N_("Files are taken in on the page of payments from outside, or by the command “abonent import”."),
    ),
    icon="file-text",
)  # fmt: skip
