"""The loyalty survey: questions as content, whom the program asks, what a low score leads to."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from abonent.crm.queries.requests import whole_request
from abonent.crm.queries.surveys import NoSuchSurvey, survey_of_token, survey_setting
from abonent.crm.rules.people import read_address
from abonent.crm.rules.surveys import SURVEY, Standing, drawn
from abonent.crm.service.requests.answering import answer_request, reopen_request
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.crm.service.surveys import Sent, send_surveys, set_surveys
from abonent.crm.service.surveys_answering import answer_survey, end_surveys
from abonent.crm.surveys import Survey
from abonent.crm.topics import Classifier
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.content import load_content
from abonent.kernel.db import reading
from abonent.kernel.errors import Forbidden, Malformed, Refused
from abonent.kernel.workflow import moves_of

NOON = datetime(2026, 4, 7, 9, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
"""Well after what is switched on at noon: each moved clock starts anew."""
DAY = timedelta(1)
ON: dict[str, Any] = {
    "active": True, "after_connection": True, "after_request": True, "share": 0, "most_a_day": 100,
}  # fmt: skip
"""Both events, nobody by chance."""


def questions(language: str = "ru") -> Survey:
    return load_content("surveys", Survey, language=language)["nps"].value


async def switched_on(at: datetime, **more: Any) -> None:
    with clock.moved(at):
        await set_surveys(by=SYSTEM, **(ON | more))


async def run(at: datetime) -> Sent:
    with clock.moved(at):
        return await send_surveys()


async def answered_request(account: str, at: datetime) -> int:
    with clock.moved(at):
        new = NewRequest(channel="call", text="Нет интернета", account=account)
        number = (await take_request(new, by=SYSTEM)).number
        await answer_request(number, by=SYSTEM, text="Починили.")
    return number


async def asked(card: str) -> str:
    """The token of a survey sent after a request."""
    await switched_on(NOON)
    await answered_request(card, LATER)
    assert await run(NOON + DAY) == Sent(sent=1)
    return await token_of()


async def token_of() -> str:
    async with reading() as connection:
        found: str = await connection.fetchval(
            "SELECT token FROM crm_survey_sent ORDER BY id DESC LIMIT 1"
        )
    return found


# The questionnaire as content.


def test_the_questionnaire_is_whole_and_the_same_in_both_languages() -> None:
    words = {"title", "intro", "text", "hint", "label", "when"}

    def codes(one: Any) -> Any:
        if isinstance(one, dict):
            branch = {"when": one["when"]} if isinstance(one.get("when"), dict) else {}
            return {k: codes(v) for k, v in one.items() if k not in words} | branch
        return [codes(v) for v in one] if isinstance(one, (list, tuple)) else one

    assert codes(questions("ru").model_dump()) == codes(questions("en").model_dump())


def test_a_low_score_leads_to_a_topic_that_there_is() -> None:
    topics = load_content("topics", Classifier, language="ru")["topics"].value
    topic = topics.of(questions().loop.topic)
    assert (topic.code, topic.team) == (questions().loop.topic, "shift")
    assert topic.norm.norm.amount == questions().loop.hours * 60


@pytest.mark.parametrize("language", ["ru", "en"])
def test_nobody_goes_through_more_than_three_steps_and_nobody_sees_an_empty_one(
    language: str,
) -> None:
    whole = questions(language)
    for way in whole.ways():
        steps = whole.steps(way)
        assert steps == tuple(range(1, len(steps) + 1))
        assert whole.said_at_end(way)


@pytest.mark.parametrize(
    ("at", "change", "told"),
    [
        (1, {"when": {"score": ("11",)}}, "score has no 11"),
        (1, {"when": {"nothing": ("1",)}}, "nothing is not asked before it"),
        (1, {"step": 1}, "score is not asked before it"),
        (1, {"code": "score"}, "two questions score"),
        (2, {"when": {"score": ("9",), "kind": ("none",)}}, "kind has no none"),
        (4, {"options": ()}, "options belong to lists"),
        (0, {"required": False}, "the score is a scale"),
        (6, {"reasons": False}, "one list, improve, is what reports"),
    ],
)
def test_a_questionnaire_that_contradicts_itself_is_refused(
    at: int, change: dict[str, Any], told: str
) -> None:
    whole = questions().model_dump()
    changed = [dict(one) for one in whole["question"]]
    changed[at] |= change
    with pytest.raises(ValidationError, match=told):
        Survey.model_validate(whole | {"question": changed})


def test_a_question_that_nobody_is_asked_and_an_end_without_thanks_are_refused() -> None:
    whole = questions().model_dump()
    # Who gives nine or ten is never asked whether to be called.
    never = {
        **whole["question"][1],
        "code": "never",
        "step": 3,
        "type": "one",
        "options": [{"code": "x", "label": "x"}],
        "when": {"request-solved": ("yes",), "kind": ("connection",)},
    }
    with pytest.raises(ValidationError, match="never is never asked"):
        Survey.model_validate(whole | {"question": [*whole["question"], never]})
    with pytest.raises(ValidationError, match="not one thanks"):
        Survey.model_validate(whole | {"thanks": whole["thanks"][:2]})


# The score with its margin.


@pytest.mark.parametrize(
    ("promoters", "passives", "detractors", "score", "margin"),
    [
        (198, 127, 87, 27, 76),
        (1, 0, 0, 100, 0),
        (0, 0, 3, -100, 0),
        (0, 7, 0, 0, 0),
        (1, 0, 1, 0, 1386),
        (50, 30, 20, 30, 153),
        (1, 1, 0, 50, 693),
    ],
)
def test_the_score_and_its_margin_against_a_table(
    promoters: int, passives: int, detractors: int, score: int, margin: int
) -> None:
    found = Standing(promoters, passives, detractors)
    assert (found.score, found.margin) == (score, margin)


def test_of_nobody_there_is_no_score() -> None:
    assert (Standing().score, Standing().margin, Standing().share(0)) == (None, None, None)


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
def test_the_margin_is_that_of_the_mean_counted_answer_by_answer(p: int, n: int, d: int) -> None:
    each = [1] * p + [0] * n + [-1] * d
    if not each:
        return
    mean = Fraction(sum(each), len(each))
    spread = sum((one - mean) ** 2 for one in each) / len(each)
    margin = 1960 * float(spread / len(each)) ** 0.5
    found = Standing(p, n, d)
    assert found.score is not None
    assert found.margin is not None
    assert abs(found.score - 100 * mean) <= Fraction(1, 2)
    assert abs(found.margin - margin) <= 0.501


def test_the_margin_holds_the_truth_in_95_of_100_samples() -> None:
    chance = random.Random(8)
    truth, held = 100 * (0.48 - 0.21), 0
    for _ in range(1000):
        sample = chance.choices((1, 0, -1), (0.48, 0.31, 0.21), k=412)
        found = Standing(sample.count(1), sample.count(0), sample.count(-1))
        assert found.score is not None
        assert found.margin is not None
        held += abs(found.score - truth) <= found.margin / 10 + 0.5
    assert 930 <= held <= 980


# The draw.


@given(st.integers(1, 100), st.integers(0, 2**62), st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_the_same_month_draws_the_same_people_and_a_larger_share_only_adds_to_them(
    share: int, who: int, day: date
) -> None:
    month = day.replace(day=1)
    found = drawn(month, who, share)
    assert found == drawn(day, who, share)
    assert found is None or 1 <= found <= 28
    assert drawn(month, who, 0) is None
    assert drawn(month, who, 100) is not None
    if found is not None:
        assert drawn(month, who, 100) == found


def test_a_month_draws_its_share_and_the_next_one_draws_others() -> None:
    april = {who for who in range(20_000) if drawn(date(2026, 4, 1), who, 10)}
    may = {who for who in range(20_000) if drawn(date(2026, 5, 1), who, 10)}
    assert 1850 < len(april) < 2150
    assert 1850 < len(may) < 2150
    assert 130 < len(april & may) < 270  # by chance a tenth of a tenth
    of_days = [drawn(date(2026, 4, 1), who, 10) for who in april]
    assert set(of_days) == set(range(1, 29))


# Whom the program asks.


async def test_nothing_is_sent_while_it_is_switched_off(card: str) -> None:
    await answered_request(card, NOON)
    assert await run(NOON + DAY) == Sent()
    await switched_on(NOON, active=False, share=100)
    assert await run(NOON + DAY) == Sent()


async def test_what_happened_before_it_was_switched_on_is_not_asked_of(card: str) -> None:
    await answered_request(card, NOON)
    await switched_on(NOON + timedelta(hours=1))
    assert await run(NOON + DAY) == Sent()


async def test_a_request_is_asked_of_on_the_next_day_and_once(card: str, db: Any) -> None:
    await switched_on(NOON)
    await answered_request(card, LATER)
    assert await run(NOON + timedelta(hours=5)) == Sent()
    assert await run(NOON + DAY) == Sent(sent=1)
    assert await run(NOON + DAY) == Sent()
    row = await db.fetchrow("SELECT kind, channel, state, about FROM crm_survey_sent")
    assert (row["kind"], row["channel"], row["state"]) == ("request", "email", "sent")
    text = await db.fetchval("SELECT text FROM crm_message_text ORDER BY message_id DESC LIMIT 1")
    assert f"/my/s/{await token_of()}" in text


async def test_who_has_no_e_mail_is_asked_by_sms_and_who_has_neither_is_not(
    card: str, db: Any
) -> None:
    await switched_on(NOON)
    await answered_request(card, LATER)
    await db.execute("UPDATE crm_subscriber SET email = '', phone = ''")
    assert await run(NOON + DAY) == Sent()
    await db.execute("UPDATE crm_subscriber SET phone = '79123456789'")
    assert await run(NOON + DAY) == Sent(sent=1)
    assert await db.fetchval("SELECT channel FROM crm_survey_sent") == "sms"


async def test_a_connection_is_asked_of_on_the_third_day_but_not_a_base_that_was_taken_over(
    card: str, db: Any
) -> None:
    opened = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
    await db.execute("UPDATE billing_account SET state = 'served'")
    await switched_on(opened)
    assert await run(opened + 2 * DAY) == Sent()
    await db.execute("UPDATE crm_contract SET signed_on = '2020-01-01'")
    assert await run(opened + 3 * DAY) == Sent()
    await db.execute("UPDATE crm_contract SET signed_on = '2026-04-01'")
    assert await run(opened + 3 * DAY) == Sent(sent=1)
    assert await db.fetchval("SELECT kind FROM crm_survey_sent") == "connection"


async def test_who_forbade_messages_is_asked_nothing_and_it_is_written_down(
    card: str, db: Any
) -> None:
    await switched_on(NOON)
    await answered_request(card, LATER)
    await db.execute(
        "INSERT INTO crm_contact_hold (id, subscriber_id, kind, proof, since, added_by)"
        " SELECT 1, id, 'silence', 'заявление', '2026-01-01', 'user:1' FROM crm_subscriber"
    )
    assert await run(NOON + DAY) == Sent(refused=1)
    assert await run(NOON + DAY) == Sent()
    row = await db.fetchrow("SELECT state, reason, message_id, id FROM crm_survey_sent")
    assert (row["state"], row["message_id"]) == ("unsent", None)
    assert row["reason"]
    assert [move.name for move in await moves_of(SURVEY, row["id"])] == ["refuse"]
    with pytest.raises(NoSuchSurvey):
        await survey_of_token(await token_of())


async def test_whatever_happens_nobody_is_asked_twice_within_the_quiet_period_nor_past_the_quota(
    card: str, db: Any
) -> None:
    """Half a year of random requests and daily runs of thirty people, against the two promises."""
    chance = random.Random(4)
    accounts = [card]
    for number in range(29):
        person = NewSubscriber(f"Иванов Иван {number}", phone=f"79{number:09}")
        made = f"3{number:04}"
        address = read_address(f"Центр, Мира, 9, кв. {number + 1}")
        await open_subscriber_account(
            made, by=SYSTEM, billing_day=1, subscriber=person, address=address
        )
        accounts.append(made)
    await db.execute("UPDATE billing_account SET state = 'served'")
    start = datetime(2026, 4, 7, 9, 0, tzinfo=UTC)
    await switched_on(start, share=40, most_a_day=2)
    for day in range(200):
        at = start + day * DAY
        for account in chance.sample(accounts, 2):
            await answered_request(account, at - timedelta(hours=3))
        await run(at)
        await run(at + timedelta(hours=1))
    rows = await db.fetch(
        "SELECT subscriber_id, kind, about, sent_at FROM crm_survey_sent ORDER BY sent_at"
    )
    assert len(rows) > 40
    by_day: dict[date, int] = {}
    last: dict[int, datetime] = {}
    for row in rows:
        by_day[row["sent_at"].date()] = by_day.get(row["sent_at"].date(), 0) + 1
        before = last.get(row["subscriber_id"])
        if before is not None:
            gap = row["sent_at"] - before
            assert gap >= timedelta(180 if row["kind"] == "relational" else 90)
        last[row["subscriber_id"]] = row["sent_at"]
        if row["kind"] == "relational":
            month = date.fromisoformat(f"{row['about']}-01")
            first = drawn(month, row["subscriber_id"], 40)
            assert first is not None
            assert first <= row["sent_at"].day
    assert max(by_day.values()) == 2
    assert {row["kind"] for row in rows} >= {"request", "relational"}


async def test_the_draw_of_the_database_is_the_draw_of_the_rules(db: Any) -> None:
    rows = await db.fetch(
        """SELECT n, ('x' || left(d, 7))::bit(28)::int % 10000 < 10 * 100 AS is_drawn,
            1 + ('x' || substr(d, 8, 7))::bit(28)::int % 28 AS day
        FROM generate_series(1, 500) n, md5('2026-04:' || n) d"""
    )
    for row in rows:
        found = drawn(date(2026, 4, 1), row["n"], 10)
        assert found == (row["day"] if row["is_drawn"] else None)


async def test_only_who_may_sets_whom_the_survey_asks(card: str) -> None:
    nobody = Actor("user", "5", "Анна", frozenset({"crm.survey.view"}))
    with pytest.raises(Forbidden):
        await set_surveys(by=nobody, **ON)
    for change in ({"share": 101}, {"most_a_day": 0}):
        with pytest.raises(Malformed):
            await set_surveys(by=SYSTEM, **(ON | change))
    await set_surveys(by=SYSTEM, **ON)
    since = (await survey_setting()).active_since
    await set_surveys(by=SYSTEM, **(ON | {"share": None}))
    setting = await survey_setting()
    assert (setting.active_since, setting.share) == (since, None)


# Answers and what comes of them.


async def test_a_low_score_goes_to_the_shift_supervisor_for_48_hours_and_is_closed_with_the_request(
    card: str, db: Any
) -> None:
    token = await asked(card)
    at = NOON + DAY + timedelta(hours=8)
    with clock.moved(at):
        assert not await answer_survey(token, 1, {"score": ["3"]})
        told = {"why-detractor": ["Связь рвётся"], "request-solved": ["no"]}
        assert not await answer_survey(token, 2, told)
        given = {"improve": ["stability", "support"], "callback": ["evening"]}
        assert await answer_survey(token, 3, given)
    found = await survey_of_token(token)
    assert (found.state, found.score, found.steps) == ("loop", 3, 3)
    number = await db.fetchval(
        "SELECT r.number FROM crm_request r JOIN crm_survey_sent q ON q.request_id = r.id"
    )
    request = (await whole_request(number, by=SYSTEM)).request
    assert (request.topic, request.team, request.account) == ("low-score", "shift", card)
    assert request.due_at is not None
    assert abs(request.due_at - (at + timedelta(hours=48))) < timedelta(minutes=1)
    assert request.next_action_at is not None
    assert abs(request.next_action_at - request.due_at) < timedelta(minutes=1)
    assert "вечером" in request.next_action
    for words in ("3 из 10", "Связь рвётся", "Связь без перерывов, Ответы по телефону"):
        assert words in request.text
    with clock.moved(at + DAY):
        assert await end_surveys() == 0
        await answer_request(number, by=SYSTEM, text="Позвонили, поменяли кабель.")
        assert await end_surveys() == 1
        await reopen_request(number, by=SYSTEM, note="Снова")
        assert await end_surveys() == 0
    assert (await survey_of_token(token)).state == "closed"
    survey_id = (await survey_of_token(token)).id
    assert [m.name for m in await moves_of(SURVEY, survey_id)] == ["score", "turn", "end"]
    with clock.moved(NOON + 100 * DAY):
        await switched_on(NOON + 100 * DAY)
        assert await run(NOON + 100 * DAY) == Sent()


async def test_who_recommends_is_thanked_and_nobody_is_called(card: str, db: Any) -> None:
    token = await asked(card)
    with clock.moved(NOON + DAY):
        assert not await answer_survey(token, 1, {"score": ["10"]})
        assert not await answer_survey(token, 2, {"why-promoter": ["Всё"]})
        assert await answer_survey(token, 3, {"improve": []})
        assert await answer_survey(token, 1, {"score": ["0"]})  # it is finished: nothing changes
    found = await survey_of_token(token)
    assert (found.state, found.score) == ("closed", 10)
    assert await db.fetchval("SELECT count(*) FROM crm_request") == 1


async def test_who_gave_a_low_score_and_left_is_looked_after_all_the_same(
    card: str, db: Any
) -> None:
    token = await asked(card)
    with clock.moved(NOON + DAY):
        await answer_survey(token, 1, {"score": ["0"]})
        assert await end_surveys() == 0
    with clock.moved(NOON + DAY + timedelta(hours=2)):
        assert await end_surveys() == 1
        assert await end_surveys() == 0
    assert (await survey_of_token(token)).state == "loop"
    assert await db.fetchval("SELECT next_action FROM crm_request ORDER BY id DESC LIMIT 1")


async def test_a_score_taken_back_takes_back_what_was_said_of_it(card: str, db: Any) -> None:
    token = await asked(card)
    with clock.moved(NOON + DAY):
        await answer_survey(token, 1, {"score": ["2"]})
        await answer_survey(token, 2, {"why-detractor": ["Плохо"]})
        await answer_survey(token, 1, {"score": ["9"]})
    found = await survey_of_token(token)
    assert (found.score, found.steps, list(found.answers)) == (9, 1, ["score"])
    assert await db.fetchval("SELECT standing FROM crm_survey_sent") == "promoter"


async def test_what_is_wrong_is_named_and_nothing_of_it_is_kept(card: str) -> None:
    token = await asked(card)
    with clock.moved(NOON + DAY):
        for step, answers, field in (
            (1, {}, "score"),
            (1, {"score": ["11"]}, "score"),
            (1, {"score": ["3", "4"]}, "score"),
            (2, {"why-detractor": ["Рано"]}, "step"),
            (0, {"score": ["3"]}, "step"),
        ):
            with pytest.raises(Malformed) as wrong:
                await answer_survey(token, step, answers)
            assert [one.field for one in wrong.value.errors] == [field]
        assert (await survey_of_token(token)).state == "sent"
        await answer_survey(token, 1, {"score": ["3"]})
        many = {"why-detractor": ["я" * 1001], "request-solved": ["maybe"]}
        with pytest.raises(Malformed) as wrong:
            await answer_survey(token, 2, many)
        assert {one.field for one in wrong.value.errors} == {"why-detractor", "request-solved"}
    assert list((await survey_of_token(token)).answers) == ["score"]


async def test_one_sent_too_long_ago_is_not_begun_and_another_s_link_opens_nothing(
    card: str,
) -> None:
    token = await asked(card)
    with clock.moved(NOON + 40 * DAY), pytest.raises(Refused):
        await answer_survey(token, 1, {"score": ["3"]})
    with pytest.raises(NoSuchSurvey):
        await answer_survey("nothing", 1, {"score": ["3"]})
