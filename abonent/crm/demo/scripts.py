"""Conversations by scripts that the demo's clerks have led on the latest days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

from abonent.crm.demo.plan import Household
from abonent.crm.demo.staff import Staff
from abonent.crm.demo.yesterday import on_morning
from abonent.crm.queries.script_versions import draft_of
from abonent.crm.queries.scripts import objections_book, playable_scripts, read_run
from abonent.crm.rules.scripts import answers_of, goes_on
from abonent.crm.service.script_versions import begin_draft, change_step
from abonent.crm.service.scripts import answer_step, begin_run, end_run, show_objection
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.scripts import UNFIT, Stage, Step, urgency

DAYS = 6
_A_DAY = 5
_MOST_STEPS = 14
_PROSPECTS = "inbound-prospect"
_DRAFTED = "raise-arpu"
_SAID = "Понимаю. Что из этого важнее: уложиться в прежнюю сумму или чтобы вечером не тормозило?"
_HOPE = 62
"""In so many of a hundred answers the client goes along where that is possible."""
_NOTES = ("платит с пенсии, пятого числа", "решает муж", "дети учатся дома", "сравнивает цены")


async def talk_by_scripts(known: list[Household], *, staff: Staff, seed: int, day: date) -> None:
    """Lead a few conversations, one after another through the morning."""
    chance = Random(f"{seed} scripts {day}")
    playable = await playable_scripts()
    slugs = sorted(slug for slug, one in playable.items() if urgency(one.script, ()) < UNFIT)
    at = on_morning(day) + timedelta(minutes=20)
    for no in range(_A_DAY):
        slug = slugs[no % len(slugs)]
        about = None if slug == _PROSPECTS else chance.choice(known).number
        by = staff.clerk if slug == _PROSPECTS or no % 2 else staff.cashier
        at = await _talk(slug, about, by=by, chance=chance, at=at) + timedelta(minutes=11)


async def draft_a_version(*, by: Actor) -> None:
    """Leave a script half changed, as a head does who wants to say it more simply."""
    await begin_draft(_DRAFTED, by=by)
    draft = await draft_of(_DRAFTED, by=by)
    step = draft.script.steps["price"].model_copy(update={"say": _SAID})
    await change_step(_DRAFTED, step, by=by, seen=draft.version)


async def _talk(
    slug: str, number: str | None, *, by: Actor, chance: Random, at: datetime
) -> datetime:
    """Lead one conversation to its end; answers when it ended."""
    book = await objections_book()
    with clock.moved(at):
        run = await begin_run(slug, by=by, number=number)
    for _step in range(_MOST_STEPS):
        at += timedelta(seconds=chance.randrange(8, 45))
        with clock.moved(at):
            state = await read_run(run, by=by)
            if state.ended_at is not None:
                return at
            step = state.script.steps[state.current.step]
            fitting = [s for s, one in book.items() if slug in one.scripts]
            if step.stage is Stage.OBJECTIONS and chance.randrange(10) < 7:
                await show_objection(run, by=by, objection=chance.choice(fitting))
            hope = chance.randrange(100) < _HOPE
            places = [
                place
                for place, answer in answers_of(step, {"person"})
                if not hope or goes_on(state.script, answer)
            ]
            note = chance.choice(_NOTES) if _asks(step, chance) else ""
            chosen = chance.choice(places or [0])
            await answer_step(run, by=by, no=state.no, answer=chosen, note=note)
    with clock.moved(at):
        if (await read_run(run, by=by)).ended_at is None:
            await end_run(run, by=by, outcome="BROKEN_OFF")
    return at


def _asks(step: Step, chance: Random) -> bool:
    return step.note and chance.randrange(2) == 0
