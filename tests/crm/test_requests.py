"""A request from intake to rating: classified, routed, joined, paused, answered, taken up again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from abonent.crm.answers import ASKED, FILLED, AnswerTemplate
from abonent.crm.queries.requests import Whole, requests_of, whole_request
from abonent.crm.rules.requests import OPEN, REQUEST
from abonent.crm.service.requests.answering import (
    answer_request,
    close_requests,
    reopen_request,
)
from abonent.crm.service.requests.client import number_of_token, rate_request, say_more
from abonent.crm.service.requests.letters import ReceivedLetter, take_letter
from abonent.crm.service.requests.taking import NewRequest, Taken, take_request, title_of
from abonent.crm.service.requests.warning import warn_requests
from abonent.crm.service.requests.working import (
    classify_request,
    drop_request,
    join_request,
    name_account,
    note_request,
    pass_request,
    plan_next,
    resume_request,
    take_to_work,
    wait_for,
)
from abonent.crm.topics import Classifier
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.content import load_content
from abonent.kernel.errors import DomainError, Malformed, NotFound, Refused
from abonent.kernel.workflow import MoveRefused
from abonent.web.service import add_user, sign_in

MONDAY = datetime(2026, 4, 6, 7, 0, tzinfo=UTC)
"""Ten in the morning by Moscow's clocks; the department works from nine to six."""


PASSWORD = "correct horse battery"
OFFICE = Actor("user", "7", "Анна", frozenset({"crm.request.*", "crm.subscriber.view"}))


def near(found: datetime | None, expected: datetime) -> bool:
    """Clocks go on while a test runs."""
    return found is not None and abs(found - expected) < timedelta(minutes=1)


async def one(number: int) -> Whole:
    return await whole_request(number, by=SYSTEM)


async def taken(text: str = "Нет интернета", *, by: Actor = SYSTEM, **more: Any) -> Taken:
    new = NewRequest(channel=more.pop("channel", "call"), text=text, **more)
    return await take_request(new, by=by)


async def staff(role: str, name: str, *, districts: frozenset[str] | None = None) -> int:
    """Somebody of a role who is at the desk now."""
    made = await add_user(
        name.lower(), name=name, role=role, password=PASSWORD, districts=districts
    )
    await sign_in(name.lower(), password=PASSWORD)
    return made


async def test_a_request_is_known_by_its_words_and_must_be_answered_in_working_hours(
    card: str,
) -> None:
    with clock.moved(MONDAY):
        made = await taken("Второй день нет интернета", account=card, reply_by="email")
        found = (await one(made.number)).request
    assert found.topic == "no-internet"
    assert found.state == "classified"
    assert found.due_at is not None
    assert found.warn_at is not None
    assert MONDAY < found.warn_at < found.due_at
    assert found.account == card


async def test_who_asks_to_be_called_is_called_within_four_working_hours(card: str) -> None:
    late = MONDAY.replace(hour=14)  # five in the afternoon: one hour is left of the day
    with clock.moved(late):
        made = await taken("Где мой платёж? Деньги не пришли", account=card, reply_by="call")
        found = (await one(made.number)).request
    assert near(found.due_at, datetime(2026, 4, 7, 9, 0, tzinfo=UTC))


async def test_what_no_words_are_known_of_waits_for_its_topic_and_is_measured_anew(
    card: str,
) -> None:
    with clock.moved(MONDAY):
        made = await taken("Здравствуйте", account=card)
        assert (await one(made.number)).request.state == "new"
        await classify_request(made.number, by=SYSTEM, topic="suspended")
        found = (await one(made.number)).request
    assert (found.state, found.topic, found.priority) == ("classified", "suspended", 1)
    assert near(found.due_at, MONDAY + timedelta(minutes=240))


async def test_the_least_busy_of_the_team_who_is_at_the_desk_gets_it(card: str) -> None:
    with clock.moved(MONDAY):
        anna, boris = await staff("office", "Anna"), await staff("office", "Boris")
        await staff("collect", "Vera")
        owners = []
        for _ in range(4):
            made = await taken("Где мой платёж? Деньги не пришли", account=card)
            owners.append((await one(made.number)).request.owner)
    assert sorted(owners) == sorted([anna, boris] * 2)
    with clock.moved(MONDAY + timedelta(hours=1)):
        made = await taken("Деньги не пришли", account=card)
        assert (await one(made.number)).request.owner is None


async def test_who_may_not_see_the_district_is_not_given_it(card: str) -> None:
    with clock.moved(MONDAY):
        await staff("office", "Anna", districts=frozenset({"Заречье"}))
        made = await taken("Деньги не пришли", account=card)
        assert (await one(made.number)).request.owner is None


