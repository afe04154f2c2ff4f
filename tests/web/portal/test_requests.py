"""Requests on the portal: written, followed and rated by their owner, closed to anybody else."""

from __future__ import annotations

import re
from typing import Any

from abonent.billing.service.payments import take_payment
from abonent.crm.service.requests.answering import answer_request
from abonent.kernel.actor import SYSTEM
from tests.web.portal.conftest import NUMBER, OTHER, Entered
from tests.web.portal.test_acts import fields_of
from tests.web.seen import plain

PATH = f"/my/{NUMBER}/requests"


async def test_it_is_written_answered_rated_and_taken_up_again(enter: Entered, db: Any) -> None:
    mine = await enter()
    page = (await mine.get(PATH)).text
    assert "Вы ещё не писали" in plain(page)
    form = fields_of(page, PATH) | {"text": "Где мой платёж?", "reply_by": "portal"}
    sent = [await mine.post(PATH, data=form) for _ in range(2)]
    assert {answer.status_code for answer in sent} == {303}
    assert len({answer.headers["location"] for answer in sent}) == 1, "the same form again"
    one = sent[0].headers["location"].split("?")[0]
    number = int(one.rsplit("/", 1)[1])
    assert "Где мой платёж?" in plain((await mine.get(PATH)).text)
    await answer_request(number, by=SYSTEM, text="Нашли и зачислили.")
    page = (await mine.get(one)).text
    assert "Нашли и зачислили." in plain(page)
    rated = await mine.post(one, data=fields_of(page, one) | {"rating": "4", "note": "Долго"})
    assert rated.headers["location"] == f"{one}?done=rated"
    page = (await mine.get(one)).text
    assert "4 из 5" in plain(page)
    await mine.post(one, data=fields_of(page, one) | {"text": "Снова не видно"})
    row = await db.fetchrow("SELECT state, rating FROM crm_request WHERE number = $1", number)
    assert (row["state"], row["rating"]) == ("reopened", 4)


async def test_what_is_missing_is_named_and_what_was_chosen_stays(enter: Entered) -> None:
    mine = await enter()
    page = (await mine.get(PATH)).text
    wrong = await mine.post(PATH, data=fields_of(page, PATH) | {"text": " ", "reply_by": "sms"})
    assert wrong.status_code == 400
    assert 'aria-invalid="true"' in wrong.text
    assert re.search(r'value="sms" selected', wrong.text)


async def test_what_somebody_else_asked_does_not_exist(enter: Entered, db: Any) -> None:
    mine = await enter()
    page = (await mine.get(PATH)).text
    sent = await mine.post(PATH, data=fields_of(page, PATH) | {"text": "Моё", "reply_by": "portal"})
    number = int(sent.headers["location"].split("?")[0].rsplit("/", 1)[1])
    other = await enter(OTHER)
    for path in (f"{PATH}/{number}", f"/my/{OTHER}/requests/{number}"):
        assert (await other.get(path)).status_code == 404
        assert (await other.post(path, data={"key": "x", "text": "Чужое"})).status_code == 404
    assert await db.fetchval("SELECT count(*) FROM crm_request_line WHERE text = 'Чужое'") == 0


async def test_what_it_is_about_may_be_chosen_or_left_to_the_words(enter: Entered, db: Any) -> None:
    mine, path = await enter(OTHER), f"/my/{OTHER}/requests"
    page = (await mine.get(path)).text
    about = page[page.index('name="topic"') : page.index('name="reply_by"')]
    assert re.search(r'<option value="">[^<]+</option><optgroup label="Платежи">', about)
    assert 'value="recalculation"' in about
    assert "low-score" not in about
    assert "missed-call" not in about
    text = "Нет интернета второй день"
    taken = []
    for topic in ("recalculation", ""):
        form = fields_of((await mine.get(path)).text, path)
        await mine.post(path, data=form | {"text": text, "topic": topic, "reply_by": "portal"})
        query = "SELECT topic FROM crm_request ORDER BY number DESC LIMIT 1"
        taken.append(await db.fetchval(query))
    assert taken == ["recalculation", "no-internet"]


async def test_a_topic_that_is_not_offered_is_refused_and_what_was_chosen_is_kept(
    enter: Entered, guest: Any, db: Any
) -> None:
    mine = await enter()
    for client, path in ((mine, PATH), (guest, "/my/ask")):
        form = fields_of((await client.get(path)).text, path)
        for topic, text, status in (("low-score", "Плохо", 400), ("slow", " ", 400)):
            more = {"text": text, "topic": topic, "reach": "a@mail.example"}
            wrong = await client.post(path, data=form | more)
            assert wrong.status_code == status, (path, topic)
        assert 'value="slow" selected' in wrong.text
    assert await db.fetchval("SELECT count(*) FROM crm_request") == 0


async def test_whoever_is_not_signed_in_may_choose_as_well(guest: Any, db: Any) -> None:
    form = fields_of((await guest.get("/my/ask")).text, "/my/ask")
    more = {"text": "Сколько ждать?", "topic": "connect", "reach": "a@mail.example", "who": "Пётр"}
    assert (await guest.post("/my/ask", data=form | more)).status_code == 303
    assert await db.fetchval("SELECT topic FROM crm_request") == "connect"


async def test_whoever_is_cut_off_is_told_at_once_what_is_missing(enter: Entered, db: Any) -> None:
    mine = await enter()
    for topic in ("", "no-internet"):
        form = fields_of((await mine.get(PATH)).text, PATH)
        more = {"text": f"Нет интернета {topic}", "topic": topic, "reply_by": "portal"}
        told = await mine.post(PATH, data=form | more)
    shown = (await mine.get(told.headers["location"])).text
    assert "кончились деньги" in plain(shown)
    assert re.search(r"Не хватает [\d ]+,\d\d ₽", plain(shown))
    assert f'href="/my/{NUMBER}/pay"' in shown
    assert f'href="/my/{NUMBER}/promise"' in shown
    (row,) = await db.fetch("SELECT topic, team, contacts, token FROM crm_request")
    assert (row["topic"], row["team"], row["contacts"]) == ("suspended", "office", 2)
    by_link = (await mine.get(f"/my/r/{row['token']}")).text
    assert "кончились деньги" not in plain(by_link), "a link tells nothing of money"
    await take_payment(NUMBER, by=SYSTEM, amount=90000, source="cash", external_id="paid")
    assert "кончились деньги" not in plain((await mine.get(told.headers["location"])).text)
