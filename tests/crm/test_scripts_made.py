"""New scripts of the department's own: made, played by nobody, published, kept from packaged ones."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from abonent.crm.queries.script_results import lately, results_of
from abonent.crm.queries.script_versions import draft_of, new_scripts
from abonent.crm.queries.scripts import playable_script, playable_scripts, read_run
from abonent.crm.rules.scripts import stages_of
from abonent.crm.rules.slugs import given_slug, slug_of
from abonent.crm.script_errors import DraftMissing, EndNotFound, NotPlayable, ScriptNotFound
from abonent.crm.service import script_versions as editing
from abonent.crm.service import scripts as playing
from abonent.crm.service.script_making import make_script
from abonent.kernel import content
from abonent.kernel.actor import Actor
from abonent.kernel.content import CONTENT_FOLDER
from abonent.kernel.errors import Conflict, Forbidden, Malformed
from abonent.kernel.scripts import Answer

CLERK = Actor("user", "5", "Анна", frozenset({"crm.script.play"}))
HEAD = Actor("user", "7", "Вера", CLERK.rights | {"crm.script.view", "crm.script.edit"})
EARLY, LATE = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
TITLE, ABOUT = "Звонок после подключения", "Через три дня после прихода мастера."
SLUG = "zvonok-posle-podkliucheniia"


async def _publish(slug: str) -> int:
    seen = (await draft_of(slug, by=HEAD)).version
    return await editing.publish_draft(slug, by=HEAD, seen=seen, note="первая")


async def test_a_new_script_is_played_from_its_first_version_on(db: Any) -> None:
    slug = await make_script(TITLE, by=HEAD, about=ABOUT, roles=["office", "agent"])
    assert slug == SLUG
    [line] = await new_scripts(await playable_scripts(), by=HEAD)
    assert (line.slug, line.title) == (SLUG, TITLE)
    assert SLUG not in await playable_scripts()
    with pytest.raises(ScriptNotFound):
        await playing.begin_run(SLUG, by=HEAD)
    draft = (await draft_of(SLUG, by=HEAD)).script
    assert (len(draft.step), len(draft.outcome), draft.mistakes()) == (1, 1, [])
    assert (draft.roles, draft.about) == (("agent", "office"), ABOUT)
    assert await _publish(SLUG) == 1
    assert await new_scripts(await playable_scripts(), by=HEAD) == []
    listed = list(await playable_scripts())
    assert listed.index(SLUG) > listed.index("inbound-prospect"), "after the department's list"
    run = await playing.begin_run(SLUG, by=CLERK)
    await playing.answer_step(run, by=CLERK, no=1, answer=0)
    assert (await read_run(run, by=CLERK)).outcome == "DONE"
    stages = stages_of((await playable_script(SLUG)).script)
    found = await results_of(SLUG, stages, by=HEAD, since=EARLY, until=LATE)
    assert (found.total.good, [no for _hash, no, _since, _tally in found.versions]) == (1, [1])
    assert await lately(by=HEAD, since=EARLY) == {SLUG: (1, 1)}
    told = await db.fetch(
        "SELECT action FROM audit WHERE subject = $1 ORDER BY id", f"script:{SLUG}"
    )
    assert [row["action"] for row in told] == ["crm:script:made", "crm:script:published"]


async def test_a_copy_begins_as_the_other_is_played_and_leaves_it_alone(db: Any) -> None:
    packaged = (await playable_script("advance-payment")).script
    await make_script("Аванс для частного сектора", by=HEAD, about=ABOUT, slug="advance-village",
                      source="advance-payment")  # fmt: skip
    draft = (await draft_of("advance-village", by=HEAD)).script
    assert (draft.step, draft.outcome, draft.roles) == (
        packaged.step, packaged.outcome, packaged.roles,
    )  # fmt: skip
    assert (draft.title, draft.document) == ("Аванс для частного сектора", "")
    await _publish("advance-village")
    assert (await playable_script("advance-payment")).script == packaged
    with pytest.raises(Malformed) as refused:
        await make_script("Ещё", by=HEAD, about=ABOUT, source="nothing")
    assert refused.value.errors[0].field == "source"


@pytest.mark.parametrize(
    ("title", "slug", "field"),
    [
        ("Аванс", "advance-payment", "slug"),
        ("Звонок", "drafted", "slug"),
        ("Звонок", "new", "slug"),
        ("Звонок", "Звонок", "slug"),
        ("Звонок", "a--b", "slug"),
        ("Звонок", "a" * 61, "slug"),
        ("???", "", "slug"),
        (" ", "call", "title"),
        ("я" * 121, "call", "title"),
    ],
)
async def test_a_key_is_used_once_and_is_told_at_its_field(
    db: Any, title: str, slug: str, field: str
) -> None:
    await make_script("Звонок", by=HEAD, about=ABOUT, slug="drafted")
    with pytest.raises(Malformed) as refused:
        await make_script(title, by=HEAD, about=ABOUT, slug=slug)
    assert [error.field for error in refused.value.errors] == [field]


async def test_only_who_may_change_scripts_makes_new_ones(db: Any) -> None:
    with pytest.raises(Forbidden):
        await make_script(TITLE, by=CLERK, about=ABOUT)
    await make_script(TITLE, by=HEAD, about=ABOUT)
    with pytest.raises(Forbidden):
        await new_scripts((), by=CLERK)


async def test_a_draft_thrown_away_frees_its_key_and_a_played_one_never(db: Any) -> None:
    await make_script(TITLE, by=HEAD, about=ABOUT)
    await editing.drop_draft(SLUG, by=HEAD)
    with pytest.raises(DraftMissing):
        await draft_of(SLUG, by=HEAD)
    await make_script(TITLE, by=HEAD, about=ABOUT)
    await _publish(SLUG)
    with pytest.raises(Malformed):
        await make_script(TITLE, by=HEAD, about=ABOUT)


async def test_packaged_scripts_that_come_later_do_not_touch_it(
    db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_script(TITLE, by=HEAD, about=ABOUT, slug="after-visit")
    await make_script("Ещё в работе", by=HEAD, about=ABOUT, slug="in-work")
    await _publish("after-visit")
    before, drafted = await playable_script("after-visit"), await draft_of("in-work", by=HEAD)
    folder = tmp_path / "ru" / "scripts"
    folder.mkdir(parents=True)
    text = (CONTENT_FOLDER / "ru" / "scripts" / "raise-arpu.toml").read_text("utf-8")
    for name in ("after-visit", "in-work", "quite-new"):
        (folder / f"{name}.toml").write_text(text, "utf-8")
    monkeypatch.setattr(content._Installed, "override", tmp_path)
    assert "quite-new" in await playable_scripts()
    assert await playable_script("after-visit") == before
    assert await draft_of("in-work", by=HEAD) == drafted


async def test_ends_are_added_changed_and_taken_out(db: Any) -> None:
    await make_script(TITLE, by=HEAD, about=ABOUT)
    await editing.add_end(SLUG, "LATER", by=HEAD, label="Перезвонить", kind="neutral")
    draft = await draft_of(SLUG, by=HEAD)
    assert [m.text("en") for m in draft.script.mistakes()] == ["No answer ends with LATER."]
    with pytest.raises(NotPlayable):
        await _publish(SLUG)
    begin = draft.script.steps["begin"]
    onward = (*begin.answer, Answer(text="Позже", outcome="LATER"))
    changed = begin.model_copy(update={"answer": onward})
    await editing.change_step(SLUG, changed, by=HEAD, seen=draft.version)
    await editing.change_end(SLUG, "LATER", by=HEAD, label="Просил позже", kind="bad")
    end = (await draft_of(SLUG, by=HEAD)).script.outcomes["LATER"]
    assert (end.label, end.kind) == ("Просил позже", "bad")
    for field, code, label, kind in (
        ("code", "LATER", "Ещё", "bad"), ("code", "позже", "Ещё", "bad"),
        ("label", "X", " ", "bad"), ("kind", "X", "Ещё", "odd"),
    ):  # fmt: skip
        with pytest.raises(Malformed) as refused:
            await editing.add_end(SLUG, code, by=HEAD, label=label, kind=kind)
        assert refused.value.errors[0].field == field
    await editing.remove_end(SLUG, "DONE", by=HEAD)
    with pytest.raises(Conflict, match="LAST_END"):
        await editing.remove_end(SLUG, "LATER", by=HEAD)
    with pytest.raises(EndNotFound):
        await editing.change_end(SLUG, "DONE", by=HEAD, label="Да", kind="good")
    await editing.assign_draft(SLUG, by=HEAD, roles=["cash", "agent", "cash"])
    assert (await draft_of(SLUG, by=HEAD)).script.roles == ("agent", "cash")


def test_a_key_is_made_of_the_title() -> None:
    assert slug_of("Щёлочь и ёж, 2-я часть!") == "shcheloch-i-ezh-2-ia-chast"
    assert slug_of("a" * 59 + " bc") == "a" * 59
    assert given_slug("  call-back ", title="x", reserved=()) == "call-back"
