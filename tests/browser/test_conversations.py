"""Who asks, recorded conversations and their quality, as people see and use them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect

from abonent.crm.quality_form import QualityForm
from abonent.crm.rules.quality import week_of
from abonent.crm.service import conversations as recording
from abonent.crm.service.conversations import NewCall
from abonent.crm.service.conversations_kept import hear, mark_example, tie_conversation
from abonent.crm.service.identity import check_identity
from abonent.crm.service.quality import draw_last_week, draw_sample, judge, move_card
from abonent.crm.service.recording_notice import set_notice
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.content import load_content
from abonent.kernel.db import transaction
from abonent.kernel.i18n import time_zone
from abonent.kernel.settings import Settings
from abonent.kernel.storage import storage_of
from abonent.web.service import add_user
from tests.browser.conftest import CHROMIUM, Hire, chromium, opening
from tests.crm.test_conversations import wave
from tests.web.seed import small_provider

Looked = Callable[..., Awaitable[None]]
ONE = "/accounts/20417"
FORM = load_content("quality", QualityForm, language="ru")["card"].value
WHOLE = {line.code: 100 for line in FORM.criterion}


@pytest.fixture(scope="session")
async def browser() -> Any:
    """The whole program: without its windows it gives nobody a microphone."""
    async with chromium(CHROMIUM) as running:
        yield running


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)


async def _talk(settings: Settings, actor: str, days: int, *, number: str = "20417") -> int:
    call = NewCall(
        number=number, kind="call", direction="in", source="exchange", call=f"{actor}-{days}",
        actor=actor, phone="79163456742", told=True, began=clock.now() - timedelta(days, 3600),
        ended=None,
    )  # fmt: skip
    made = await recording.register_call(call, by=SYSTEM)
    checked = await recording.check_sound(wave(35 + days), settings=settings)
    await recording.give_sound(made, checked, by=SYSTEM, storage=storage_of(settings))
    return made


@pytest.fixture
async def talks(provider: None, fresh_database: Settings, web_home: Any) -> dict[str, int]:
    """Judged and unjudged conversations of two clerks; the ids that pages are opened by."""
    settings = fresh_database.having(home=web_home)
    clerks = []
    for login, name in (("anna", "Анна Котова"), ("olga", "Ольга Белова")):
        await add_user(login, name=name, role="office", password="correct horse battery")
        async with transaction() as connection:
            user = await connection.fetchval("SELECT id FROM web_user WHERE login = $1", login)
        clerks.append(Actor("user", str(user), name, frozenset({"desk.open", "crm.*"})))
    made = {}
    for clerk in clerks:
        for days in (0, 1, 2, 8, 9, 10, 20):
            made[f"{clerk.name}-{days}"] = await _talk(settings, f"user:{clerk.id}", days)
    anna = {days: made[f"Анна Котова-{days}"] for days in (0, 1, 2, 8, 9, 20)}
    await judge(anna[0], by=SYSTEM, shares=WHOLE | {"tone": 50, "offer": 0}, notes={})
    quoted = {"accuracy": "«Да само вернётся»: срок и сумма не названы"}
    zero = await judge(
        anna[1], by=SYSTEM, shares=WHOLE | {"accuracy": 0}, notes=quoted,
        note="Приветствие тёплое, вопрос понят. Исправить одно: назвать день возврата.",
    )  # fmt: skip
    await move_card(zero, "appeal", by=clerks[0], note="День возврата назван в конце разговора")
    await judge(made["Ольга Белова-1"], by=SYSTEM, shares=WHOLE, notes={})
    note = "Спокойно довела разговор о долге до даты платежа"
    await mark_example(anna[2], by=SYSTEM, example="good", note=note)
    await tie_conversation(anna[2], by=SYSTEM, tie="claim", about="претензия 47")
    await tie_conversation(anna[8], by=SYSTEM, tie="complaint", about="")
    await hear(anna[2], by=SYSTEM, storage=storage_of(settings))
    await draw_last_week(by=SYSTEM)
    await draw_sample(week_of(clock.now().astimezone(time_zone()).date()), by=SYSTEM)
    for action in ("tariff", "promise"):
        await check_identity("20418", by=clerks[1], action=action)
    return {"conversation": anna[2], "unjudged": anna[20], "appealed": zero}


async def test_the_pages(
    talks: dict[str, int], looked: Looked, fresh_database: Settings, web_home: Any
) -> None:
    who = opening(".who-line [data-key=KeyU]")
    await looked(ONE, "identity-confirm", then=who)
    await looked(f"{ONE}/freeze", "identity-freeze")
    await looked("/identity", "identity-register")
    await looked("/identity/rule", "identity-rule")
    await looked(f"{ONE}/conversations", "conversations-tab")
    await looked("/accounts/20419/conversations", "conversations-none")
    await looked(f"{ONE}/conversations/record", "conversations-recorder")
    await _notice(fresh_database.having(home=web_home), wave(1))
    await looked(f"{ONE}/conversations/record", "conversations-recorder-notice")
    await looked("/conversations/notice", "conversations-notice")
    await looked(f"{ONE}/conversations/attach", "conversations-attach")
    await looked(f"/conversations/{talks['conversation']}", "conversations-listen")
    await looked("/conversations", "conversations-register")
    await looked(f"/conversations/{talks['unjudged']}/judge", "quality-judge")
    await looked(f"/quality/cards/{talks['appealed']}", "quality-card")
    await looked("/quality", "quality-results")
    await looked("/quality-cards", "quality-cards")


async def test_a_visit_is_recorded_listened_to_and_judged(
    provider: None, seat: Page, hire: Hire
) -> None:
    await seat.context.grant_permissions(["microphone"])
    await seat.goto(seat.url.rstrip("/") + f"{ONE}/conversations")
    await seat.wait_for_selector("html[data-keys=bound]")
    async with seat.context.expect_page() as opened:
        await seat.keyboard.press("v")
    recorder = await opened.value
    await expect(recorder.locator("button[name=told]")).to_be_focused()
    async with recorder.expect_response("**/parts/0") as sent:
        await recorder.keyboard.press("Enter")
        await expect(recorder.locator("[data-stop]")).to_be_focused()
    assert (await sent.value).status == 204
    await recorder.keyboard.press("Enter")
    await expect(recorder.locator("[data-when=kept]")).to_be_visible()
    await recorder.keyboard.press("Enter")
    await recorder.wait_for_url(re.compile(r"/conversations/\d+$"))
    length = await recorder.evaluate(
        """async () => { const audio = document.querySelector("audio"); await audio.play();
        audio.currentTime = 2; await new Promise((done) => { audio.onseeked = done; });
        return [audio.duration, audio.currentTime]; }"""
    )
    assert 3 <= length[0] < 60
    assert length[1] >= 2
    address = recorder.url
    await recorder.reload()
    await expect(recorder.locator("main")).to_contain_text("Мария Петрова")
    assert await recorder.evaluate("window.__violations") == []
    judging, _shift = await hire("shift", "Ирина Старшая")
    await judging.goto(address)
    await judging.wait_for_selector("html[data-keys=bound]")
    await judging.keyboard.press("j")
    await judging.wait_for_url("**/judge")
    for line in FORM.criterion:
        await judging.locator(f"input[name={line.code}]").first.focus()
        await judging.keyboard.press("Space")
    await judging.keyboard.press("Control+Enter")
    await judging.wait_for_url("**/quality/cards/*")
    await expect(judging.locator("h1")).to_contain_text("100")


async def _notice(settings: Settings, content: bytes) -> str:
    """Put a notice into use; answers its hash."""
    checked = await recording.check_sound(content, settings=settings)
    await set_notice(checked, name="Уведомление.wav", by=SYSTEM, storage=storage_of(settings))
    return checked.sha256


async def test_the_notice_is_played_and_then_it_is_recorded(
    provider: None, seat: Page, fresh_database: Settings, web_home: Any
) -> None:
    played = await _notice(fresh_database.having(home=web_home), wave(1))
    await seat.context.grant_permissions(["microphone"])
    await seat.goto(seat.url.rstrip("/") + f"{ONE}/conversations/record")
    await expect(seat.locator("main")).to_contain_text("Уведомление.wav")
    await seat.keyboard.press("Enter")
    await expect(seat.locator("[data-when=telling]")).to_be_visible()
    async with transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM crm_conversation") == 0
    await expect(seat.locator("[data-stop]")).to_be_focused()
    async with seat.expect_response("**/parts/0"):
        pass
    await seat.keyboard.press("Enter")
    await expect(seat.locator("[data-when=kept]")).to_be_visible()
    await seat.keyboard.press("Enter")
    await seat.wait_for_url(re.compile(r"/conversations/\d+$"))
    await expect(seat.locator("main")).to_contain_text(played[:12])


async def test_who_objects_while_the_notice_is_played_is_not_recorded(
    provider: None, seat: Page, fresh_database: Settings, web_home: Any
) -> None:
    await _notice(fresh_database.having(home=web_home), wave(60))
    await seat.context.grant_permissions(["microphone"])
    await seat.goto(seat.url.rstrip("/") + f"{ONE}/conversations/record")
    await seat.keyboard.press("Enter")
    await seat.locator("[data-object]").click()
    await expect(seat.locator("[data-when=objected]")).to_be_visible()
    async with transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM crm_conversation") == 0


async def test_a_notice_that_cannot_be_played_is_said(
    provider: None, seat: Page, fresh_database: Settings, web_home: Any
) -> None:
    await _notice(fresh_database.having(home=web_home), b"OggS" + b"no sound" * 100)
    await seat.context.grant_permissions(["microphone"])
    await seat.goto(seat.url.rstrip("/") + f"{ONE}/conversations/record")
    await seat.keyboard.press("Enter")
    await expect(seat.locator("[data-when=silent] button")).to_be_focused()
    await seat.keyboard.press("Enter")
    await expect(seat.locator("[data-stop]")).to_be_focused()
    async with transaction() as connection:
        row = await connection.fetchrow("SELECT notice_id, notice_at FROM crm_conversation")
    assert row["notice_id"] is None
    assert row["notice_at"] is not None


async def test_a_denied_microphone_is_told_and_nothing_is_recorded(
    provider: None, seat: Page
) -> None:
    await seat.goto(seat.url.rstrip("/") + f"{ONE}/conversations/record")
    await seat.keyboard.press("Enter")
    await expect(seat.locator("[data-when=denied]")).to_be_visible()
    async with transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM crm_conversation") == 0


async def test_a_lost_connection_loses_no_sound(provider: None, hire: Hire) -> None:
    seat, _clerk = await hire("office", "Анна Котова", failing=True)
    await seat.context.grant_permissions(["microphone"])
    await seat.goto(seat.url.rstrip("/") + f"{ONE}/conversations/record")
    await seat.keyboard.press("Enter")
    await expect(seat.locator("[data-stop]")).to_be_focused()
    refused = 0

    async def refuse(route: Any) -> None:
        nonlocal refused
        refused += 1
        await (route.fulfill(status=503) if refused < 3 else route.continue_())

    await seat.route("**/parts/0", refuse)
    await expect(seat.locator("[data-late]")).to_be_visible(timeout=15_000)
    await expect(seat.locator("[data-late]")).to_be_hidden(timeout=15_000)
    await seat.keyboard.press("Enter")
    await expect(seat.locator("[data-when=kept]")).to_be_visible()
    async with transaction() as connection:
        row = await connection.fetchrow("SELECT state, broken FROM crm_conversation")
    assert tuple(row.values()) == ("kept", False)
