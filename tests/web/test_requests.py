"""The pages of requests: registered from the card, worked on, answered; what the client sees."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from abonent.crm.registers.requests import _DUE
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.settings import Settings
from abonent.web.registers.files import make
from tests.web.conftest import Enter
from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, plain


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


async def sent(client: Any, path: str, **form: str) -> Any:
    """Open a dialog and send its form."""
    opened = await client.get(path)
    assert opened.status_code == 200, opened.text
    return await client.post(path, data={"step": "do", "key": key_of(opened.text), **form})


async def asked(text: str = "Нет интернета", **more: Any) -> int:
    new = NewRequest(channel=more.pop("channel", "email"), text=text, **more)
    return (await take_request(new, by=SYSTEM)).number


async def test_a_term_until_midnight_is_told_as_the_end_of_the_day_before(
    provider: None, enter: Enter
) -> None:
    with clock.moved(datetime(2026, 11, 23, 10, tzinfo=UTC)):
        number = await asked("Верните деньги", topic="refund", account="20417")
        office = await enter("head")
        told, end = "конца 03.12.2026", "04.12.2026"
        for path in ("/requests", f"/requests/{number}", "/accounts/20417/requests"):
            seen = plain((await office.get(path)).text)
            assert told in seen, path
            assert end not in seen, path


def test_a_term_until_midnight_is_over_with_the_day_before_in_a_file_as_well(
    database: Settings, tmp_path: Path
) -> None:
    file = make(tmp_path / "a.csv", "csv", [_DUE], title="", zone=database.timezone)
    file.write([{"due": datetime(2026, 12, 3, 21, tzinfo=UTC)}])
    file.close()
    assert "2026-12-03 23:59:59" in (tmp_path / "a.csv").read_text("utf-8-sig")


async def test_a_call_is_registered_from_the_card_and_answered(
    provider: None, enter: Enter
) -> None:
    office = await enter("office")
    answer = await sent(
        office,
        "/accounts/20417/requests/new",
        text="Деньги не пришли",
        channel="call",
        reply_by="portal",
    )
    assert answer.status_code == 303
    path = answer.headers["location"].split("?")[0]
    seen = plain((await office.get(answer.headers["location"])).text)
    assert "Обращение зарегистрировано" in seen
    assert "Платёж не поступил" in seen
    assert "Орлова Ирина Олеговна" in seen
    assert (await office.post(f"{path}/take")).status_code == 303
    form = plain((await office.get(f"{path}/answer?template=payment-found")).text)
    assert "Ирина Олеговна" in form
    assert "{amount}" in form
    gaps = await sent(office, f"{path}/answer", text="Нашли {amount}", reply_by="portal")
    assert gaps.status_code in {400, 422}
    assert "{amount}" in plain(gaps.text)
    done = await sent(office, f"{path}/answer", text="Нашли, зачислили.", reply_by="portal")
    assert done.status_code == 303
    seen = plain((await office.get(done.headers["location"])).text)
    assert "отвечено" in seen
    assert "Нашли, зачислили." in seen
    tab = plain((await office.get("/accounts/20417/requests")).text)
    assert "Деньги не пришли" in tab


async def test_what_was_answered_in_the_same_call_is_ended_at_once(
    provider: None, enter: Enter
) -> None:
    office = await enter("office")
    answer = await sent(
        office,
        "/requests/new",
        text="Где ваш офис?",
        channel="call",
        who="Прохожий",
        reply_by="none",
        answer="На Мира, 8, с девяти до шести.",
    )
    assert answer.status_code == 303
    seen = plain((await office.get(answer.headers["location"])).text)
    assert "отвечено" in seen
    assert "На Мира, 8" in seen


async def test_each_dialog_does_what_it_says(provider: None, enter: Enter) -> None:
    office = await enter("office")
    number = await asked(account="20417")
    other = await asked("И телевизор тоже", account="20417")
    one = f"/requests/{number}"
    for path, form, word in (
        ("/topic", {"topic": "tv"}, "ТВ: нет картинки или каналов"),
        ("/note", {"text": "Сосед жаловался тоже"}, "Сосед жаловался тоже"),
        ("/next", {"text": "позвонить", "day": "2026-11-23", "hour": "10:00"}, "позвонить"),
        ("/link", {"kind": "claim", "other": "47"}, "47"),
        ("/pass", {"team": "retain", "owner": "", "note": "ваше"}, "ваше"),
    ):
        answer = await sent(office, one + path, **form)
        assert answer.status_code == 303, (path, answer.text)
        assert word in plain((await office.get(one)).text), path
    assert (await office.post(f"{one}/take")).status_code == 303
    waits = await sent(office, f"{one}/wait-client", reason="access")
    assert waits.status_code == 303
    assert "срок стоит" in plain((await office.get(one)).text)
    assert (await office.post(f"{one}/resume")).status_code == 303
    joined = await sent(office, f"/requests/{other}/join", to=str(number))
    assert joined.status_code == 303
    assert "На него отвечают в другом обращении" in plain(
        (await office.get(f"/requests/{other}")).text
    )
    dropped = await asked("Купите рекламу")
    assert (await sent(office, f"/requests/{dropped}/drop", reason="spam")).status_code == 303
    assert (await office.get("/requests/999999")).status_code == 404


async def test_the_registers_show_what_waits_and_find_by_words(
    provider: None, enter: Enter
) -> None:
    office = await enter("office")
    await asked("Роутер мигает красным", account="20418")
    number = await asked("Сколько стоит переезд", account="20417")
    seen = plain((await office.get("/requests")).text)
    assert "Роутер мигает красным" in seen
    assert "Сколько стоит переезд" in seen
    found = plain((await office.get("/requests?q=роутеры")).text)
    assert "Роутер мигает красным" in found
    assert "Сколько стоит переезд" not in found
    only = await office.get(f"/all-requests?q={number}&open=1")
    assert only.headers["location"] == f"/requests/{number}"
    assert "Роутер мигает" in plain((await office.get("/all-requests?account=20418")).text)


async def test_the_figures_are_for_the_head(provider: None, enter: Enter) -> None:
    head, office = await enter("head"), await enter("office")
    await asked(account="20417")
    seen = plain((await head.get("/requests/report")).text)
    assert "Обращения в цифрах" in seen
    assert "Нет интернета" in seen
    assert (await office.get("/requests/report")).status_code == 403
    named = await sent(head, "/requests/alarms", rest="head@example.org", cash="cash@example.org")
    assert "Адреса сохранены" in plain((await head.get(named.headers["location"])).text)
    kept = (await head.get("/requests/alarms")).text
    assert "head@example.org" in kept
    assert "cash@example.org" in kept
    assert (await office.get("/requests/alarms")).status_code == 403
    for day in ("0001-01-01", "9999-12-31"):
        beyond = await head.get(f"/requests/report?since={day}&until={day}")
        assert (beyond.status_code, "ГГГГ-ММ-ДД" in beyond.text) == (200, True), day
    wrong = await head.get("/requests/report?since=2026-13-01")
    assert "Дата" in plain(wrong.text)
    empty = await head.get("/requests/report?since=2020-01-01&until=2020-01-31")
    assert "ничего не поступило" in plain(empty.text)


async def test_the_link_of_an_answer_opens_the_talk_without_notes(
    provider: None, enter: Enter, guest: Any
) -> None:
    office = await enter("office")
    asked_by = await guest.get("/my/ask")
    assert asked_by.status_code == 200
    wrong = await guest.post("/my/ask", data={"key": "a", "text": "Подключите нас", "reach": ""})
    assert "Подключите нас" in wrong.text
    assert "Оставьте телефон" in plain(wrong.text)
    answer = await guest.post(
        "/my/ask",
        data={"key": "b", "text": "Подключите нас", "who": "Пётр", "reach": "8 912 345-67-89"},
    )
    assert answer.status_code == 303
    link = answer.headers["location"].split("?")[0]
    # Whoever types the same phone gets a talk of their own, not this one.
    eavesdropped = {"key": "c", "text": "Подслушать", "reach": "+7 912 345-67-89"}
    other = await guest.post("/my/ask", data=eavesdropped)
    again = await guest.post("/my/ask", data=eavesdropped)
    assert again.headers["location"] == other.headers["location"], "the same form again"
    # Who writes too often from one address is slowed down there; whoever has a link is not.
    asked = [await guest.post("/my/ask", data=eavesdropped) for _ in range(12)]
    assert asked[-1].status_code == 429
    assert other.headers["location"].split("?")[0] != link
    number = int(re.search(r"Обращение (\d+)", plain((await guest.get(link)).text))[1])  # type: ignore[index]
    await sent(office, f"/requests/{number}/note", text="Дом не наш")
    await sent(office, f"/requests/{number}/answer", text="Придём завтра", reply_by="none")
    seen = plain((await guest.get(link)).text)
    assert "Придём завтра" in seen
    assert "Дом не наш" not in seen
    rated = await guest.post(link, data={"key": "rated", "rating": "2", "note": "долго"})
    assert rated.status_code == 303
    more = await guest.post(link, data={"key": "said", "text": "Никто не пришёл"})
    assert more.status_code == 303
    assert "Никто не пришёл" in plain((await office.get(f"/requests/{number}")).text)
    assert (await guest.get("/my/r/nothing")).status_code == 404
    many = [await guest.post(link, data={"key": f"m{n}", "text": "ещё"}) for n in range(32)]
    assert "ещё" in many[-1].text
    assert many[-1].status_code == 429


async def test_a_fault_of_an_account_that_is_cut_off_is_one_of_money_first(
    provider: None, enter: Enter, db: Any
) -> None:
    office = await enter("office")
    number = await asked("Нет интернета второй день", account="20418")
    row = await db.fetchrow("SELECT topic, team FROM crm_request WHERE number = $1", number)
    assert (row["topic"], row["team"]) == ("suspended", "office")
    seen = (await office.get(f"/requests/{number}")).text
    assert "Кончились деньги: услуги приостановлены" in plain(seen)
    assert re.search(r"Не хватает [\d ]+,\d\d ₽", plain(seen))
    assert re.search(
        r'action="/accounts/20418/scripts/suspended"><button[^>]+data-key="KeyS"', seen
    )
    assert 'href="/knowledge/suspended-debt" data-key="KeyK"' in seen
    await office.post(f"/requests/{number}/take")
    seen = (await office.get(f"/requests/{number}")).text
    ready = re.search(r'href="([^"]+)" data-key="KeyD"', seen)
    assert ready
    form = plain((await office.get(ready[1])).text)
    assert "услуги по счёту 20418 приостановлены" in form
    assert "{" not in form[form.index("Вижу причину") : form.index("проверим линию")]
    typed = {"step": "check", "text": "нет интернета", "channel": "call", "reply_by": "call"}
    said = await office.post("/accounts/20418/requests/new", data=typed, headers=HX)
    assert "Тема по словам: Приостановили за долг" in plain(said.text)


async def test_a_colleague_who_names_the_topic_knows_better(provider: None, enter: Enter) -> None:
    office = await enter("office")
    more = {"text": "Нет интернета", "topic": "no-internet", "channel": "call", "reply_by": "call"}
    made = await sent(office, "/accounts/20418/requests/new", **more)
    seen = (await office.get(made.headers["location"])).text
    assert "Монтажники" in plain(seen)
    assert "Кончились деньги" in plain(seen)
    assert "scripts/suspended" in seen


async def test_a_fault_of_an_account_that_is_paid_for_leads_to_its_script(
    provider: None, enter: Enter
) -> None:
    office = await enter("office")
    number = await asked("Нет интернета второй день", account="20417")
    seen = (await office.get(f"/requests/{number}")).text
    assert "Кончились деньги" not in plain(seen)
    assert 'action="/accounts/20417/scripts/no-internet"' in seen
    begun = await office.post("/accounts/20417/scripts/no-internet")
    assert (begun.status_code, begun.headers["location"][:13]) == (303, "/script-runs/")
    of_nobody = await asked("Нет интернета второй день")
    assert 'action="/scripts/no-internet/play"' in (await office.get(f"/requests/{of_nobody}")).text