async def test_a_repeat_joins_the_open_one_and_the_clock_goes_on(card: str) -> None:
    with clock.moved(MONDAY):
        first = await taken("Нет интернета", account=card, channel="email")
        await take_to_work(first.number, by=OFFICE)
        await wait_for(first.number, by=OFFICE, whom="client", reason="word")
        assert (await one(first.number)).request.due_at is None
    with clock.moved(MONDAY + timedelta(hours=3)):
        again = await taken("Так и нет интернета", account=card, channel="email", repeats=True)
        other = await taken("Какой у меня баланс", account=card, channel="email", repeats=True)
        whole = await one(first.number)
    assert again.joined
    assert again.number == first.number
    assert not other.joined
    assert whole.request.state == "in_work"
    assert whole.request.contacts == 2
    assert [line.text for line in whole.lines] == ["Так и нет интернета"]
    assert whole.request.due_at is not None


async def test_what_stood_still_for_the_client_is_added_to_the_term(card: str) -> None:
    with clock.moved(MONDAY):
        made = await taken("Приостановили за долг", account=card, topic="suspended")
        await take_to_work(made.number, by=OFFICE)
        begun = (await one(made.number)).request.due_at
    with clock.moved(MONDAY + timedelta(hours=1)):
        await wait_for(made.number, by=OFFICE, whom="client", reason="payment")
    with clock.moved(MONDAY + timedelta(hours=3)):
        await resume_request(made.number, by=OFFICE)
    found = (await one(made.number)).request
    assert begun is not None
    assert near(found.due_at, begun + timedelta(hours=2))


async def test_waiting_for_colleagues_does_not_stop_the_clock(card: str) -> None:
    with clock.moved(MONDAY):
        made = await taken("Приостановили за долг", account=card, topic="suspended")
        await take_to_work(made.number, by=OFFICE)
        begun = (await one(made.number)).request.due_at
    with clock.moved(MONDAY + timedelta(hours=1)):
        await wait_for(made.number, by=OFFICE, whom="tech", reason="check")
    assert (await one(made.number)).request.due_at == begun


async def test_the_task_moves_and_the_contact_person_stays(card: str) -> None:
    with clock.moved(MONDAY):
        made = await taken("Нет интернета", account=card, by=OFFICE)
        vera = await staff("retain", "Vera")
        await pass_request(made.number, by=OFFICE, team="retain", owner=vera, note="посмотрите")
        whole = await one(made.number)
    assert (whole.request.owner, whole.request.contact_person) == (vera, 7)
    assert [(line.kind, line.text) for line in whole.lines] == [("passed", "посмотрите")]
    with pytest.raises(Malformed):
        await pass_request(made.number, by=OFFICE, team="collect", owner=vera, note="")


async def test_an_answer_goes_to_the_portal_ends_it_and_is_rated_by_its_link(card: str) -> None:
    with clock.moved(MONDAY):
        made = await taken("Нет интернета", account=card, reply_by="portal")
        await answer_request(made.number, by=OFFICE, text="Починили, проверьте.")
        found = (await one(made.number)).request
        assert (found.state, found.late, found.owner) == ("resolved", False, 7)
        assert await number_of_token(found.token) == made.number
        await rate_request(made.number, rating=4, note="быстро")
        await rate_request(made.number, rating=5)
        found = (await one(made.number)).request
    assert (found.state, found.rating) == ("rated", 5)
    with pytest.raises(Malformed):
        await rate_request(made.number, rating=6)
    with pytest.raises(NotFound):
        await number_of_token("no-such-link")


async def test_a_written_answer_is_queued_by_the_channel_the_client_chose(
    card: str, db: Any
) -> None:
    with clock.moved(MONDAY):
        made = await taken("Нет интернета", account=card, reply_by="email")
        sent = await answer_request(made.number, by=OFFICE, text="Починили, проверьте.")
        assert sent is not None
        assert sent.id is not None
    row = await db.fetchrow(
        "SELECT m.channel, m.about, t.address, t.text FROM crm_message m"
        " JOIN crm_message_text t ON t.message_id = m.id WHERE m.id = $1",
        sent.id,
    )
    assert (row["channel"], row["about"]) == ("email", f"request:{made.id}")
    assert row["address"] == "p@example.org"
    assert "Починили" in row["text"]
    assert "/my/r/" in row["text"]


async def test_an_answer_with_gaps_in_braces_does_not_go(card: str) -> None:
    made = await taken("Нет интернета", account=card, reply_by="portal")
    with pytest.raises(Malformed) as wrong:
        await answer_request(made.number, by=OFFICE, text="Вернули {amount} на счёт")
    assert wrong.value.errors[0].field == "text"
    assert "{amount}" in wrong.value.errors[0].text("ru")
    assert (await one(made.number)).request.open


