"""What the office has written on the demo's cards: contacts, consents, devices, notes, particulars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from abonent.crm.demo.acts import unless_refused
from abonent.crm.demo.plan import Household
from abonent.crm.service.consents import Channel, NewConsent, Purpose, give_consent
from abonent.crm.service.contacts import ContactKind, NewContact, add_contact
from abonent.crm.service.equipment import Device, DeviceState, give_equipment
from abonent.crm.service.notes import add_note
from abonent.crm.service.people import Particulars, correct_subscriber
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work

MOST_CARDS = 120
"""Cards with something written on them, those with the lowest numbers; as many companies get details."""

_WHOSE = ("муж", "жена", "рабочий", "мама", "бухгалтерия")
_NOTES = (
    "Просит звонить после 18 часов.",
    "Домофон не работает: монтажнику звонить за 10 минут.",
    "Обещал зайти с паспортом нового владельца.",
    "Жалоба на скорость по вечерам: заменили кабель в квартире, проверить через неделю.",
    "Пожилая абонентка: объяснять остаток по бумаге, распечатать.",
    "Спрашивал про гигабит: в доме будет после ремонта стояка.",
    "Оплачивает сын из другого города, переводом.",
)
_PINNED = "Собака во дворе: без хозяина не входить."
_SIGN = ("Северова", "Полянская", "Речной", "Луговой", "Озёрный")
_BIC = "041117999"
_DEVICES = (
    ("router", "rent", "Северный AX-1500", 150000),
    ("set_top", "rent", "Экран 4K", 200000),
    ("ont", "loan", "Оптика G-2", 0),
    ("router", "subscriber", "Свой роутер", 0),
)


async def write_cards(households: Sequence[Household], *, by: Actor, seed: int, day: date) -> None:
    """Write on the first cards what an office writes in months of work."""
    for one in households[:MOST_CARDS]:
        chance = Random(f"{seed} card {one.index}")
        async with unit_of_work(by):
            await _contacts(one, chance, by, day)
            await _devices(one, chance, by)
            if chance.random() < 0.3:
                pinned = chance.random() < 0.15
                text = _PINNED if pinned else chance.choice(_NOTES)
                await add_note(one.number, by=by, text=text, pinned=pinned)


async def name_companies(households: Sequence[Household], *, by: Actor, day: date) -> None:
    """Give companies what their documents need: addresses, who signs, the bank."""
    companies = [one for one in households if one.person.kind == "company"]
    for one in companies[:MOST_CARDS]:
        who = one.person
        given = Particulars(
            name=who.name,
            kind="company",
            tax_id=who.tax_id,
            kpp=f"{who.tax_id[:4]}01001",
            legal_address=f"163000, г. Северный, ул. {who.street}, д. {who.house}",
            signatory=f"{Random(one.index).choice(_SIGN)} А. Б.",
            signs_by="Устава",
            bank_bic=_BIC,
            bank_account=_bank_account(one.index),
        )
        await correct_subscriber(one.number, by=by, seen=None, given=given, today=day)


def _bank_account(number: int) -> str:
    """An account whose control key fits the demo's bank."""
    weights = (7, 1, 3) * 8
    digits = f"407028100{number:011d}"
    key = sum(int(d) * w for d, w in zip(_BIC[-3:] + digits, weights, strict=False)) * 3 % 10
    return f"{digits[:8]}{key}{digits[9:]}"


async def _contacts(one: Household, chance: Random, by: Actor, day: date) -> None:
    """A second phone here and there, an address by Telegram, and what was agreed to."""
    tail = f"{one.index % 10_000:04d}"
    if chance.random() < 0.5:
        phone = f"+7 900 555-{tail[:2]}-{tail[2:]}"
        label = chance.choice(_WHOSE)
        new = NewContact(kind=ContactKind.PHONE, value=phone, label=label, confirmed=True)
        await unless_refused(add_contact(one.number, by=by, new=new))
    if chance.random() < 0.2:
        new = NewContact(kind=ContactKind.MESSENGER, value=f"Telegram @abonent{tail}")
        await unless_refused(add_contact(one.number, by=by, new=new))
    signed = datetime.combine(min(one.since, day - timedelta(1)), time(12), UTC)
    proof = f"Договор {one.since.year}/{one.number}, подпись в пункте о согласии"
    asked = [(Purpose.CONTRACT, Channel.ANY, 0.8), (Purpose.DEBT, Channel.SMS, 0.5)]
    for purpose, channel, share in [*asked, (Purpose.ADVERTISING, Channel.EMAIL, 0.25)]:
        if chance.random() < share:
            consent = NewConsent(purpose=purpose, channel=channel, proof=proof, since=signed)
            await give_consent(one.number, by=by, new=consent)


async def _devices(one: Household, chance: Random, by: Actor) -> None:
    if chance.random() < 0.45:
        return
    kind, owner, model, deposit = chance.choice(_DEVICES)
    digits = f"{one.index:06d}"
    faulty = chance.random() < 0.06
    device = Device(
        kind=kind,
        owner=owner,
        model=model,
        serial=f"SN-{kind[:2].upper()}{digits}",
        mac=f"02:00:5e:{digits[:2]}:{digits[2:4]}:{digits[4:]}",
        given_on=one.since,
        state=DeviceState.FAULTY if faulty else DeviceState.WORKING,
        deposit=deposit,
        comment="Перезагружается сам, к замене" if faulty else "",
    )
    await give_equipment(one.number, by=by, device=device)
