"""Reads of scripts and of conversations by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from abonent.billing.queries.reach import check_reach, is_reached
from abonent.crm.queries.identity import actor_code
from abonent.crm.script_errors import RunNotFound, ScriptNotFound
from abonent.kernel.actor import Actor
from abonent.kernel.content import documents_of
from abonent.kernel.db import reading
from abonent.kernel.jsontext import from_json
from abonent.kernel.scripts import Draft, Objection, Script

KIND, OBJECTIONS = "scripts", "objections"
LATEST = 20

_OWN = """
SELECT DISTINCT ON (v.slug) v.slug, v.no, v.hash, t.content
FROM crm_script_version v JOIN crm_script_text t ON t.hash = v.hash
WHERE v.state = 'published' ORDER BY v.slug, v.no DESC
"""
_WITHDRAWN = "SELECT slug FROM crm_script_withdrawn"
_RUN = """
SELECT r.id, r.slug, r.hash, r.account_id, b.number, r.played_by, coalesce(actor_name(r.played_by), r.played_by) AS player,
    r.began_at, r.ended_at, r.no, r.outcome, r.kind, r.note, t.content
FROM crm_script_run r JOIN crm_script_text t ON t.hash = r.hash
LEFT JOIN billing_account b ON b.account_id = r.account_id
WHERE r.id = $1
"""
_STEPS = """
SELECT s.no, s.step, s.shown_at, s.answer, s.answered_at, s.note, s.undone,
    ARRAY(SELECT o.objection FROM crm_script_objection o
        WHERE o.run_id = s.run_id AND o.no = s.no ORDER BY o.shown_at) AS objections
FROM crm_script_step s WHERE s.run_id = $1 ORDER BY s.no
"""
_OF_ACCOUNT = """
SELECT r.id, r.slug, r.began_at, r.ended_at, r.outcome, r.kind, coalesce(actor_name(r.played_by), r.played_by) AS player,
    r.played_by = $2 AS own
FROM crm_script_run r
WHERE r.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)
ORDER BY r.began_at DESC LIMIT $3
"""
_OPEN = """
SELECT r.id, r.slug, r.began_at, r.ended_at, r.outcome, r.kind, coalesce(actor_name(r.played_by), r.played_by) AS player,
    true AS own
FROM crm_script_run r WHERE r.played_by = $1 AND r.account_id IS NULL AND r.ended_at IS NULL
    AND r.began_at >= $2
ORDER BY r.began_at DESC LIMIT $3
"""
_FACTS = """
SELECT EXISTS (SELECT FROM crm_equipment e WHERE e.account_id = a.account_id AND e.kind = 'router'
        AND e.owner = 'rent' AND e.returned_on IS NULL) AS rented_router,
    EXISTS (SELECT FROM portal_access p WHERE p.contract_id = c.contract_id) AS portal,
    (SELECT e.name FROM billing_legal_entity e ORDER BY e.id <> coalesce(a.legal_entity_id, 1), e.id
        LIMIT 1) AS company
FROM (SELECT $1::text AS number) asked
LEFT JOIN billing_account a ON a.number = asked.number
LEFT JOIN crm_account c ON c.account_id = a.account_id
"""


@dataclass(frozen=True, slots=True)
class Playable:
    """A script as it is played now; `no` is the installation's own version, 0 the program's.

    A `withdrawn` one is begun no more.
    """

    slug: str
    hash: str
    script: Script
    no: int
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A step as it was shown: what was answered to it, what was noted, what was looked up."""

    no: int
    step: str
    shown_at: datetime
    answer: int | None
    answered_at: datetime | None
    note: str
    undone: bool
    objections: list[str]


@dataclass(frozen=True, slots=True)
class Run:
    """A conversation by a script, by the very text that was used."""

    id: int
    slug: str
    hash: str
    account_id: int | None
    number: str | None
    played_by: str
    player: str
    began_at: datetime
    ended_at: datetime | None
    no: int
    outcome: str | None
    kind: str | None
    note: str
    script: Draft
    steps: list[Shown]

    @property
    def current(self) -> Shown:
        """The step it stands at."""
        return next(shown for shown in self.steps if shown.no == self.no)

    @property
    def can_go_back(self) -> bool:
        """Tell whether a step was answered before."""
        return any(s.answer is not None and not s.undone for s in self.steps)