async def test_an_answer_after_the_norm_is_late(card: str) -> None:
    with clock.moved(MONDAY):
        made = await taken("Приостановили за долг", account=card, topic="suspended")
    with clock.moved(MONDAY + timedelta(days=1)):
        await answer_request(made.number, by=OFFICE, text="Включили", reply_by="none")
    assert (await one(made.number)).request.late


async def test_the_client_takes_an_answered_request_up_again_within_a_fortnight(
    card: str,
) -> None:
    with clock.moved(MONDAY):
        made = await taken("Приостановили за долг", account=card, topic="suspended")
    with clock.moved(MONDAY + timedelta(hours=1)):
        await answer_request(made.number, by=OFFICE, text="Включили", reply_by="portal")
    with clock.moved(MONDAY + timedelta(days=3)):
        await say_more(made.number, text="Опять не работает", by=SYSTEM, channel="portal")
        whole = await one(made.number)
    assert (whole.request.state, whole.request.reopened, whole.request.contacts) == (
        "reopened", 1, 2,
    )  # fmt: skip
    # An hour of four had gone by when it was answered: three are left.
    assert near(whole.request.due_at, MONDAY + timedelta(days=3, hours=3))
    assert [line.kind for line in whole.lines] == ["answer", "asked"]


async def test_after_a_fortnight_it_is_closed_and_stays_so(card: str) -> None:
    with clock.moved(MONDAY):
        made = await taken("Нет интернета", account=card, reply_by="portal")
        await answer_request(made.number, by=OFFICE, text="Починили")
    with clock.moved(MONDAY + timedelta(days=13)):
        assert await close_requests() == 0
    with clock.moved(MONDAY + timedelta(days=15)):
        with pytest.raises(Refused) as late:
            await reopen_request(made.number, by=OFFICE, note="снова")
        assert await close_requests() == 1
        assert await close_requests() == 0
    assert late.value.code == "TOO_LATE_TO_REOPEN"
    whole = await one(made.number)
    assert whole.request.state == "closed"
    assert [move.name for move in whole.moves][-2:] == ["resolve", "close"]


async def test_one_that_nears_its_norm_is_told_of_once(card: str) -> None:
    with clock.moved(MONDAY):
        made = await taken("Приостановили за долг", account=card, topic="suspended")
        assert await warn_requests() == 0
    with clock.moved(MONDAY + timedelta(minutes=200)):
        assert await warn_requests() == 1
        assert await warn_requests() == 0
        assert (await one(made.number)).request.tone == "warn"
    with clock.moved(MONDAY + timedelta(minutes=241)):
        assert (await one(made.number)).request.tone == "bad"


async def test_two_are_joined_but_never_those_of_different_people(card: str) -> None:
    with clock.moved(MONDAY):
        first = await taken("Нет интернета", account=card)
        second = await taken("И телевизор не работает", account=card)
        nobody = await taken("Не работает интернет", who="Пётр", reply_to="8 912 345-67-89")
        await join_request(second.number, by=OFFICE, to=first.number)
        whole = await one(first.number)
        with pytest.raises(Refused):
            await join_request(first.number, by=OFFICE, to=first.number)
        with pytest.raises(Refused):
            await join_request(first.number, by=OFFICE, to=second.number)
        await join_request(nobody.number, by=OFFICE, to=first.number)
    assert [number for number, _title in whole.joined] == [second.number]
    assert whole.request.contacts == 2
    joined = (await one(second.number)).request
    assert (joined.state, joined.joined_to, joined.due_at) == ("joined", first.number, None)


async def test_one_that_came_from_nobody_known_gets_its_account(card: str) -> None:
    made = await taken("Не работает", who="Пётр", reply_to="8 912 345-67-89")
    assert (await one(made.number)).request.account is None
    await name_account(made.number, by=OFFICE, account=card)
    assert [found.number for found in await requests_of(card, by=SYSTEM)] == [made.number]
    with pytest.raises(NotFound):
        await name_account(made.number, by=OFFICE, account="999999")


async def test_advertising_is_dropped_for_a_reason(card: str) -> None:
    made = await taken("Купите наш товар")
    with pytest.raises(Malformed):
        await drop_request(made.number, by=OFFICE, reason="")
    await drop_request(made.number, by=OFFICE, reason="spam")
    with pytest.raises(MoveRefused):
        await answer_request(made.number, by=OFFICE, text="Спасибо", reply_by="none")
    with pytest.raises(DomainError):
        await plan_next(made.number, by=OFFICE, text="позвонить", at=None)


