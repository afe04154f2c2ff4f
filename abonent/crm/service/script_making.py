"""New scripts of the department's own, begun as drafts; scripts withdrawn and brought back."""

from __future__ import annotations

from collections.abc import Collection

from abonent.crm.queries.identity import actor_code
from abonent.crm.queries.script_versions import EDIT
from abonent.crm.queries.scripts import playable_script, playable_scripts
from abonent.crm.rules.slugs import given_slug, taken
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_, _
from abonent.kernel.jsontext import to_json
from abonent.kernel.scripts import Answer, Draft, Outcome, Stage, Step
from abonent.kernel.texts import given_text

LONGEST_TITLE, LONGEST_ABOUT, LONGEST_WHY = 120, 1000, 500
NOT_KEYS = frozenset({"new"})
"""What an address of the desk has in the place of a key."""

# A key by which something was played or published before stays with that: results are kept by it.
_MAKE = """
INSERT INTO crm_script_version (slug, no, state, draft, made_at, made_by)
SELECT $1, 1, 'draft', $2, $3, $4
WHERE NOT EXISTS (SELECT FROM crm_script_text WHERE slug = $1)
ON CONFLICT DO NOTHING RETURNING no
"""
_WITHDRAW = """
INSERT INTO crm_script_withdrawn (slug, why, at, by) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING slug
"""
_RESTORE = "DELETE FROM crm_script_withdrawn WHERE slug = $1 RETURNING slug"


async def withdraw_script(slug: str, *, by: Actor, why: str) -> None:
    """Let nobody begin a script any more; conversations under way go on, results stay.

    Raises ScriptNotFound, Malformed.
    """
    by.require(EDIT)
    found, words = await playable_script(slug), given_text("why", why, longest=LONGEST_WHY)
    async with unit_of_work(by) as work:
        row = (found.slug, words, clock.now(), actor_code(by))
        if await work.connection.fetchval(_WITHDRAW, *row):
            await work.audit("crm:script:withdrawn", f"script:{slug}", after={"why": words})


async def restore_script(slug: str, *, by: Actor) -> None:
    """Let a script that was withdrawn be begun again. Raises ScriptNotFound."""
    by.require(EDIT)
    found = await playable_script(slug)
    async with unit_of_work(by) as work:
        if await work.connection.fetchval(_RESTORE, found.slug):
            await work.audit("crm:script:restored", f"script:{slug}")


async def make_script(
    title: str,
    *,
    by: Actor,
    about: str,
    roles: Collection[str] = (),
    slug: str = "",
    source: str = "",
) -> str:
    """Begin a new script as a draft and answer its key; without one it is made of the title.

    It begins with one step and one end, or as the script `source` is played now, then for its roles
    where none are given. Raises Malformed at the field that is wrong, also for a key in use.
    """
    by.require(EDIT)
    named = given_text("title", title, longest=LONGEST_TITLE)
    purpose = given_text("about", about, longest=LONGEST_ABOUT)
    known = await playable_scripts()
    key = given_slug(slug, title=named, reserved={*NOT_KEYS, *known})
    if source and source not in known:
        raise Malformed.of("source", source, N_("Choose one of those offered."))
    base: Draft = known[source].script if source else _skeleton()
    draft = Draft.model_validate(
        base.model_dump()
        | {"title": named, "about": purpose, "document": ""}
        | ({"roles": tuple(sorted(set(roles)))} if roles else {})
    )
    async with unit_of_work(by) as work:
        content = to_json(draft.model_dump(mode="json"))
        row = (key, content, clock.now(), actor_code(by))
        if await work.connection.fetchval(_MAKE, *row) is None:
            raise taken(slug.strip(), key)
        after = {"no": 1, "title": named, "source": source}
        await work.audit("crm:script:made", f"script:{key}", after=after)
    return key


def _skeleton() -> Draft:
    """The least that can be played: one step that greets and one end."""
    end = Outcome(code="DONE", label=_("The question is settled"), kind="good")
    answer = Answer(text=_("Everything is settled"), outcome=end.code)
    step = Step(
        code="begin",
        stage=Stage.CONTACT,
        say=_("Hello! My name is {employee}, {company}. How can I help?"),
        answer=(answer,),
    )
    return Draft(
        title="-", document="", roles=(), about="", begin=step.code, outcome=(end,), step=(step,)
    )
