"""Recorded calls of the demo's last weeks, judged by the card of quality; their sound is a tone."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from abonent.crm.demo.acts import DEMO
from abonent.crm.demo.plan import Household
from abonent.crm.demo.staff import Staff
from abonent.crm.quality_form import quality_form
from abonent.crm.queries.identity import actor_code
from abonent.crm.rules.quality import week_of
from abonent.crm.service.conversations import NewCall, check_sound, give_sound, register_call
from abonent.crm.service.conversations_kept import mark_example, tie_conversation
from abonent.crm.service.identity import check_identity
from abonent.crm.service.quality import draw_sample, judge, move_card
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.settings import Settings
from abonent.kernel.storage import storage_of

DAYS = 21
"""So many days before the last one calls are recorded."""
_A_DAY = 2
_OPENS = 8
_RATE, _WAVE = 8000, 36
"""Samples a second, samples in one wave of the tone."""
_QUOTES = {
    "identification": "«Вы же на Мостовой? Иван Петрович?» — адрес подсказан.",
    "accuracy": "«Да само вернётся»: ни суммы, ни дня.",
}
_SAID = (
    "Приветствие тёплое, вопрос понят сразу. Исправить одно: назвать день, когда перезвоним.",
    "Расчёт объяснён по дням, абонент повторил сам. Исправить: предложить личный кабинет.",
    "Спокойный тон до конца. Исправить: записать в карточку, что обещано.",
)
_EXAMPLE = "Объясняет списание по дням и просит повторить: всё понято."
_WEAK = ("tone", "offer", "agreement", "record", "need")


def tone(seconds: int) -> bytes:
    """A quiet tone of so many seconds as a telephone exchange would send it."""
    half = _WAVE // 2
    body = (b"\x88" * half + b"\x78" * half) * (_RATE * seconds // _WAVE)
    head = struct.pack("<4sI8sIHHII", b"RIFF", 36 + len(body), b"WAVEfmt ", 16, 1, 1, _RATE, _RATE)
    return head + struct.pack("<HH4sI", 1, 8, b"data", len(body)) + body


async def talk(
    households: Sequence[Household], *, staff: Staff, seed: int, day: date, settings: Settings
) -> None:
    """One day's calls: kept, most of them judged by the shift supervisor, some appealed."""
    chance = Random(f"{seed} talks {day}")
    for number in range(_A_DAY):
        who = (staff.clerk, staff.cashier)[number % 2]
        whose = households[chance.randrange(len(households))]
        at = datetime.combine(day, time(_OPENS + 2 * number, chance.randrange(60)), UTC)
        with clock.moved(at + timedelta(minutes=5)):
            made = await _keep(whose, who, at, chance, settings)
        if chance.random() < 0.6 and who != staff.shift:
            with clock.moved(at + timedelta(hours=7)):
                await _judge(made, who, staff.shift, chance)
        if number == 0 and chance.random() < 0.2:
            with clock.moved(at + timedelta(minutes=3)):
                await check_identity(whose.number, by=who, action="promise")
    if day.weekday() == 0:
        await draw_sample(week_of(day) - timedelta(7), by=staff.shift)


async def _keep(
    whose: Household, who: Actor, at: datetime, chance: Random, settings: Settings
) -> int:
    call = NewCall(
        number=whose.number, kind="call", direction=chance.choice(("in", "in", "out")),
        source="exchange", call=f"demo-{at:%Y%m%d%H%M}", actor=actor_code(who),
        phone=whose.person.phone, told=True, began=at, ended=None,
    )  # fmt: skip
    made = await register_call(call, by=DEMO)
    checked = await check_sound(tone(chance.randrange(3, 9)), settings=settings)
    await give_sound(made, checked, by=DEMO, storage=storage_of(settings))
    if chance.random() < 0.15:
        await tie_conversation(made, by=DEMO, tie=chance.choice(("complaint", "debt")), about="")
    return made


async def _judge(conversation: int, who: Actor, supervisor: Actor, chance: Random) -> None:
    form = (await quality_form()).value
    shares = {line.code: 100 for line in form.lines}
    for code in chance.sample(_WEAK, chance.randrange(3)):
        shares[code] = chance.choice((0, 50, 50))
    failed = chance.choice(tuple(_QUOTES)) if chance.random() < 0.1 else ""
    notes = {failed: _QUOTES[failed]} if failed else {}
    if failed:
        shares[failed] = 0
    said = chance.choice(_SAID)
    card = await judge(conversation, by=supervisor, shares=shares, notes=notes, note=said)
    if failed and who.kind == "user":
        await move_card(card, "appeal", by=who, note="Сумма и день названы в конце разговора.")
    elif all(share == 100 for share in shares.values()):
        await mark_example(conversation, by=supervisor, example="good", note=_EXAMPLE)
