"""Campaigns of the demo: one that ended with its effect, one that was paused, one that is a draft."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from abonent.crm import jobs
from abonent.crm.queries.campaigns import campaign_of
from abonent.crm.service.campaigns.counting import ask_count, count_campaign
from abonent.crm.service.campaigns.drafting import Draft, draft_campaign
from abonent.crm.service.campaigns.effect import note_effects
from abonent.crm.service.campaigns.moving import launch_campaign, move_campaign
from abonent.crm.service.campaigns.sending import send_campaigns
from abonent.crm.service.delivering import message_handler
from abonent.crm.service.messages import KIND
from abonent.crm.service.receipts import take_receipt
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.outbox import Delivery
from abonent.kernel.settings import Settings
from abonent.kernel.sms.files import FileGateway
from abonent.kernel.sms.gateway import Receipt

DAYS = 6
"""So many days before the last one the first campaign goes out."""
PLANNED = jobs.count_people_of_campaign
"""The dry run is a job: whoever asks for one has it declared. Here it is done at once."""
_PAUSED_BEFORE = 2
_AT_ONCE, _LOST = 10_000, 17
_WRITTEN = (
    "SELECT account_id, id FROM crm_message WHERE about = $1 AND state = 'queued' ORDER BY id"
)
_PARTS = """
SELECT p.gateway, p.provider_id FROM crm_message m
JOIN crm_message_part p ON p.account_id = m.account_id AND p.message_id = m.id
WHERE m.about = $1 ORDER BY m.id
"""
_AT = time(8)
"""Of UTC: by day wherever the demo stands."""
_REMINDER = Draft(
    name="Напоминание о минусе на счёте",
    channel="sms",
    template="debt",
    control=20,
    hourly=1_000_000,
    goal="paid",
    goal_days=5,
)
_WORKS = Draft(
    name="Новый номер поддержки",
    channel="email",
    subject="У нас новый номер",
    text="Здравствуйте, {name}.\n\nНаш новый номер: {phone}. По счёту {number} отвечаем и по нему.\n\n"
    "{company}",
    control=0,
    hourly=1_200,
    goal="request",
    goal_days=14,
)
_AD = Draft(
    name="Скорость летом",
    channel="sms",
    purpose="ad",
    text="{company}: летом 500 Мбит/с по цене 100. {phone}. Отказ: СТОП",
    control=10,
    hourly=600,
    goal="tariff",
    goal_days=30,
)


async def write_to_many(*, by: Actor, day: date, left: int, settings: Settings) -> None:
    """What the head did with campaigns on a day, and what the program noted of them."""
    morning = datetime.combine(day, _AT, UTC)
    with clock.moved(morning):
        if left == DAYS:
            await _arrived(await _launch("balance.to=-1", _REMINDER, by=by), settings)
        if left == _PAUSED_BEFORE:
            paused = await _launch("state=served&kind=person", _WORKS, by=by)
            if paused is not None and (await campaign_of(paused, by=by)).state == "running":
                note = "В тексте опечатка, уточняю"
                await move_campaign(paused, "pause", by=by, note=note)
        if left == 1:
            await draft_campaign("state=served", _AD, by=by)
        await send_campaigns()
    with clock.moved(morning + timedelta(hours=9)):
        await note_effects()


async def _arrived(campaign: int | None, settings: Settings) -> None:
    """Every message goes to the gateway of the demo, and nearly all arrive."""
    gateway = FileGateway(settings.home / "sms", aloud=False)
    deliver = message_handler(settings.having(sms_rate=_AT_ONCE), gateway)
    async with reading() as connection:
        rows = await connection.fetch(_WRITTEN, f"campaign:{campaign}")
    for row in rows:
        payload = {"account": row["account_id"], "message": row["id"]}
        await deliver(Delivery(row["id"], KIND, payload, 1))
    async with reading() as connection:
        parts = await connection.fetch(_PARTS, f"campaign:{campaign}")
    for at, part in enumerate(parts):
        state = "delivered" if at % _LOST else "undelivered"
        await take_receipt(Receipt(part["gateway"], part["provider_id"], state))


async def _launch(segment: str, draft: Draft, *, by: Actor) -> int | None:
    """Draft, count and launch; None where it would reach nobody."""
    made = await draft_campaign(segment, draft, by=by)
    await ask_count(made, by=by)
    await count_campaign(made)
    tally = (await campaign_of(made, by=by)).counted
    if tally is None or not tally.left:
        return None
    await launch_campaign(made, by=by, typed=tally.left)
    await send_campaigns()
    return made
