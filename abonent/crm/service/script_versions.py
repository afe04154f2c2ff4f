"""The installation's own versions of scripts: drafted, changed step by step, published."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from typing import Any

from pydantic import ValidationError

from abonent.crm.queries.identity import actor_code
from abonent.crm.queries.script_versions import EDIT
from abonent.crm.queries.scripts import parsed, playable_script
from abonent.crm.script_errors import (
    DraftChanged,
    DraftMissing,
    EndNotFound,
    NotPlayable,
    StepNotFound,
)
from abonent.crm.service.scripts import KEEP_TEXT
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Conflict, Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.jsontext import to_json
from abonent.kernel.scripts import Draft, Outcome, Stage, Step
from abonent.kernel.work import UnitOfWork

MOST_STEPS, MOST_ENDS = 100, 40

_BEGIN = """
INSERT INTO crm_script_version (slug, no, state, draft, made_at, made_by)
SELECT $1, coalesce(max(no), 0) + 1, 'draft', $2, $3, $4 FROM crm_script_version WHERE slug = $1
ON CONFLICT (slug) WHERE state = 'draft' DO NOTHING
RETURNING no
"""
_LOCKED = """
SELECT no, version, draft FROM crm_script_version WHERE slug = $1 AND state = 'draft' FOR UPDATE
"""
_CHANGE = """
UPDATE crm_script_version SET draft = $3, version = version + 1 WHERE slug = $1 AND no = $2
"""
_PUBLISH = """
UPDATE crm_script_version SET state = 'published', draft = NULL, hash = $3, published_at = $4,
    published_by = $5, note = $6, version = version + 1
WHERE slug = $1 AND no = $2
"""
_DROP = "DELETE FROM crm_script_version WHERE slug = $1 AND no = $2"
_SAME = """
SELECT no FROM crm_script_version WHERE slug = $1 AND hash = $2 AND no = (
    SELECT max(no) FROM crm_script_version WHERE slug = $1 AND state = 'published')
"""
_LATIN = N_("A code is written in Latin letters, digits and underscores: “ask_price”.")


async def begin_draft(slug: str, *, by: Actor) -> None:
    """Begin to change a script from what is played now; a draft that is there stays as it is."""
    by.require(EDIT)
    found = await playable_script(slug)
    async with unit_of_work(by) as work:
        content = to_json(found.script.model_dump(mode="json"))
        row = (slug, content, clock.now(), actor_code(by))
        no = await work.connection.fetchval(_BEGIN, *row)
        if no is not None:
            await work.audit("crm:script:drafted", f"script:{slug}", after={"no": no})


async def change_step(slug: str, step: Step, *, by: Actor, seen: int) -> None:
    """Put a changed step in the place of the draft's step of the same code."""

    def changed(draft: Draft) -> Draft:
        if step.code not in draft.steps:
            raise StepNotFound(step.code)
        steps = tuple(step if step.code == one.code else one for one in draft.step)
        return draft.model_copy(update={"step": steps})

    await _change(slug, changed, by=by, seen=seen, what=f"step:{step.code}")


async def add_step(slug: str, code: str, *, by: Actor, stage: Stage, say: str) -> None:
    """Add a step without answers at the end of its stage. Raises Malformed for a code in use."""

    def changed(draft: Draft) -> Draft:
        if code in draft.steps:
            raise Malformed.of("code", code, N_("There is a step {code} already."), code=code)
        if len(draft.step) >= MOST_STEPS:
            many = N_("A script has at most {most} steps.")
            raise Malformed.of("code", code, many, most=MOST_STEPS)
        try:
            step = Step(code=code, stage=stage, say=say)
        except ValidationError:
            raise Malformed.of("code", code, _LATIN) from None
        last = max((n for n, one in enumerate(draft.step) if one.stage == stage), default=-1)
        place = last + 1 if last >= 0 else len(draft.step)
        return draft.model_copy(update={"step": (*draft.step[:place], step, *draft.step[place:])})

    await _change(slug, changed, by=by, seen=None, what=f"step_added:{code}")


async def remove_step(slug: str, code: str, *, by: Actor) -> None:
    """Take a step out of the draft; answers that lead to it are told as mistakes."""

    def changed(draft: Draft) -> Draft:
        if code not in draft.steps:
            raise StepNotFound(code)
        if len(draft.step) == 1:
            raise Conflict("LAST_STEP", N_("A script keeps one step at least."))
        return draft.model_copy(update={"step": tuple(s for s in draft.step if s.code != code)})

    await _change(slug, changed, by=by, seen=None, what=f"step_removed:{code}")


async def describe_draft(slug: str, *, by: Actor, title: str, about: str, begin: str) -> None:
    """Change the draft's title, when it is played, and the step it begins with."""

    def changed(draft: Draft) -> Draft:
        if begin not in draft.steps:
            raise StepNotFound(begin)
        return draft.model_copy(update={"title": title, "about": about, "begin": begin})

    await _change(slug, changed, by=by, seen=None, what="described")


