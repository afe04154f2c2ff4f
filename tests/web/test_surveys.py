"""The loyalty survey on the desk: its register, one survey, the figures, whom the program asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from abonent.crm.queries.surveys import survey_of_token, survey_setting
from abonent.crm.queries.surveys_report import report_on_surveys
from abonent.crm.rules.surveys import Standing
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.surveys import give_survey, set_surveys
from abonent.crm.service.surveys_answering import answer_survey, end_surveys
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.web.charts import Series, lines
from abonent.web.pages.surveys.words import against_norm, points, with_margin
from tests.web.conftest import Enter
from tests.web.seed import small_provider
from tests.web.seen import key_of, plain
from tests.web.test_requests import sent

NOON = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
SPAN = "since=2026-11-01&until=2026-11-30"
ON = {"active": "on", "after_connection": "on", "after_request": "on", "most_a_day": "50"}


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


async def given(account: str, *, at: datetime = NOON, about: str = "2026-11") -> str:
    with clock.moved(at):
        token = await give_survey(account, by=SYSTEM, kind="relational", about=about, channel="sms")
    assert token
    return token


async def answered(account: str, score: int, *, at: datetime = NOON, **more: list[str]) -> str:
    """A survey that was answered to its end; its id."""
    token = await given(account, at=at)
    with clock.moved(at + timedelta(hours=1)):
        await answer_survey(token, 1, {"score": [str(score)]})
        await answer_survey(token, 2, more)
        await answer_survey(token, 3, more)
    return str((await survey_of_token(token)).id)


async def low_number(db: Any) -> int:
    found: int = await db.fetchval(
        "SELECT r.number FROM crm_request r JOIN crm_survey_sent q ON q.request_id = r.id"
    )
    return found


# The index in words.


def test_an_index_is_written_with_its_margin_and_set_against_the_norm() -> None:
    assert with_margin(Standing(198, 127, 87)) == "+27 ±7,6"
    assert (points(-5), points(0), with_margin(Standing())) == ("−5", "0", "—")
    assert with_margin(Standing(promoters=1)) == "+100 ±0,0 (мало ответов)"
    assert against_norm(Standing(promoters=4)) == ("", "")
    assert against_norm(Standing(198, 127, 87)) == ("около нормы", "")
    assert against_norm(Standing(300, 50, 50)) == ("выше нормы", "good")
    assert against_norm(Standing(100, 50, 250)) == ("ниже нормы", "bad")
    assert against_norm(Standing()) == ("", "")


def test_a_line_below_zero_stands_below_the_mark_of_zero() -> None:
    drawn = lines([Series("index", [-12, None, 40])], ["a", "b", "c"], write=points)
    heights = {text: int(top) for top, text in drawn.ticks}
    assert list(heights) == ["−20", "0", "+20", "+40"]
    low, high = (float(point.top) for point in drawn.lines[0].points)
    assert heights["−20"] > low > heights["0"] > high == heights["+40"]


# The register and one survey.


async def test_the_head_sees_who_answered_what_and_where_it_is_looked_into(
    provider: None, enter: Enter, db: Any
) -> None:
    low = await answered(
        "20417", 3, **{"why-detractor": ["Обрывы"], "improve": ["speed"], "callback": ["evening"]}
    )
    await given("20418")
    head = await enter("head")
    seen = plain((await head.get("/surveys")).text)
    for told in ("Орлова Ирина Олеговна", "не рекомендует", "Скорость вечером", "по выборке"):
        assert told in seen
    for query, shown in (
        ("standing=detractor", True), ("state=loop", True), ("reason=speed", True),
        ("kind=relational", True), ("sent.from=2026-11-16&sent.to=2026-11-16", True),
        ("standing=promoter", False), ("state=sent", False), ("reason=tv", False),
        ("kind=request", False), ("sent.to=2026-11-15", False),
    ):  # fmt: skip
        found = plain((await head.get(f"/surveys?{query}")).text)
        assert ("Орлова Ирина Олеговна" in found) is shown, query
    number = await low_number(db)
    one = await head.get(f"/surveys/{low}")
    assert f'href="/requests/{number}"' in one.text
    for told in ("3 из 10, не рекомендует", "Обрывы", "Скорость вечером", "Да, вечером"):
        assert told in plain(one.text)
    assert (await head.get("/surveys/1")).status_code == 404
    card = await head.get("/accounts/20417/requests")
    assert "3 из 10, не рекомендует" in plain(card.text)
    assert f'href="/surveys/{low}"' in card.text
    assert "из 10" not in plain((await head.get("/accounts/20418/requests")).text)


async def test_who_is_confined_to_districts_sees_theirs_alone(provider: None, enter: Enter) -> None:
    own = await answered("20417", 9)
    elsewhere = await answered("20419", 2)
    shift = await enter("shift", districts=["Центр"])
    assert "Орлов Иван" not in plain((await shift.get("/surveys")).text)
    assert (await shift.get(f"/surveys/{own}")).status_code == 200
    assert (await shift.get(f"/surveys/{elsewhere}")).status_code == 404
    confined = Actor("user", "1", "Анна", frozenset({"*"}), districts=frozenset({"Центр"}))
    found = await report_on_surveys(NOON.date(), NOON.date(), by=confined, hours=48)
    assert (found.total.standing, found.loops.turned) == (Standing(promoters=1), 0)


async def test_the_office_sees_no_surveys_but_the_last_score_of_a_card(
    provider: None, enter: Enter
) -> None:
    await answered("20417", 9)
    office = await enter("office")
    for path in ("/surveys", "/surveys/report", "/surveys/settings"):
        assert (await office.get(path)).status_code == 403
    card = await office.get("/accounts/20417/requests")
    assert "9 из 10, рекомендует" in plain(card.text)
    assert "/surveys/" not in card.text


# The figures.


async def test_the_figures_of_a_month(provider: None, enter: Enter, db: Any) -> None:
    await answered("20417", 10, improve=["tv"])
    await answered("20418", 8, improve=["speed", "tv"])
    await answered("20421", 2, improve=["speed"], callback=["day"])
    await given("20419")
    head = await enter("head")
    report = (await head.get(f"/surveys/report?{SPAN}")).text
    seen = plain(report)
    for told in ("0 ±92,4", "норма +25", "из 4 спрошенных", "75 %", "1 (33 %)"):
        assert told in seen, told
    assert "(мало ответов)" in seen, "three answers in a month are chance"
    assert 'id="months-t"' not in report, "nor is there a line of them"
    assert "3 дома, где ответов меньше 5" in seen
    assert 'href="/surveys?standing=detractor&amp;reason=speed' in report
    found = await report_on_surveys(NOON.date(), NOON.date(), by=SYSTEM, hours=48)
    assert dict(found.reasons) == {
        "speed": Standing(passives=1, detractors=1), "tv": Standing(promoters=1, passives=1),
    }  # fmt: skip
    assert [one.what for one in found.by["kind"]] == ["relational"]
    assert (found.total.sent, found.total.response) == (4, 7_500)
    assert found.places == []


async def test_a_building_has_an_index_where_enough_answered(provider: None, db: Any) -> None:
    await db.execute(
        "UPDATE billing_account SET place_id = (SELECT min(place_id) FROM billing_account)"
    )
    for account in ("20417", "20418", "20419", "20421"):
        await answered(account, 9)
    found = await report_on_surveys(NOON.date(), NOON.date(), by=SYSTEM, hours=48)
    assert (found.places, found.small) == ([], 1)
    await db.execute("UPDATE crm_subscriber SET kind = 'person'")
    await answered("20420", 4)
    found = await report_on_surveys(NOON.date(), NOON.date(), by=SYSTEM, hours=48)
    assert (found.places[0].standing.score, found.place_count, found.small) == (60, 1, 0)


async def test_a_call_in_time_a_late_one_and_one_that_is_overdue(
    provider: None, enter: Enter, db: Any
) -> None:
    day = timedelta(1)
    for account, after in (("20417", day), ("20418", 3 * day), ("20419", None)):
        await answered(account, 1)
        if after is None:
            continue
        number = await db.fetchval("SELECT max(number) FROM crm_request")
        with clock.moved(NOON + after):
            await answer_request(number, by=SYSTEM, text="Позвонили.", reply_by="none")
            assert await end_surveys() == 1
    with clock.moved(NOON + day):
        loops = (await _of_month()).loops
        assert (loops.turned, loops.closed, loops.in_time, loops.open) == (3, 2, 1, 1)
        assert (loops.overdue, loops.in_time_share) == (0, 5_000)
    with clock.moved(NOON + 3 * day):
        loops = (await _of_month()).loops
        assert (loops.overdue, loops.in_time_share) == (1, 3_333)
        head = await enter("head")
        seen = plain((await head.get(f"/surveys/report?{SPAN}")).text)
        assert "1 из 3, за 48 ч" in seen
        assert "просрочено: 1" in seen


async def _of_month() -> Any:
    return await report_on_surveys(NOON.date(), NOON.date(), by=SYSTEM, hours=48)


async def test_a_month_of_nothing_and_a_span_that_is_none(provider: None, enter: Enter) -> None:
    head = await enter("head")
    assert "В эти дни никого не спрашивали" in plain((await head.get("/surveys/report")).text)
    wrong = plain((await head.get("/surveys/report?since=2026-12-01&until=2026-11-01")).text)
    assert "От первого дня до последнего" in wrong
    assert "ГГГГ-ММ-ДД" in plain((await head.get("/surveys/report?since=x")).text)
    await given("20417")
    seen = plain((await head.get(f"/surveys/report?{SPAN}")).text)
    assert "Пока никто не ответил" in seen


# Whom we ask.


async def test_the_head_switches_it_on_and_sees_whom_today_asks(
    provider: None, enter: Enter, db: Any
) -> None:
    head = await enter("head")
    path = "/surveys/settings"
    opened = plain((await head.get(path)).text)
    assert "выключено: никого не спрашиваем" in opened
    for told in ("Посоветуете нас?", "На третий день после подключения"):
        assert told in opened
    with clock.moved(NOON):
        await set_surveys(
            by=SYSTEM, active=True, after_connection=True, after_request=True, share=0,
            most_a_day=50,
        )  # fmt: skip
    with clock.moved(NOON + timedelta(minutes=5)):
        new = NewRequest(channel="call", text="Нет интернета", account="20417")
        number = (await take_request(new, by=SYSTEM)).number
        await answer_request(number, by=SYSTEM, text="Починили.")
    with clock.moved(NOON + timedelta(1)):
        head = await enter("head")
        form = {"key": key_of((await head.get(path)).text), **ON, "share": "0"}
        shown = plain((await head.post(path, data=form)).text)
        assert "Сегодня спросили бы 1 человека: после обращения 1" in shown
        without = {name: value for name, value in form.items() if name != "after_request"}
        assert "Сегодня спросили бы 0 человек" in plain((await head.post(path, data=without)).text)
        assert await db.fetchval("SELECT count(*) FROM crm_survey_sent") == 0
        for field, value in (("share", "101"), ("most_a_day", "0"), ("most_a_day", "")):
            assert (await sent(head, path, **ON | {field: value})).status_code in {400, 422}
        done = await sent(head, path, **ON | {"share": "5"})
        assert done.headers["location"] == "/surveys?done=set"
        assert "Опрос настроен" in plain((await head.get("/surveys?done=set")).text)
    setting = await survey_setting()
    assert setting.active_since is not None
    assert setting.active_since - NOON < timedelta(minutes=1), "it goes on asking as it did"
    assert (setting.share, setting.most_a_day) == (5, 50)


async def test_a_survey_that_was_given_by_hand_is_given_once(provider: None, db: Any) -> None:
    await given("20417")
    await db.execute("UPDATE crm_subscriber SET kind = 'company' WHERE name LIKE 'ООО%'")
    more: dict[str, Any] = {"by": SYSTEM, "kind": "relational", "channel": "sms"}
    with clock.moved(NOON + timedelta(30)):
        assert await give_survey("20417", about="2026-12", **more) is None
        assert await give_survey("20420", about="2026-12", **more) is None, "a company"
        assert await give_survey("nobody", about="2026-12", **more) is None


# The questionnaire, gone through for a trial.


async def test_the_questionnaire_is_gone_through_and_nothing_is_kept(
    provider: None, enter: Enter, db: Any
) -> None:
    head = await enter("head")
    first = (await head.get("/surveys/trial?kind=request")).text
    assert 'method="get"' in first
    assert "ничего не сохраняется" in plain(first)
    low = (await head.get("/surveys/trial?kind=request&score=3&done=1")).text
    assert 'name="why-detractor"' in low
    assert 'name="score" value="3"' in low, "what was answered goes along"
    high = (await head.get("/surveys/trial?kind=request&score=10&done=1")).text
    assert 'name="why-promoter"' in high
    assert 'name="why-detractor"' not in high
    end = plain((await head.get("/surveys/trial?score=3&improve=speed&callback=no&done=3")).text)
    assert "не рекомендует" in end
    assert "в течение 48 часов" in end
    assert "начальнику смены" not in plain((await head.get("/surveys/trial?score=9&done=3")).text)
    kept = """SELECT (SELECT count(*) FROM crm_survey_sent) + (SELECT count(*) FROM crm_survey_answer)
        + (SELECT count(*) FROM crm_request) + (SELECT count(*) FROM crm_message)"""
    assert await db.fetchval(kept) == 0


async def test_a_trial_refuses_what_a_subscriber_would_be_refused(
    provider: None, enter: Enter
) -> None:
    head = await enter("head")
    missed = (await head.get("/surveys/trial?done=1")).text
    assert "Выберите ответ" in plain(missed)
    assert 'name="done" value="1"' in missed, "the same step is asked again"
    wrong = (await head.get("/surveys/trial?score=11&done=2")).text
    assert 'name="done" value="1"' in wrong
    assert (await head.get("/surveys/trial?kind=nobody")).status_code == 404
    assert (await (await enter("office")).get("/surveys/trial")).status_code == 403


async def test_who_sets_surveys_up_reads_when_they_are_sent(provider: None, enter: Enter) -> None:
    head = await enter("head")
    settings = (await head.get("/surveys/settings")).text
    assert "Каждый день в 07:45" in plain(settings)
    assert 'href="/surveys/trial"' in settings
    assert 'href="/surveys/trial"' in (await head.get("/surveys")).text
