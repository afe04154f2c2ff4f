"""The words of a campaign under way: nobody is told what the one who launched it has not read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from abonent.crm.queries.campaigns import campaign_of
from abonent.crm.rules.campaigns import CAMPAIGN
from abonent.crm.service.campaigns import sending
from abonent.crm.service.campaigns.counting import ask_count, count_campaign
from abonent.crm.service.campaigns.drafting import draft_campaign
from abonent.crm.service.campaigns.moving import launch_campaign, move_campaign
from abonent.crm.service.campaigns.sending import send_batch
from abonent.crm.service.contact_rules import reword_template
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.workflow import moves_of
from tests.crm.test_campaign_goals import DRAFT, NUMBERS, provider

MORNING = datetime(2026, 5, 5, 9, tzinfo=UTC)
"""Of a working day: nobody is written to of debts on a holiday."""

MANNER = "Уважаемый абонент! {company}: долг {debt} по счёту {number}. Вопросы: {phone}"


async def test_a_template_reworded_on_the_way_pauses_it_until_somebody_has_read_it(
    db: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(sending, "BATCH", 1)
    await provider(mode="arrears")
    with clock.moved(MORNING - timedelta(hours=1)):
        await reword_template("debt", "ru", by=SYSTEM, text=MANNER)
    draft = replace(DRAFT, text="", template="debt", purpose="debt")
    with clock.moved(MORNING):
        made = await draft_campaign("", draft, by=SYSTEM)
        await ask_count(made, by=SYSTEM)
        assert await count_campaign(made)
        await launch_campaign(made, by=SYSTEM, typed=len(NUMBERS))
        assert await send_batch(made) == 1
        await reword_template("outage", "ru", by=SYSTEM, text="")
        assert await send_batch(made) == 1
    with clock.moved(MORNING + timedelta(hours=1)):
        await reword_template("debt", "ru", by=SYSTEM, text=MANNER.replace("долг", "Долг"))
        assert await send_batch(made) == 0
        assert (await campaign_of(made, by=SYSTEM)).state == "paused"
        assert (await moves_of(CAMPAIGN, made))[-1].note == sending.REWORDED
        await move_campaign(made, "resume", by=SYSTEM)
        assert await send_batch(made) == 1
    assert await db.fetchval("SELECT count(*) FROM crm_message") == len(NUMBERS) - 1