async def test_notes_are_for_colleagues_and_plans_are_kept(card: str) -> None:
    with clock.moved(MONDAY):
        made = await taken("Нет интернета", account=card)
        await note_request(made.number, by=OFFICE, text="Сосед жаловался тоже")
        await plan_next(made.number, by=OFFICE, text="позвонить", at=MONDAY + timedelta(hours=2))
        whole = await one(made.number)
    assert [line.kind for line in whole.lines] == ["note"]
    assert whole.request.next_action == "позвонить"
    with pytest.raises(Malformed):
        await note_request(made.number, by=OFFICE, text=" ")


@pytest.mark.parametrize(
    ("field", "more"),
    [("text", {"text": " "}), ("topic", {"topic": "weather"}), ("reply_by", {"reply_by": "owl"})],
)
async def test_what_is_wrong_is_named(db: Any, field: str, more: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as wrong:
        await taken(**more)
    assert wrong.value.errors[0].field == field


async def test_who_may_not_see_a_district_finds_nothing_there(card: str) -> None:
    made = await taken("Нет интернета", account=card)
    confined = Actor(
        "user", "9", "Борис", frozenset({"crm.request.*"}), districts=frozenset({"Юг"})
    )
    with pytest.raises(NotFound):
        await whole_request(made.number, by=confined)
    with pytest.raises(NotFound):
        await answer_request(made.number, by=confined, text="да", reply_by="none")


def test_a_title_is_the_first_line_cut_at_a_word() -> None:
    assert title_of("  Нет   интернета\nвторой день") == "Нет интернета"
    long = title_of("слово " * 40)
    assert len(long) <= 121
    assert long.endswith("слово…")


def test_open_states_are_those_that_have_no_end() -> None:
    assert {state.code for state in REQUEST.states} - REQUEST.ended == set(OPEN)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_templates_of_answers_name_known_topics_and_placeholders(language: str) -> None:
    known = load_content("topics", Classifier, language=language)["topics"].value
    codes = {topic.code for topic in known.topic}
    found = load_content("answers", AnswerTemplate, language=language)
    assert len(found) == 25
    for document in found.values():
        answer = document.value
        assert answer.code == document.slug
        assert set(answer.topics) <= codes
        assert answer.placeholders <= FILLED | ASKED


def letter(name: str, text: str = "Нет интернета", **more: Any) -> ReceivedLetter:
    return ReceivedLetter(
        message_id=name, from_address=more.pop("sender", "P@example.org"), text=text, **more
    )


async def test_a_letter_becomes_a_request_of_whose_address_it_is_once(card: str) -> None:
    taken = await take_letter(letter("a@x", subject="Re: Интернет"))
    assert taken is not None
    assert await take_letter(letter("a@x")) is None
    found = (await one(taken.number)).request
    assert (found.account, found.title, found.channel) == (card, "Интернет", "email")
    assert (found.reply_by, found.reply_to) == ("email", "p@example.org")
    stranger = await take_letter(letter("b@x", sender="new@mail.example", from_name="Новый"))
    assert stranger is not None
    unknown = (await one(stranger.number)).request
    assert (unknown.account, unknown.who) == (None, "Новый")


async def test_an_answer_to_our_letter_goes_on_with_its_request(card: str, db: Any) -> None:
    with clock.moved(MONDAY):
        first = await take_letter(letter("a@x"))
        assert first is not None
        sent = await answer_request(first.number, by=OFFICE, text="Починили")
        assert sent is not None
        account = await db.fetchval("SELECT account_id FROM crm_message WHERE id = $1", sent.id)
        ours = f"<m{account}.{sent.id}@provider.example>"
        foreign = await take_letter(
            letter("c@x", "Верните деньги", in_reply_to=(ours,), sender="thief@mail.example")
        )
        again = await take_letter(
            letter("d@x", "Снова нет.\n\nАнна пишет:\n> Починили", in_reply_to=(ours,))
        )
    assert foreign is not None
    assert foreign.number != first.number
    assert again is not None
    assert again.number == first.number
    whole = await one(first.number)
    assert whole.request.state == "reopened"
    assert whole.lines[-1].text == "Снова нет."


async def test_an_answer_never_goes_to_an_address_of_another_kind(card: str, db: Any) -> None:
    with clock.moved(MONDAY):
        made = await taken("Нет", account=card, reply_by="call", reply_to="8 999 000-00-00")
        sent = await answer_request(made.number, by=OFFICE, text="Починили", reply_by="email")
        assert sent is not None
        stranger = await taken("Нет", who="Пётр", reply_by="call", reply_to="8 999 000-00-00")
        with pytest.raises(Malformed):
            await answer_request(stranger.number, by=OFFICE, text="Починили", reply_by="email")
    address = "SELECT address FROM crm_message_text WHERE message_id = $1"
    assert await db.fetchval(address, sent.id) == "p@example.org"
