"""What came of conversations by scripts: by stage, step, end, person and version; of objections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from abonent.crm.rules.scripts import ABANDONED, STAGES, stage_bit
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.scripts import Stage

SEE = "crm.script.view"
SOON = 5_000
"""The steps of more conversations than this take more than a moment to count."""

_GROUPED = """
SELECT hash, played_by, stages, outcome, kind, count(*) AS runs, min(began_at) AS since
FROM crm_script_run
WHERE slug = $1 AND began_at >= $2 AND began_at < $3
    AND ($4::text IS NULL OR hash = $4) AND ($5::text IS NULL OR played_by = $5)
GROUP BY hash, played_by, stages, outcome, kind
"""
_NAMES = "SELECT code, coalesce(actor_name(code), code) AS name FROM unnest($1::text[]) AS code"
_STEPS = """
SELECT s.step, s.answer, count(*) AS runs
FROM crm_script_run r JOIN crm_script_step s ON s.run_id = r.id
WHERE r.slug = $1 AND r.began_at >= $2 AND r.began_at < $3
    AND ($4::text IS NULL OR r.hash = $4) AND ($5::text IS NULL OR r.played_by = $5)
    AND NOT s.undone AND r.outcome IS DISTINCT FROM 'ABANDONED'
GROUP BY s.step, s.answer
"""
_LATELY = """
SELECT slug, count(*) AS runs, count(*) FILTER (WHERE kind = 'good') AS good
FROM crm_script_run WHERE began_at >= $1 AND outcome IS DISTINCT FROM 'ABANDONED' GROUP BY slug
"""
_OBJECTIONS = """
SELECT objection, count(*) AS shown, count(*) FILTER (WHERE went_on) AS won
FROM crm_script_objection WHERE shown_at >= $1 GROUP BY objection
"""
_VERSIONS = "SELECT hash, no FROM crm_script_version WHERE slug = $1 AND hash IS NOT NULL"


@dataclass(slots=True)
class Tally:
    """How many conversations there were, how many ended and how many ended well."""

    runs: int = 0
    ended: int = 0
    good: int = 0

    def add(self, kind: str | None, runs: int) -> None:
        """Count so many with this end; None for those that have not ended."""
        self.runs += runs
        self.ended += runs if kind else 0
        self.good += runs if kind == "good" else 0


@dataclass(frozen=True, slots=True)
class StageTally:
    """A stage: those who came to it, who came to the next one too, and who ended well."""

    stage: Stage
    came: int
    onward: int
    good: int


@dataclass(frozen=True, slots=True)
class Results:
    """What came of a script in a period; `left` were begun, forgotten and count as none."""

    total: Tally
    stages: list[StageTally]
    outcomes: Counter[str]
    people: list[tuple[str, str, Tally]]
    versions: list[tuple[str, int | None, datetime, Tally]]
    steps: dict[str, Counter[int | None]] | None
    left: int = 0


async def results_of(
    slug: str,
    stages: Iterable[Stage],
    *,
    by: Actor,
    since: datetime,
    until: datetime,
    text: str | None = None,
    person: str | None = None,
    every_step: bool = False,
) -> Results:
    """Results of a script that has these stages, of one text or one person where asked for.

    Steps are counted where there are at most SOON conversations, or where `every_step` asks for it.
    """
    by.require(SEE)
    asked = (slug, since, until, text, person)
    async with reading() as connection:
        found = await connection.fetch(_GROUPED, *asked)
        groups = [row for row in found if row["outcome"] != ABANDONED.code]
        people = sorted({row["played_by"] for row in groups})
        names = {r["code"]: r["name"] for r in await connection.fetch(_NAMES, people)}
        numbers = {r["hash"]: r["no"] for r in await connection.fetch(_VERSIONS, slug)}
        few = sum(row["runs"] for row in groups) <= SOON
        answers = await connection.fetch(_STEPS, *asked) if few or every_step else None
    total, outcomes = Tally(), Counter[str]()
    tallies: dict[str, Tally] = {code: Tally() for code in people}
    texts: dict[str, tuple[datetime, Tally]] = {}
    for row in groups:
        total.add(row["kind"], row["runs"])
        tallies[row["played_by"]].add(row["kind"], row["runs"])
        begun, tally = texts.get(row["hash"], (row["since"], Tally()))
        tally.add(row["kind"], row["runs"])
        texts[row["hash"]] = min(begun, row["since"]), tally
        if row["outcome"]:
            outcomes[row["outcome"]] += row["runs"]
    steps: dict[str, Counter[int | None]] = {}
    for row in answers or ():
        steps.setdefault(row["step"], Counter())[row["answer"]] += row["runs"]
    masks = [(row["stages"], row["kind"], row["runs"]) for row in groups]
    return Results(
        total=total,
        stages=_stages(list(stages), masks),
        outcomes=outcomes,
        people=sorted(
            ((code, names[code], tally) for code, tally in tallies.items()),
            key=lambda one: (-one[2].runs, one[1]),
        ),
        versions=sorted(
            ((code, numbers.get(code), begun, tally) for code, (begun, tally) in texts.items()),
            key=lambda one: one[2],
            reverse=True,
        ),
        steps=None if answers is None else steps,
        left=sum(row["runs"] for row in found if row["outcome"] == ABANDONED.code),
    )


def _stages(stages: list[Stage], masks: list[tuple[int, str | None, int]]) -> list[StageTally]:
    """How many came to each stage, and of these to the next one."""
    ordered = [stage for stage in STAGES if stage in stages]
    found = []
    for stage, following in zip(ordered, [*ordered[1:], None], strict=False):
        bit = stage_bit(stage)
        both = bit | (stage_bit(following) if following else bit)
        found.append(
            StageTally(
                stage,
                came=sum(runs for mask, _kind, runs in masks if mask & bit),
                onward=sum(runs for mask, _kind, runs in masks if mask & both == both),
                good=sum(runs for mask, kind, runs in masks if mask & bit and kind == "good"),
            )
        )
    return found


async def lately(*, by: Actor, since: datetime) -> dict[str, tuple[int, int]]:
    """How often each script was played since then, and how often with a good end."""
    by.require(SEE)
    async with reading() as connection:
        rows = await connection.fetch(_LATELY, since)
    return {row["slug"]: (row["runs"], row["good"]) for row in rows}


async def shown_objections(*, since: datetime) -> dict[str, tuple[int, int]]:
    """How often each objection was looked up since then, and how often one went on after it."""
    async with reading() as connection:
        rows = await connection.fetch(_OBJECTIONS, since)
    return {row["objection"]: (row["shown"], row["won"]) for row in rows}
