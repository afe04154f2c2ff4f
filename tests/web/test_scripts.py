"""Pages of scripts: played beside the card, with and without scripts of the browser, changed, measured."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
SLUG = "advance-payment"


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


async def _begin(clerk: httpx.AsyncClient, number: str = "20417", slug: str = SLUG) -> str:
    begun = await clerk.post(f"/accounts/{number}/scripts/{slug}")
    assert begun.status_code == 303
    return begun.headers["location"]


def _answers(text: str) -> dict[str, str]:
    """The answers offered: their words and what the button sends."""
    found = re.findall(
        r'name="answer" value="(\d+)".*?</kbd><span>(.*?)</span>', text, flags=re.DOTALL
    )
    return {words: value for value, words in found}


async def _say(clerk: httpx.AsyncClient, run: str, words: str, **more: str) -> httpx.Response:
    page = (await clerk.get(run)).text
    no = re.search(r'name="no" value="(\d+)"', page)
    assert no
    form = {"no": no[1], "answer": _answers(page)[words], **more}
    return await clerk.post(f"{run}/answer", data=form)


async def test_a_script_is_begun_on_the_card_and_tells_what_the_card_knows(
    provider: None, enter: Enter
) -> None:
    clerk = await enter("office")
    card = await clerk.get("/accounts/20417")
    assert 'href="/accounts/20417/scripts"' in card.text
    listed = plain((await clerk.get("/accounts/20417/scripts")).text)
    assert "Стимулирование авансового платежа" in listed
    run = await _begin(clerk)
    assert await _begin(clerk) == run
    said = await _say(clerk, run, "Вопрос решён, долга нет")
    assert (said.status_code, said.headers["location"]) == (303, run)
    page = plain((await clerk.get(run)).text)
    assert "Вопрос решили. Ирина Олеговна , на счёте" in page
    assert "Потом каждый месяц нужно 530,00 ₽" in page
    page = plain((await clerk.get("/accounts/20417/scripts")).text)
    assert "Продолжить" in page


async def test_what_the_card_asks_for_is_offered_first(provider: None, enter: Enter) -> None:
    clerk = await enter("office")
    for number, first in (("20417", SLUG), ("20418", "suspended")):
        page = (await clerk.get(f"/accounts/{number}/scripts")).text
        begun = re.findall(r'action="/accounts/\d+/scripts/([a-z-]+)"', page)
        assert begun[0] == first
        assert {"suspended", "no-internet", SLUG} <= set(begun)
        assert re.search(
            rf'scripts/{first}"><button class="btn btn-primary" data-key="Digit1"', page
        )


async def test_answers_stand_by_their_conditions(provider: None, enter: Enter) -> None:
    clerk = await enter("office")
    paid = _answers((await clerk.get(await _begin(clerk, "20417"))).text)
    assert "Вопрос решён, долга нет" in paid
    assert paid.keys().isdisjoint({"На счёте долг", "Это организация"})
    owing = _answers((await clerk.get(await _begin(clerk, "20418"))).text)
    assert "На счёте долг" in owing
    assert "Вопрос решён, долга нет" not in owing


async def test_a_script_is_played_to_its_end_with_notes_and_back(
    provider: None, enter: Enter
) -> None:
    clerk = await enter("cash")
    run = await _begin(clerk)
    await _say(clerk, run, "Вопрос решён, долга нет", note="внук учится дома")
    await clerk.post(f"{run}/answer", data={"no": "2", "back": "1", "note": "спешит"})
    page = (await clerk.get(run)).text
    assert "внук учится дома" in page
    assert 'name="no" value="3"' in page
    for words in (
        "Вопрос решён, долга нет", "Слушает, вопросов нет", "Не хочу об этом говорить",
        "Причина записана, попрощались",
    ):  # fmt: skip
        await _say(clerk, run, words)
    ended = plain((await clerk.get(run)).text)
    assert "Отказался" in ended
    assert "К карточке" in ended
    again = await clerk.post(f"{run}/answer", data={"no": "6", "answer": "0"})
    assert again.status_code == 303
    assert "Отказался" in plain((await clerk.get("/accounts/20417/scripts")).text)


async def test_a_script_of_the_browser_gets_the_next_step_alone(
    provider: None, enter: Enter
) -> None:
    clerk = await enter("office")
    run = await _begin(clerk)
    answer = await clerk.post(f"{run}/answer", data={"no": "1", "answer": "0"}, headers=HX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'name="no" value="2"' in answer.text
    kept = await clerk.post(f"{run}/note", data={"no": "2", "note": "перезвонит"}, headers=HX)
    assert kept.status_code == 204
    assert "перезвонит" in (await clerk.get(run)).text
    for form in ({"no": "2", "answer": "99"}, {"no": "2", "answer": "x"}, {"no": "2"}):
        wrong = await clerk.post(f"{run}/answer", data=form | {"note": "моё"}, headers=HX)
        assert wrong.status_code == 422
        assert "моё" in wrong.text


async def test_objections_are_found_by_a_word_and_counted(provider: None, enter: Enter) -> None:
    clerk, head = await enter("office"), await enter("head")
    run = await _begin(clerk)
    dialog = await clerk.get(f"{run}/objections", headers=HX)
    assert dialog.text.lstrip().startswith("<dialog")
    found = plain((await clerk.get(f"{run}/objections?q=перееду", headers=HX)).text)
    assert "Я скоро перееду" in found
    assert "Дорого" not in found
    shown = plain((await clerk.post(f"{run}/objections", data={"q": "перееду"}, headers=HX)).text)
    assert "Проверю новый адрес" in shown
    whole = await clerk.post(f"{run}/objections", data={"objection": "expensive"})
    assert "из чего складывается 530,00 ₽" in plain(whole.text)
    none = await clerk.post(f"{run}/objections", data={"q": "абракадабра"}, headers=HX)
    assert "Возражений с такими словами нет" in plain(none.text)
    await _say(clerk, run, "Вопрос решён, долга нет")
    book = plain((await head.get("/objections")).text)
    assert book.count("показано 1 раз") == 2


async def test_a_conversation_is_ended_by_a_dialog(provider: None, enter: Enter) -> None:
    clerk = await enter("office")
    begun = await clerk.post("/scripts/inbound-prospect/play")
    run = begun.headers["location"]
    assert "Компания" in plain((await clerk.get(run)).text)
    assert run in (await clerk.get("/scripts")).text
    dialog = await clerk.get(f"{run}/end", headers=HX)
    form = {"key": key_of(dialog.text), "outcome": "COMPARE", "note": "ушёл", "step": "do"}
    done = await clerk.post(f"{run}/end", data=form, headers=HX)
    assert done.headers["hx-redirect"] == run
    page = plain((await clerk.get(run)).text)
    assert "Сравнивает с другим оператором" in page
    assert "ушёл" in page
    assert run not in (await clerk.get("/scripts")).text


async def test_the_conversation_of_another_is_read_by_who_sees_results_alone(
    provider: None, enter: Enter
) -> None:
    clerk, other, head = await enter("office"), await enter("office"), await enter("head")
    run = await _begin(clerk)
    assert (await other.get(run)).status_code == 404
    assert (await other.post(f"{run}/answer", data={"no": "1", "answer": "0"})).status_code == 404
    seen = await head.get(run)
    assert seen.status_code == 200
    assert 'name="answer"' not in seen.text
    assert run in (await head.get("/script-runs")).text


async def test_results_stand_for_the_days_asked_for(provider: None, enter: Enter) -> None:
    clerk, head = await enter("office"), await enter("head")
    run = await _begin(clerk)
    await _say(clerk, run, "Вопрос решён, долга нет")
    page = plain((await head.get(f"/scripts/{SLUG}/results")).text)
    assert "Разговоры 1" in page
    assert "Мария Петрова" in page
    empty = plain(
        (await head.get(f"/scripts/{SLUG}/results?since=2020-01-01&until=2020-01-31")).text
    )
    assert "В эти дни по нему не говорили" in empty
    wrong = plain((await head.get(f"/scripts/{SLUG}/results?since=вчера")).text)
    assert "ГГГГ-ММ-ДД" in wrong
    listed = plain((await head.get("/scripts")).text)
    assert "1 разговор за 30 дней" in listed


async def test_a_script_shows_its_branches_and_steps(provider: None, enter: Enter) -> None:
    clerk = await enter("office")
    for slug in (SLUG, "raise-arpu", "inbound-prospect"):
        page = await clerk.get(f"/scripts/{slug}")
        assert page.text.count('<g class="box') > 25
        assert 'id="step-ready"' in page.text
    assert (await clerk.get("/scripts/nothing")).status_code == 404
    assert (await clerk.post(f"/scripts/{SLUG}/draft")).status_code == 403


async def test_a_draft_is_changed_tried_and_published(provider: None, enter: Enter) -> None:
    head = await enter("head")
    draft = f"/scripts/{SLUG}/draft"
    assert (await head.post(draft)).headers["location"] == draft
    form = _form_of((await head.get(f"{draft}/steps/ask")).text)
    assert form["leads1"] == "step:forgets"
    kept = await head.post(f"{draft}/steps/ask", data=form | {"say": "Как вам платить удобнее?"})
    assert kept.status_code == 303
    stale = await head.post(f"{draft}/steps/ask", data=form | {"say": "Иначе"})
    assert stale.status_code == 422
    assert "Иначе" in stale.text
    form = _form_of((await head.get(f"{draft}/steps/ask")).text)
    broken = await head.post(
        f"{draft}/steps/ask", data=form | {"text1": "", "leads2": "", "say": " "}
    )
    assert broken.status_code == 422
    assert broken.text.count('aria-invalid="true"') == 3
    page = plain((await head.get(draft)).text)
    assert "его можно публиковать" in page
    tried = plain((await head.get(f"{draft}/try?way=0-0")).text)
    assert "Как вам платить удобнее?" in tried
    assert (await head.get(f"{draft}/try?way=77-x")).status_code == 200
    dialog = await head.get(f"{draft}/publish", headers=HX)
    sent = {"key": key_of(dialog.text), "note": "короче", "step": "do"}
    done = await head.post(f"{draft}/publish", data=sent, headers=HX)
    assert done.headers["hx-redirect"] == f"/scripts/{SLUG}?done=published"
    page = plain((await head.get(f"/scripts/{SLUG}")).text)
    assert "своя версия 1" in page
    assert "Как вам платить удобнее?" in page


async def test_steps_are_added_and_taken_out_and_mistakes_are_told(
    provider: None, enter: Enter
) -> None:
    head = await enter("head")
    draft = f"/scripts/{SLUG}/draft"
    await head.post(draft)
    dialog = await head.get(f"{draft}/new-step", headers=HX)
    sent = {"key": key_of(dialog.text), "code": "more", "stage": "close", "say": "Ещё {what}?"}
    done = await head.post(f"{draft}/new-step", data=sent | {"step": "do"}, headers=HX)
    assert done.headers["hx-redirect"] == f"{draft}/steps/more"
    page = plain((await head.get(draft)).text)
    assert "К шагу more ничто не ведёт" in page
    assert "Шаг more: неизвестные подстановки what" in page
    assert (await head.get(f"{draft}/steps/more")).status_code == 200
    assert "ещё нельзя" in plain((await head.get(f"{draft}/publish", headers=HX)).text)
    dialog = await head.get(f"{draft}/steps/more/remove", headers=HX)
    sent = {"key": key_of(dialog.text), "step": "do"}
    await head.post(f"{draft}/steps/more/remove", data=sent, headers=HX)
    assert (await head.get(f"{draft}/steps/more")).status_code == 404
    dialog = await head.get(f"{draft}/drop", headers=HX)
    sent = {"key": key_of(dialog.text), "step": "do"}
    await head.post(f"{draft}/drop", data=sent, headers=HX)
    assert (await head.get(draft)).status_code == 404


def _form_of(text: str) -> dict[str, str]:
    """What the form of a step would send as it stands."""
    form = dict(re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', text))
    form |= dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>(.*?)</textarea>', text))
    for name, options in re.findall(
        r'<select[^>]* name="(\w+)".*?>(.*?)</select>', text, re.DOTALL
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        form[name] = chosen[1] if chosen else ""
    return form


async def test_steps_are_called_by_their_numbers_and_words_and_papers_by_a_word(
    provider: None, enter: Enter
) -> None:
    """A step's code stands where a script is changed, for there its mistakes name it."""
    clerk, head = await enter("office"), await enter("head")
    shown = await clerk.get(f"/scripts/{SLUG}")
    assert "1. Подготовка" in plain(shown.text)
    codes = set(re.findall(r'id="step-(\w+)"', shown.text))
    leads = re.findall(r'href="#step-(\w+)">(\d+)\. [^<]{5}', shown.text)
    assert len(codes) > 10
    assert not re.search(r"\{\w+\}", plain(shown.text))
    assert {code for code, _no in leads} <= codes
    assert len(leads) > 10
    for code in codes:
        assert not re.search(rf">\s*{code}\s*<", shown.text), code
    assert (await head.post(f"/scripts/{SLUG}/draft")).status_code == 303
    for page in (f"/scripts/{SLUG}/draft/try", f"/scripts/{SLUG}/draft/describe"):
        assert "1. " in plain((await head.get(page)).text)
    assert re.search(r"документ \d\.\d\.\d", plain((await clerk.get("/scripts")).text))
