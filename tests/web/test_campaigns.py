"""Campaigns on the desk: drafted from the register, counted, launched by the typed number, looked at."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from abonent.crm.queries.campaigns import campaign_of
from abonent.crm.rules.campaigns import Effect, Group
from abonent.crm.service.campaigns.counting import ask_count, count_campaign
from abonent.crm.service.campaigns.drafting import Draft, draft_campaign
from abonent.crm.service.campaigns.effect import note_effects
from abonent.crm.service.campaigns.moving import launch_campaign, move_campaign
from abonent.crm.service.campaigns.sending import send_campaigns
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.web.pages.campaigns.seen import effect_words
from tests.web.conftest import Enter
from tests.web.seed import small_provider
from tests.web.seen import key_of, plain

NOON = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DRAFT = Draft(name="Новый номер", channel="sms", text="Здравствуйте, {name}!", control=0)
FORM = {
    "name": "Зимняя", "channel": "sms", "template": "", "purpose": "service",
    "text": "Здравствуйте, {name}!", "subject": "", "hourly": "600", "daily": "", "goal": "paid",
    "goal_days": "14", "control": "0", "starts_on": "", "starts_at": "10:00", "ends_on": "",
    "ends_at": "20:00",
}  # fmt: skip


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


async def counted(draft: Draft = DRAFT, segment: str = "") -> int:
    made = await draft_campaign(segment, draft, by=SYSTEM)
    await ask_count(made, by=SYSTEM)
    assert await count_campaign(made)
    return made


async def sent(desk: httpx.AsyncClient, path: str, **data: str) -> httpx.Response:
    key = key_of((await desk.get(path)).text)
    return await desk.post(path, data={"key": key, "step": "do", **data})


async def test_it_is_drafted_from_the_register_with_its_filter_counted_and_launched(
    provider: None, enter: Enter
) -> None:
    head = await enter("head")
    register = await head.get("/subscribers?district=Центр")
    link = re.search(r'href="(/campaigns/new\?[^"]*)"', register.text)
    assert link
    path = link[1].replace("&amp;", "&")
    opened = plain((await head.get(path)).text)
    assert "Район: Центр" in opened
    assert "2 счёта" in opened
    for offered, title in (
        (True, "Скоро спишется плата"),
        (True, "Долг"),
        (False, "Код не подошёл"),
    ):
        assert (title in opened) is offered, title
    wrong = await sent(head, path, **(FORM | {"purpose": "ad"}))
    assert wrong.status_code == 400
    assert "Отказ: СТОП" in wrong.text
    assert "Зимняя" in wrong.text
    with clock.moved(NOON):
        made = (await sent(head, path, **FORM)).headers["location"].partition("?")[0]
        page = await head.get(made)
        assert "Ещё не подсчитана" in page.text
        assert (await head.post(f"{made}/count")).status_code == 303
        assert "Идёт подсчёт" in (await head.get(made)).text
        campaign = int(made.rsplit("/", 1)[1])
        assert await count_campaign(campaign)
        seen = plain((await head.get(made)).text)
        for told in ("Подходит лицевых счетов 2", "Получателей 2", "Здравствуйте, Ирина"):
            assert told in seen
        slip = await sent(head, f"{made}/launch", typed="3")
        assert slip.status_code == 400
        assert "а подсчитано получателей: 2" in plain(slip.text)
        assert (await sent(head, f"{made}/launch", typed="2")).status_code == 303
        assert await send_campaigns() == 2
        await note_effects()
        seen = plain((await head.get(made)).text)
        for told in ("Написано 2", "Ждёт отправки 2", "Из тех, кому написали", "По дням"):
            assert told in seen


async def test_it_is_paused_let_go_on_and_stopped_by_hand(provider: None, enter: Enter) -> None:
    head = await enter("head")
    with clock.moved(NOON):
        made = await counted()
        tally = (await campaign_of(made, by=SYSTEM)).counted
        assert tally
        await launch_campaign(made, by=SYSTEM, typed=tally.left)
    for name, told in (("pause", "приостановлена"), ("resume", "идёт")):
        assert (await sent(head, f"/campaigns/{made}/{name}", note="")).status_code == 303
        assert told in (await head.get(f"/campaigns/{made}")).text
    assert (await sent(head, f"/campaigns/{made}/stop", note="")).status_code == 400
    assert (await sent(head, f"/campaigns/{made}/stop", note="Ошибка")).status_code == 303
    page = (await head.get(f"/campaigns/{made}")).text
    assert "Рассылка остановлена насовсем: Ошибка" in plain(page)
    again = await sent(head, f"/campaigns/{made}/resume", note="")
    assert again.status_code == 422


async def test_who_may_only_draft_launches_nothing_and_others_see_nothing(
    provider: None, enter: Enter
) -> None:
    made = await counted()
    retain = await enter("retain")
    assert (await retain.get(f"/campaigns/{made}")).status_code == 200
    assert f"/campaigns/{made}/launch" not in (await retain.get(f"/campaigns/{made}")).text
    assert (await retain.get(f"/campaigns/{made}/launch")).status_code == 403
    office = await enter("office")
    assert (await office.get("/campaigns")).status_code == 403
    assert "/campaigns/new" not in (await office.get("/subscribers")).text


async def test_who_is_confined_to_districts_writes_to_those_alone(
    provider: None, enter: Enter, db: Any
) -> None:
    everywhere = await counted()
    centre = await enter("head", districts=["Центр"])
    assert (await centre.get(f"/campaigns/{everywhere}")).status_code == 404
    assert "Новый номер" not in (await centre.get("/campaigns")).text
    made = (await sent(centre, "/campaigns/new", **FORM)).headers["location"].partition("?")[0]
    await centre.post(f"{made}/count")
    campaign = int(made.rsplit("/", 1)[1])
    assert await count_campaign(campaign)
    rows = await db.fetch(
        "SELECT b.number FROM crm_campaign_person JOIN billing_account b USING (account_id)"
        " WHERE campaign_id = $1 ORDER BY 1",
        campaign,
    )
    assert [row["number"] for row in rows] == ["20417", "20418"]
    assert "Зимняя" in (await centre.get("/campaigns")).text


async def test_the_words_are_measured_while_one_types(provider: None, enter: Enter) -> None:
    head = await enter("head")
    path = "/campaigns/new?sort=name"
    told = await head.post(path, data=FORM | {"text": "Я" * 71, "name": ""})
    assert "2 части SMS" in plain(told.text)
    told = await head.post(path, data=FORM | {"text": "", "template": "debt"})
    assert "долг {debt} по счёту" in told.text
    told = await head.post(path, data=FORM | {"text": "{nobody}"})
    assert "Подставляются только" in plain(told.text) or "{nobody}" in told.text


async def test_a_draft_is_changed_and_a_colleague_is_not_overwritten(
    provider: None, enter: Enter
) -> None:
    head = await enter("head")
    made = await counted()
    path = f"/campaigns/{made}/change?seen=1"
    assert (await sent(head, path, **(FORM | {"name": "Весенняя"}))).status_code == 303
    assert "Весенняя" in (await head.get(f"/campaigns/{made}")).text
    late = await sent(head, path, **FORM)
    assert late.status_code == 409


async def test_the_workflow_is_drawn(provider: None, enter: Enter) -> None:
    page = await (await enter("admin")).get("/workflows/campaign")
    assert "приостановлена" in page.text


async def test_what_the_program_pauses_is_told_in_words(provider: None, enter: Enter) -> None:
    made = await counted()
    with clock.moved(NOON):
        await launch_campaign(made, by=SYSTEM, typed=4)
    await move_campaign(made, "pause", by=SYSTEM, note="Проверяю")
    assert "Проверяю" in (await (await enter("head")).get(f"/campaigns/{made}")).text


def test_an_effect_is_written_with_its_margin() -> None:
    assert effect_words(Effect(Group(1000, 200), Group(100, 10))) == "+10,0 ±6,4 п. п."
    assert effect_words(Effect(Group(100, 10), Group(100, 20))) == "−10,0 ±9,8 п. п."
    assert not effect_words(Effect(Group(5, 2), Group()))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("8", "08:00"), ("08:30", "08:30"), ("9.15", "09:15"), ("25", ""), ("x", "")],
)
async def test_an_hour_is_read_as_people_write_it(
    provider: None, enter: Enter, typed: str, shown: str
) -> None:
    head, day = await enter("head"), {"starts_on": "2027-02-01", "starts_at": typed}
    done = await sent(head, "/campaigns/new?state=served", **(FORM | day))
    if shown:
        page = await head.get(done.headers["location"])
        assert f"01.02.2027 {shown}" in plain(page.text)
    else:
        assert 'id="act-starts_at-error"' in done.text
