"""The survey behind a message's link: three steps on a telephone, without a sign-in or scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from abonent.crm.queries.surveys import survey_of_token
from abonent.crm.service.surveys import give_survey
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from tests.web.portal.conftest import NUMBER
from tests.web.seen import plain

Browse = Callable[[], httpx.AsyncClient]


@pytest.fixture
async def link(provider: None) -> str:
    """A survey that was sent: the address of its page."""
    token = await give_survey(
        NUMBER, by=SYSTEM, kind="relational", about="2026-11", channel="email"
    )
    return f"/my/s/{token}"


async def test_it_is_gone_through_in_three_steps_and_one_may_step_back(
    link: str, browse: Browse, db: Any
) -> None:
    phone = browse()
    first = await phone.get(link)
    assert "Шаг 1 из 3" in plain(first.text)
    assert len(re.findall(r'type="radio" name="score"', first.text)) == 11
    assert "checked" not in first.text
    answer = await phone.post(link, data={"step": "1", "score": "3"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{link}?step=2")
    second = await phone.get(answer.headers["location"])
    assert "Шаг 2 из 3" in plain(second.text)
    assert "Что пошло не так?" in plain(second.text)
    assert f'href="{link}?step=1"' in second.text
    answer = await phone.post(link, data={"step": "2", "why-detractor": "Обрывы\r\nпо вечерам"})
    assert answer.headers["location"] == f"{link}?step=3"
    assert "Обрывы\nпо вечерам" in (await phone.get(f"{link}?step=2")).text
    third = await phone.get(link)
    assert "Можно вам перезвонить?" in plain(third.text)
    assert re.search(r'type="checkbox" name="improve"', third.text)
    given = {"step": "3", "improve": ["stability", "wifi"], "callback": "evening"}
    answer = await phone.post(link, data=given)
    assert (answer.status_code, answer.headers["location"]) == (303, link)
    assert "Ваш ответ уже у старшего смены" in plain((await phone.get(link)).text)
    kept = "SELECT codes FROM crm_survey_answer WHERE question = 'improve'"
    assert await db.fetchval(kept) == ["stability", "wifi"]
    again = await phone.post(link, data={"step": "1", "score": "10"})
    assert again.status_code == 303
    assert (await survey_of_token(link.rsplit("/", 1)[1])).score == 3


async def test_a_changed_score_changes_what_is_asked(link: str, browse: Browse) -> None:
    phone = browse()
    await phone.post(link, data={"step": "1", "score": "3"})
    await phone.post(link, data={"step": "1", "score": "10"})
    assert "Что вам нравится больше всего?" in plain((await phone.get(link)).text)
    await phone.post(link, data={"step": "2"})
    assert "Можно вам перезвонить?" not in plain((await phone.get(link)).text)
    await phone.post(link, data={"step": "3"})
    assert "Спасибо" in plain((await phone.get(link)).text)


async def test_a_link_in_a_letter_may_choose_the_score(link: str, browse: Browse) -> None:
    phone = browse()
    shown = (await phone.get(f"{link}?score=9")).text
    assert re.findall(r'value="(\d+)" required checked', shown) == ["9"]
    assert "checked" not in (await phone.get(f"{link}?score=11")).text
    await phone.post(link, data={"step": "1", "score": "7"})
    shown = (await phone.get(f"{link}?step=1")).text
    assert re.findall(r'value="(\d+)" required checked', shown) == ["7"]


async def test_what_is_wrong_is_named_and_what_was_typed_is_kept(
    link: str, browse: Browse, db: Any
) -> None:
    phone = browse()
    for score in ("", "11", "ten"):
        wrong = await phone.post(link, data={"step": "1", "score": score})
        assert wrong.status_code == 400
        assert "Выберите" in plain(wrong.text)
    assert await db.fetchval("SELECT state FROM crm_survey_sent") == "sent"
    await phone.post(link, data={"step": "1", "score": "8"})
    long = await phone.post(link, data={"step": "2", "why-passive": "я" * 1001})
    assert long.status_code == 400
    assert "я" * 1001 in long.text
    assert 'aria-invalid="true"' in long.text
    await phone.post(link, data={"step": "2"})
    four = ["stability", "speed", "wifi", "tv"]
    many = await phone.post(link, data={"step": "3", "improve": four})
    assert (many.status_code, "можно не больше 3" in plain(many.text)) == (400, True)
    assert re.findall(r'value="([a-z-]+)" checked', many.text) == four
    nul = await phone.post(link, data={"step": "3", "improve": "\x00"})
    assert nul.status_code == 400


async def test_a_step_ahead_leads_to_the_one_that_is_due(link: str, browse: Browse) -> None:
    phone = browse()
    for step in ("3", "9", "x", "²", "-1"):
        assert "Шаг 1 из 3" in plain((await phone.get(f"{link}?step={step}")).text)
    ahead = await phone.post(link, data={"step": "3", "improve": "tv"})
    assert ahead.status_code == 400


async def test_an_old_one_is_over_and_an_unknown_one_is_not_there(
    link: str, browse: Browse
) -> None:
    phone = browse()
    with clock.moved(clock.now() + timedelta(days=31)):
        assert "Этот опрос окончен" in plain((await phone.get(link)).text)
        late = await phone.post(link, data={"step": "1", "score": "9"})
        assert "Этот опрос окончен" in plain(late.text)
    for method in ("GET", "POST"):
        assert (await phone.request(method, "/my/s/nothing")).status_code == 404


async def test_who_sends_it_over_and_over_is_slowed_alone(link: str, browse: Browse) -> None:
    phone = browse()
    answers = [await phone.post(link, data={"step": "1", "score": "9"}) for _ in range(40)]
    assert {answer.status_code for answer in answers} == {303, 429}
    assert (await phone.get(link)).status_code == 200
