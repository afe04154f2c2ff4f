"""Recorded conversations on the pages: recorder, player, keeping, judging, results."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from abonent.crm.quality_form import QualityForm
from abonent.kernel import clock
from abonent.kernel.content import load_content
from tests.crm.test_conversations import WEBM, wave
from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
TAB = "/accounts/20417/conversations"
LINES = [
    line.code
    for line in load_content("quality", QualityForm, language="ru")["card"].value.criterion
]


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


@pytest.fixture
async def clerk(provider: None, enter: Enter) -> httpx.AsyncClient:
    return await enter("office")


@pytest.fixture
async def head(provider: None, enter: Enter) -> httpx.AsyncClient:
    return await enter("head")


async def _record(client: httpx.AsyncClient) -> str:
    """Record a visit as the recorder does; gives the address of its page."""
    began = await client.post(TAB, data={"kind": "visit", "told": "on"})
    assert began.status_code == 200, began.text
    places = began.json()
    for no, piece in enumerate((WEBM, b"\xa3" * 400)):
        sent = await client.post(f"{places['parts']}/{no}", content=piece)
        assert sent.status_code == 204, sent.text
    assert (await client.post(places["end"])).status_code == 204
    return str(places["listen"])


async def test_a_visit_recorded_in_the_browser_stands_on_the_account(
    clerk: httpx.AsyncClient,
) -> None:
    assert "Разговоров пока нет" in plain((await clerk.get(TAB)).text)
    page = await _record(clerk)
    shown = plain((await clerk.get(TAB)).text)
    assert "визит" in shown
    assert "хранится" in shown
    listening = await clerk.get(page)
    assert f'src="{page}/sound"' in listening.text
    assert "Пока никто" in plain(listening.text)
    whole = await clerk.get(f"{page}/sound")
    assert whole.headers["content-type"] == "audio/webm"
    assert "Пока никто" not in plain((await clerk.get(page)).text)


async def test_only_the_recorder_may_ask_for_the_microphone(clerk: httpx.AsyncClient) -> None:
    recorder = await clerk.get(f"{TAB}/record")
    assert "microphone=(self)" in recorder.headers["permissions-policy"]
    assert "Сначала скажите" in plain(recorder.text)
    assert "microphone=()" in (await clerk.get(TAB)).headers["permissions-policy"]


async def test_nothing_is_recorded_before_the_notice(clerk: httpx.AsyncClient, db: Any) -> None:
    refused = await clerk.post(TAB, data={"kind": "visit"})
    assert refused.status_code == 400
    assert refused.json()["code"] == "MALFORMED", refused.text
    assert await db.fetchval("SELECT count(*) FROM crm_conversation") == 0


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        ("bytes=0-9", 206, (0, 10)),
        ("bytes=10-", 206, (10, None)),
        ("bytes=-5", 206, (-5, None)),
        ("bytes=0-99999999", 206, (0, None)),
        ("bytes=99999999-", 416, None),
        ("bytes=0-1,4-5", 200, (0, None)),
        ("lines=1", 200, (0, None)),
    ],
)
async def test_a_player_goes_to_any_place(
    clerk: httpx.AsyncClient, asked: str, status: int, span: tuple[int, int | None] | None
) -> None:
    page = await _record(clerk)
    whole = (await clerk.get(f"{page}/sound")).content
    part = await clerk.get(f"{page}/sound", headers={"Range": asked})
    assert part.status_code == status
    if span is not None:
        assert part.content == whole[span[0] : span[1]]
    if status == 206:
        told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", part.headers["content-range"])
        assert told is not None
        assert int(told[2]) - int(told[1]) + 1 == len(part.content)
        assert int(told[3]) == len(whole)


async def test_a_colleague_sees_the_conversation_and_does_not_hear_it(
    clerk: httpx.AsyncClient, enter: Enter
) -> None:
    page = await _record(clerk)
    other = await enter("office", "another")
    shown = await other.get(page)
    assert "слушает только свои" in plain(shown.text)
    assert (await other.get(f"{page}/sound")).status_code == 403


async def _attach(client: httpx.AsyncClient, content: bytes, **more: str) -> httpx.Response:
    opened = await client.get(f"{TAB}/attach", headers=HX)
    form = {"key": key_of(opened.text), "kind": "call", "day": "2026-04-01", "at": "14:30"}
    return await client.post(
        f"{TAB}/attach",
        data=form | {"told": "on", "step": "do"} | more,
        files={"file": ("call.wav", content, "audio/wav")},
        headers=HX,
    )


async def test_a_file_is_attached_and_what_is_no_sound_is_not(head: httpx.AsyncClient) -> None:
    refused = await _attach(head, b"%PDF-1.7")
    assert "не звукозапись" in plain(refused.text)
    assert "не время" in plain((await _attach(head, wave(2), at="25:99")).text)
    done = await _attach(head, wave(2))
    assert done.status_code == 204, done.text
    shown = plain((await head.get(TAB)).text)
    assert "01.04.2026 14:30" in shown
    assert "файл" in shown


async def test_a_tie_is_set_on_the_page_of_the_conversation(
    clerk: httpx.AsyncClient, head: httpx.AsyncClient
) -> None:
    page = await _record(clerk)
    opened = await head.get(f"{page}/tie", headers=HX)
    form = {"key": key_of(opened.text), "tie": "claim", "about": "47", "step": "do"}
    done = await head.post(f"{page}/tie", data=form, headers=HX)
    assert done.status_code == 204, done.text
    shown = plain((await head.get(page)).text)
    assert "претензия: 47" in shown
    assert str(clock.now().year + 3) in shown


async def _judged(head: httpx.AsyncClient, page: str, **more: str) -> httpx.Response:
    opened = await head.get(f"{page}/judge")
    form = {"key": key_of(opened.text), **dict.fromkeys(LINES, "100")}
    return await head.post(f"{page}/judge", data=form | more)


async def test_a_conversation_is_judged_appealed_and_judged_anew(
    clerk: httpx.AsyncClient, head: httpx.AsyncClient, enter: Enter
) -> None:
    shift = await enter("shift")
    page = await _record(clerk)
    missing = await _judged(shift, page, tone="")
    assert "насколько это выполнено" in plain(missing.text)
    failed = await _judged(shift, page, accuracy="0")
    assert "Приведите цитату" in plain(failed.text)
    done = await _judged(shift, page, accuracy="0", accuracy_note="Срок не назвал")
    assert done.status_code == 303, done.text
    card = done.headers["location"].partition("?")[0]
    shown = plain((await clerk.get(card)).text)
    assert "Карта качества: 0" in shown
    assert "Срок не назвал" in shown
    opened = await clerk.get(f"{card}/moves/appeal", headers=HX)
    form = {"key": key_of(opened.text), "step": "do"}
    empty = await clerk.post(f"{card}/moves/appeal", data=form, headers=HX)
    assert empty.status_code != 204
    form |= {"note": "Срок назвал на второй минуте"}
    assert (await clerk.post(f"{card}/moves/appeal", data=form, headers=HX)).status_code == 204
    anew = await head.get(f"{card}/anew")
    grades = {"key": key_of(anew.text), **dict.fromkeys(LINES, "100"), "note": "Срок назван"}
    assert (await head.post(f"{card}/anew", data=grades)).status_code == 303
    assert "Карта качества: 100" in plain((await clerk.get(card)).text)
    assert (await head.get(f"{card}/anew")).status_code == 404


async def test_the_card_says_who_else_decides_or_that_nobody_could(
    clerk: httpx.AsyncClient, head: httpx.AsyncClient, enter: Enter
) -> None:
    alone, both = "больше разобрать некому", "возражение разбирает другой"
    done = await _judged(head, await _record(clerk), tone="50")
    card = done.headers["location"].partition("?")[0]
    for client, move in ((clerk, "appeal"), (head, "uphold")):
        opened = await client.get(f"{card}/moves/{move}", headers=HX)
        form = {"key": key_of(opened.text), "step": "do", "note": "Он кричал первым"}
        assert both not in plain((await client.get(card)).text)
        assert (await client.post(f"{card}/moves/{move}", data=form)).status_code == 303
    assert alone in plain((await clerk.get(card)).text)
    other = await enter("head", "other-head")
    second = (await _judged(head, await _record(clerk), tone="50")).headers["location"]
    card = second.partition("?")[0]
    opened = await clerk.get(f"{card}/moves/appeal", headers=HX)
    form = {"key": key_of(opened.text), "step": "do", "note": "Он кричал первым"}
    await clerk.post(f"{card}/moves/appeal", data=form)
    shown = await head.get(card)
    assert both in plain(shown.text)
    assert f"{card}/anew" not in shown.text
    assert f"{card}/anew" in (await other.get(card)).text


async def test_an_appeal_is_told_to_who_decides_it_and_the_employee_knows_who(
    clerk: httpx.AsyncClient, head: httpx.AsyncClient, enter: Enter
) -> None:
    shift, page = await enter("shift"), await _record(clerk)
    judging = plain((await shift.get(f"{page}/judge")).text)
    assert "Мария Петрова · визит · " in judging
    done = await _judged(shift, page, tone="50")
    card = done.headers["location"].partition("?")[0]
    told = "Возражения ждут решения"
    assert told not in plain((await head.get("/")).text)
    opened = await clerk.get(f"{card}/moves/appeal", headers=HX)
    assert "Возражение разбирают: Мария Петрова." in plain(opened.text)
    form = {"key": key_of(opened.text), "step": "do", "note": "Он кричал первым"}
    assert (await clerk.post(f"{card}/moves/appeal", data=form)).status_code == 303
    waiting = plain((await clerk.get(card)).text)
    assert "Возражение ждёт решения Разбирают: Мария Петрова." in waiting
    assert told in plain((await head.get("/")).text)
    assert told not in plain((await shift.get("/")).text)
    listed = await head.get("/quality")
    assert f'href="{card}"' in listed.text
    assert "Он кричал первым" in plain(listed.text)
    assert told not in plain((await shift.get("/quality")).text)
    assert "Мария Петрова · визит · " in plain((await head.get(f"{card}/anew")).text)


async def test_results_show_everybody_to_the_head_and_ones_own_to_a_clerk(
    clerk: httpx.AsyncClient, head: httpx.AsyncClient, enter: Enter
) -> None:
    await _judged(head, await _record(clerk), tone="50")
    page = (await head.get("/quality")).text
    assert "Мария Петрова 95" in plain(page)
    assert re.findall(r'class="tick halo"[^>]*>(\d+)<', page) == ["0", "50", "100"]
    own = plain((await clerk.get("/quality")).text)
    assert "Здесь ваши собственные карты" in own
    other = plain((await (await enter("office", "another")).get("/quality")).text)
    assert "В этом месяце карт нет" in other
    opened = await head.get("/quality/draw", headers=HX)
    form = {"key": key_of(opened.text), "week": "2026-04-01", "step": "do"}
    assert (await head.post("/quality/draw", data=form, headers=HX)).status_code == 204


async def test_an_example_for_training_stands_in_its_register(
    clerk: httpx.AsyncClient, head: httpx.AsyncClient
) -> None:
    page = await _record(clerk)
    opened = await head.get(f"{page}/example", headers=HX)
    form = {"key": key_of(opened.text), "example": "good", "note": "Спокойно о долге", "step": "do"}
    assert (await head.post(f"{page}/example", data=form, headers=HX)).status_code == 204
    assert "Спокойно о долге" in plain((await head.get("/conversation-examples")).text)
    assert "20417" in plain((await head.get("/conversations")).text)
    assert (await head.get("/quality-cards")).status_code == 200