async def assign_draft(slug: str, *, by: Actor, roles: Collection[str]) -> None:
    """Say whose conversations the draft leads: it stands first with these roles."""

    def changed(draft: Draft) -> Draft:
        return draft.model_copy(update={"roles": tuple(sorted(set(roles)))})

    await _change(slug, changed, by=by, seen=None, what="roles")


async def add_end(slug: str, code: str, *, by: Actor, label: str, kind: str) -> None:
    """Add an end that answers may lead to. Raises Malformed for a code in use."""

    def changed(draft: Draft) -> Draft:
        if code in draft.outcomes:
            raise Malformed.of("code", code, N_("There is an end {code} already."), code=code)
        if len(draft.outcome) >= MOST_ENDS:
            raise Malformed.of(
                "code", code, N_("A script has at most {most} ends."), most=MOST_ENDS
            )
        return draft.model_copy(update={"outcome": (*draft.outcome, _end(code, label, kind))})

    await _change(slug, changed, by=by, seen=None, what=f"end_added:{code}")


async def change_end(slug: str, code: str, *, by: Actor, label: str, kind: str) -> None:
    """Name an end anew and say whether it is a success."""

    def changed(draft: Draft) -> Draft:
        if code not in draft.outcomes:
            raise EndNotFound(code)
        made = _end(code, label, kind)
        ends = tuple(made if one.code == code else one for one in draft.outcome)
        return draft.model_copy(update={"outcome": ends})

    await _change(slug, changed, by=by, seen=None, what=f"end:{code}")


async def remove_end(slug: str, code: str, *, by: Actor) -> None:
    """Take an end out of the draft; answers that lead to it are told as mistakes."""

    def changed(draft: Draft) -> Draft:
        if code not in draft.outcomes:
            raise EndNotFound(code)
        if len(draft.outcome) == 1:
            raise Conflict("LAST_END", N_("A script keeps one end at least."))
        ends = tuple(one for one in draft.outcome if one.code != code)
        return draft.model_copy(update={"outcome": ends})

    await _change(slug, changed, by=by, seen=None, what=f"end_removed:{code}")


def _end(code: str, label: str, kind: str) -> Outcome:
    try:
        return Outcome.model_validate({"code": code, "label": label.strip(), "kind": kind})
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        words = {"code": _LATIN, "kind": N_("Choose one of those offered.")}
        wrong = words.get(field, N_("Write how it ended in 1 to 100 characters."))
        raise Malformed.of(field, {"code": code, "kind": kind}.get(field, label), wrong) from None


async def publish_draft(slug: str, *, by: Actor, seen: int, note: str) -> int:
    """Publish the draft: it is played from now on and changes no more; answers its number.

    Raises NotPlayable with every mistake of a script that leads nowhere.
    """
    by.require(EDIT)
    async with unit_of_work(by) as work:
        row = await _locked(work, slug, seen)
        draft = parsed(row["draft"])
        if mistakes := draft.mistakes():
            raise NotPlayable([mistake.text() for mistake in mistakes])
        content = to_json(draft.model_dump(mode="json"))
        digest = hashlib.sha256(f"{slug}\n{content}".encode()).hexdigest()[:16]
        if no := await work.connection.fetchval(_SAME, slug, digest):
            same = N_("This is word for word version {no}: change something first.")
            raise Conflict("SAME_TEXT", same, no=no)
        now = clock.now()
        await work.connection.execute(KEEP_TEXT, digest, slug, content, now)
        row_of = (slug, row["no"], digest, now, actor_code(by), note)
        await work.connection.execute(_PUBLISH, *row_of)
        after = {"no": row["no"], "text": digest}
        await work.audit("crm:script:published", f"script:{slug}", after=after)
    return int(row["no"])


async def drop_draft(slug: str, *, by: Actor) -> None:
    """Throw the draft away; what is played stays as it is."""
    by.require(EDIT)
    async with unit_of_work(by) as work:
        row = await _locked(work, slug, None)
        await work.connection.execute(_DROP, slug, row["no"])
        before = {"no": row["no"]}
        await work.audit("crm:script:draft_dropped", f"script:{slug}", before=before)


async def _change(
    slug: str, changed: Callable[[Draft], Draft], *, by: Actor, seen: int | None, what: str
) -> None:
    by.require(EDIT)
    async with unit_of_work(by) as work:
        row = await _locked(work, slug, seen)
        content = to_json(changed(parsed(row["draft"])).model_dump(mode="json"))
        await work.connection.execute(_CHANGE, slug, row["no"], content)
        after = {"no": row["no"], "what": what}
        await work.audit("crm:script:changed", f"script:{slug}", after=after)


async def _locked(work: UnitOfWork, slug: str, seen: int | None) -> Any:
    row = await work.connection.fetchrow(_LOCKED, slug)
    if row is None:
        raise DraftMissing(slug)
    if seen is not None and row["version"] != seen:
        raise DraftChanged
    return row