@dataclass(frozen=True, slots=True)
class RunLine:
    """A conversation in a list."""

    id: int
    slug: str
    began_at: datetime
    ended_at: datetime | None
    outcome: str | None
    kind: str | None
    player: str
    own: bool


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an account has besides what its card shows, and whose subscriber it is."""

    rented_router: bool
    portal: bool
    company: str


async def playable_scripts() -> dict[str, Playable]:
    """Every script as it is played now: the installation's own version before the program's."""
    shipped = await documents_of(KIND, Script)
    found = {slug: Playable(slug, one.hash, one.value, 0) for slug, one in shipped.items()}
    async with reading() as connection:
        rows = await connection.fetch(_OWN)
        gone = await connection.fetch(_WITHDRAWN)
    for row in rows:
        script = Script.model_validate(parsed(row["content"]).model_dump())
        found[row["slug"]] = Playable(row["slug"], row["hash"], script, row["no"])
    for row in gone:
        if row["slug"] in found:
            found[row["slug"]] = replace(found[row["slug"]], withdrawn=True)
    return dict(sorted(found.items(), key=_by_document))


def _by_document(pair: tuple[str, Playable]) -> tuple[bool, str, str]:
    """In the order of the department's list; those that it does not have stand after, by title."""
    script = pair[1].script
    return not script.document, script.document, script.title


async def withdrawn_scripts() -> frozenset[str]:
    """The keys of the scripts that are begun no more."""
    async with reading() as connection:
        return frozenset(row["slug"] for row in await connection.fetch(_WITHDRAWN))


async def playable_script(slug: str) -> Playable:
    """One of them. Raises ScriptNotFound."""
    found = (await playable_scripts()).get(slug)
    if found is None:
        raise ScriptNotFound(slug)
    return found


async def objections_book() -> Mapping[str, Objection]:
    """The book of objections by their slugs."""
    return {s: one.value for s, one in (await documents_of(OBJECTIONS, Objection)).items()}


@lru_cache(maxsize=128)
def parsed(content: str) -> Draft:
    """Read a script kept as JSON."""
    return Draft.model_validate(from_json(content))


async def read_run(run: int, *, by: Actor) -> Run:
    """A conversation of the actor's own, or of anybody for who sees results. Raises RunNotFound."""
    by.require("crm.script.play" if not by.may("crm.script.view") else "crm.script.view")
    async with reading() as connection:
        row = await connection.fetchrow(_RUN, run)
        if row is None or not (row["played_by"] == actor_code(by) or by.may("crm.script.view")):
            raise RunNotFound(run)
        steps = [Shown(**shown) for shown in await connection.fetch(_STEPS, run)]
    # Whose the account is, is not given away either.
    if row["number"] is not None and not await is_reached(row["number"], by=by):
        raise RunNotFound(run)
    fields = dict(row)
    return Run(**fields | {"script": parsed(fields.pop("content")), "steps": steps})


async def runs_of_account(number: str, *, by: Actor) -> list[RunLine]:
    """The latest conversations about an account."""
    by.require("crm.script.play")
    await check_reach(number, by=by)
    return await _lines(_OF_ACCOUNT, number, actor_code(by), LATEST)


async def open_runs(*, by: Actor, since: datetime) -> list[RunLine]:
    """The actor's conversations with nobody of an account that have not ended."""
    by.require("crm.script.play")
    return await _lines(_OPEN, actor_code(by), since, LATEST)


async def _lines(statement: str, *values: Any) -> list[RunLine]:
    async with reading() as connection:
        return [RunLine(**row) for row in await connection.fetch(statement, *values)]


async def surroundings_of(number: str | None, *, by: Actor) -> Surroundings:
    """What a conversation about an account, or about none yet, needs besides its card."""
    by.require("crm.script.play" if not by.may("crm.script.view") else "crm.script.view")
    async with reading() as connection:
        return Surroundings(**await connection.fetchrow(_FACTS, number))
