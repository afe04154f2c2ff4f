"""A claim from intake to court: terms, numbers without gaps, compensation by the engine, alarms."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from abonent.billing.queries.accounts import read_account
from abonent.billing.service.corrections import compensate
from abonent.crm.claim_errors import (
    ClaimNotFound,
    ClaimPaid,
    CompensationOwed,
    NothingToGiveBack,
    OtherSumNow,
    OverOwnLimit,
)
from abonent.crm.claim_papers import court_paper, heads_of, stored_paper
from abonent.crm.queries.claims import Claim, claim_of, claims_of, whole_claim
from abonent.crm.queries.claims_report import report_on_claims
from abonent.crm.rules.claims import CLAIM, Terms, dates_of, register_by
from abonent.crm.service.claims.answering import alarm_claims, answer_claim, composed
from abonent.crm.service.claims.deciding import (
    decide_claim,
    execute_claim,
    reckon,
    reconsider_claim,
    set_claim_policy,
)
from abonent.crm.service.claims.remedies import Remedy
from abonent.crm.service.claims.taking import NewClaim, register_claim, take_claim
from abonent.crm.service.claims.working import (
    close_claim,
    dismiss_claim,
    hand_to_court,
    investigate_claim,
    note_claim,
    own_claim,
    withdraw_claim,
)
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.documents.printing import print_document
from abonent.kernel.errors import Forbidden, Malformed, Refused
from abonent.kernel.legal import LegalRuleUnchecked
from abonent.kernel.norms import Hours, Span
from abonent.kernel.workflow import MoveRefused
from tests.web.seed import small_provider

MONDAY = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)
"""Ten in the morning by Moscow's clocks."""
OFFICE = Actor("user", "7", "Анна", frozenset({"crm.claim.view", "crm.claim.take", "crm.claim.work", "crm.claim.decide", "billing.account.view", "crm.subscriber.view"}))  # fmt: skip
OUTAGE = Remedy(kind="outage", first=date(2026, 11, 2), last=date(2026, 11, 4))
ZONE = ZoneInfo("Europe/Moscow")
HOURS = Hours(ZONE, {day: [Span(datetime.min.time().replace(hour=9), datetime.min.time().replace(hour=18))] for day in range(5)})  # fmt: skip
TERMS = Terms(register=1, answer=30, target=10, alarm=20)


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


async def taken(*, by: Actor = SYSTEM, register: bool = True, **more: Any) -> int:
    values: dict[str, Any] = {
        "account": "20417", "subject": "quality", "asked": "Перерасчёт за три дня",
        "text": "Не было связи со второго по четвёртое.", "channel": "visit", "demand": 5806,
    }  # fmt: skip
    with clock.moved(MONDAY):
        return await take_claim(NewClaim(**values | more), by=by, register=register)


async def seen(claim: int) -> Claim:
    return await claim_of(claim, by=SYSTEM)


async def decided(claim: int, remedy: Remedy = OUTAGE, *, by: Actor = SYSTEM) -> None:
    await investigate_claim(claim, by=SYSTEM)
    decision = "full" if remedy.kind else "deny"
    await decide_claim(
        claim, by=by, decision=decision, grounds="Авария подтверждена.", cause="network",
        remedy=remedy,
    )  # fmt: skip


async def balance() -> int:
    return (await read_account("20417", by=SYSTEM)).balance


def test_a_claim_of_friday_is_registered_by_monday_and_answered_in_thirty_days() -> None:
    friday = date(2026, 11, 20)
    assert register_by(friday, TERMS, HOURS) == date(2026, 11, 23)
    assert register_by(date(2026, 11, 21), TERMS, HOURS) == date(2026, 11, 23)
    found = dates_of(datetime(2026, 11, 20, 12, tzinfo=UTC), TERMS, HOURS)
    assert found.answer_by == date(2026, 12, 20)
    assert found.target_by == date(2026, 12, 4)
    assert found.alarm_on == date(2026, 12, 10)
    late = dates_of(datetime(2026, 11, 20, 21, 30, tzinfo=UTC), TERMS, HOURS)
    assert late.answer_by == date(2026, 12, 21), "by local clocks it is Saturday already"


async def test_it_is_registered_with_its_number_and_terms_and_the_subscriber_is_told(
    provider: None,
) -> None:
    found = await seen(await taken())
    assert (found.number, found.state) == ("2026-1", "registered")
    assert (found.register_by, found.answer_by) == (date(2026, 11, 17), date(2026, 12, 16))
    assert (found.target_by, found.alarm_on) == (date(2026, 11, 30), date(2026, 12, 6))
    async with reading() as connection:
        told = await connection.fetchrow(
            "SELECT t.text, m.about FROM crm_message m JOIN crm_message_text t ON t.message_id = m.id"
        )
    assert "2026-1" in told["text"]
    assert "16.12.2026" in told["text"]
    assert told["about"] == f"claim:{found.id}"


async def test_numbers_have_no_gaps(provider: None) -> None:
    await taken()
    with suppress(RuntimeError):
        async with unit_of_work(SYSTEM):
            await taken()
            raise RuntimeError
    assert (await seen(await taken())).number == "2026-2"
    with clock.moved(MONDAY + timedelta(days=60)):
        made = await take_claim(
            NewClaim(
                account="20418", subject="charge", asked="Вернуть", text="Лишнее", channel="letter"
            ),
            by=SYSTEM,
        )
    assert (await seen(made)).number == "2027-1"


async def test_what_comes_from_the_portal_waits_for_its_number(provider: None) -> None:
    own = Actor(
        "subscriber", "1", "Ирина", frozenset({"crm.claim.take"}), accounts=frozenset({"20417"})
    )
    claim = await taken(by=own, register=False, channel="portal", reply_by="portal")
    found = await claim_of(claim, by=own)
    assert (found.number, found.state, found.owner) == (None, "received", None)
    with pytest.raises(MoveRefused):
        await investigate_claim(claim, by=SYSTEM)
    with pytest.raises(Forbidden):
        await register_claim(claim, by=own)
    stranger = Actor(
        "subscriber", "2", "Пётр", frozenset({"crm.claim.take"}), accounts=frozenset({"20418"})
    )
    with pytest.raises(ClaimNotFound):
        await claim_of(claim, by=stranger)
    with clock.moved(MONDAY):
        assert await register_claim(claim, by=OFFICE, subject="speed") == "2026-1"
    found = await seen(claim)
    assert (found.subject, found.owner) == ("speed", 7)


async def test_what_is_no_claim_gets_no_number(provider: None) -> None:
    claim = await taken(register=False)
    with pytest.raises(Malformed):
        await dismiss_claim(claim, by=SYSTEM, reason="")
    await dismiss_claim(claim, by=SYSTEM, reason="request")
    found = await seen(claim)
    assert (found.state, found.number) == ("closed", None)
    assert (await seen(await taken())).number == "2026-1"


async def test_mistakes_name_their_fields(provider: None) -> None:
    for name, value in (
        ("subject", "nothing"),
        ("channel", "pigeon"),
        ("reply_by", "pigeon"),
        ("asked", " "),
        ("text", ""),
        ("received_on", date(2027, 1, 1)),
    ):
        with pytest.raises(Malformed) as wrong:
            await taken(**{name: value})
        assert wrong.value.errors[0].field == name


async def test_nothing_is_registered_by_a_rule_that_nobody_checked(provider: None, db: Any) -> None:
    await db.execute(
        "UPDATE legal_rule SET checked_by = NULL, checked_at = NULL WHERE key = 'ru.claim.answer'"
    )
    with pytest.raises(LegalRuleUnchecked):
        await taken()


async def test_days_without_connection_go_back_through_the_engine(provider: None) -> None:
    claim, before = await taken(), await balance()
    await investigate_claim(claim, by=SYSTEM)
    shown = await reckon(claim, OUTAGE, by=SYSTEM)
    assert await balance() == before, "reckoning posts nothing"
    assert [day.day for day, _amount in shown.days] == [2, 3, 4]
    assert shown.total == round((46000 + 7000) * 3 / 30)
    await decide_claim(
        claim, by=SYSTEM, decision="full", grounds="Авария.", cause="network", remedy=OUTAGE
    )
    await answer_claim(claim, by=SYSTEM, text="Вернём.", way="paper")
    assert await execute_claim(claim, by=OFFICE) == shown.total
    assert await balance() == before + shown.total
    found = await seen(claim)
    assert (found.state, found.posted) == ("executed", shown.total)
    async with reading() as connection:
        kinds = await connection.fetch(
            "SELECT kind FROM billing_entry e JOIN billing_account_number n USING (account_id)"
            " WHERE n.number = '20417' AND e.no BETWEEN $1 AND $2",
            found.entry_first,
            found.entry_last,
        )
    assert {row["kind"] for row in kinds} == {"compensation"}
    again = await taken()
    await investigate_claim(again, by=SYSTEM)
    with pytest.raises(NothingToGiveBack):
        await reckon(again, OUTAGE, by=SYSTEM)


@pytest.mark.parametrize(
    ("remedy", "total"),
    [
        (Remedy(kind="unserved", service=1, first=date(2026, 11, 2), last=date(2026, 11, 4)), 4600),
        (
            Remedy(
                kind="discount",
                service=1,
                first=date(2026, 11, 2),
                last=date(2026, 11, 4),
                percent=5000,
            ),
            2300,
        ),
        (Remedy(kind="bonus", amount=12345), 12345),
    ],
)
async def test_every_other_way_gives_back_what_it_shows(
    provider: None, remedy: Remedy, total: int
) -> None:
    claim, before = await taken(), await balance()
    await decided(claim, remedy)
    assert (await seen(claim)).compensation == total
    await answer_claim(claim, by=SYSTEM, text="Вернём.", way="portal")
    assert await execute_claim(claim, by=OFFICE) == total
    assert await balance() == before + total


async def test_another_sum_than_was_answered_is_never_posted(provider: None) -> None:
    claim, before = await taken(), await balance()
    await decided(claim)
    whole = (await seen(claim)).compensation
    await answer_claim(claim, by=SYSTEM, text="Вернём.", way="paper")
    await compensate(
        by=SYSTEM,
        incident="авария",
        start=datetime(2026, 11, 3, tzinfo=ZONE),
        end=datetime(2026, 11, 4, tzinfo=ZONE),
        accounts=["20417"],
        zone="Europe/Moscow",
        confirm=True,
    )
    between = await balance()
    with pytest.raises(OtherSumNow):
        await execute_claim(claim, by=SYSTEM)
    assert await balance() == between
    assert (await seen(claim)).state == "answered"
    await reconsider_claim(claim, by=SYSTEM, note="День уже возвращён")
    await decide_claim(
        claim, by=SYSTEM, decision="partial", grounds="Два дня.", cause="network", remedy=OUTAGE
    )
    await answer_claim(claim, by=SYSTEM, text="Вернём два дня.", way="paper")
    await execute_claim(claim, by=SYSTEM)
    assert before < between < await balance() == before + whole
    assert len((await whole_claim(claim, by=SYSTEM)).answers) == 2


async def test_a_large_sum_asks_for_the_head(provider: None) -> None:
    await set_claim_policy(by=SYSTEM, own_limit=5000, head_email="")
    claim = await taken()
    with pytest.raises(OverOwnLimit):
        await decided(claim, by=OFFICE)
    await decide_claim(
        claim, by=SYSTEM, decision="full", grounds="Авария.", cause="network", remedy=OUTAGE
    )
    with pytest.raises(Forbidden):
        await set_claim_policy(by=OFFICE, own_limit=10**9, head_email="")


async def test_the_clerk_s_own_limit_holds_for_all_that_an_account_is_given(provider: None) -> None:
    await set_claim_policy(by=SYSTEM, own_limit=5000, head_email="")
    bonus = Remedy(kind="bonus", amount=3000)
    first, second = await taken(), await taken()
    await decided(first, bonus, by=OFFICE)
    with pytest.raises(OverOwnLimit) as refused:
        await decided(second, bonus, by=OFFICE)
    assert "30,00" in refused.value.text()
    await decide_claim(
        first, by=OFFICE, decision="full", grounds="Иначе.", cause="network", remedy=bonus
    )
    later = clock.moved(MONDAY + timedelta(days=40))
    with later:
        await decide_claim(
            second, by=OFFICE, decision="full", grounds="Авария.", cause="network", remedy=bonus
        )


async def test_a_refused_claim_gives_no_money(provider: None) -> None:
    claim = await taken()
    await investigate_claim(claim, by=SYSTEM)
    with pytest.raises(Malformed):
        await decide_claim(
            claim, by=SYSTEM, decision="deny", grounds="Нет.", cause="none", remedy=OUTAGE
        )
    await decide_claim(
        claim, by=SYSTEM, decision="deny", grounds="Нет.", cause="none", remedy=Remedy()
    )
    await answer_claim(claim, by=SYSTEM, text="Отказываем.", way="paper")
    await close_claim(claim, by=SYSTEM)
    assert (await seen(claim)).state == "closed"


async def test_it_is_not_closed_while_money_is_owed(provider: None) -> None:
    claim = await taken()
    await decided(claim)
    await answer_claim(claim, by=SYSTEM, text="Вернём.", way="paper")
    with pytest.raises(CompensationOwed):
        await close_claim(claim, by=SYSTEM)


async def test_what_is_owed_is_given_back_after_court_too(provider: None) -> None:
    claim = await taken()
    await decided(claim)
    await answer_claim(claim, by=SYSTEM, text="Вернём.", way="paper")
    await hand_to_court(claim, by=SYSTEM, court="Мировой суд, участок 5")
    with pytest.raises(CompensationOwed):
        await close_claim(claim, by=SYSTEM)
    assert await execute_claim(claim, by=SYSTEM) == (await seen(claim)).posted
    await close_claim(claim, by=SYSTEM)
    assert (await seen(claim)).state == "closed"


async def test_an_answer_by_e_mail_is_sent_and_kept_as_it_went(provider: None) -> None:
    claim = await taken(reply_by="email", reply_to="irina@example.org")
    await note_claim(claim, by=SYSTEM, kind="finding", text="Обрыв кабеля 2 ноября.")
    await note_claim(claim, by=SYSTEM, text="Сосед спокоен.")
    await decided(claim)
    whole = await whole_claim(claim, by=SYSTEM)
    text = composed(whole, language="ru")
    for told in ("2026-1", "Обрыв кабеля", "удовлетворена", "Авария подтверждена"):
        assert told in text
    assert "Сосед" not in text
    with pytest.raises(Malformed):
        await answer_claim(claim, by=SYSTEM, text="Вернём {amount}")
    await answer_claim(claim, by=SYSTEM, text=text, language="ru")
    whole = await whole_claim(claim, by=SYSTEM)
    answer = whole.answers[0]
    assert (answer.way, answer.sent_to, answer.text) == ("email", "irina@example.org", text)
    assert answer.message_id is not None
    assert not whole.claim.late
    kept = stored_paper(answer.paper)
    for language in ("ru", "en"):
        printed = await print_document("claim_answer", kept, language=language)
        assert printed.pdf.startswith(b"%PDF")


async def test_an_answer_after_the_term_is_late(provider: None) -> None:
    claim = await taken()
    await decided(claim, Remedy())
    with clock.moved(MONDAY + timedelta(days=31)):
        await answer_claim(claim, by=SYSTEM, text="Поздно.", way="paper")
    assert (await seen(claim)).late
    found = await report_on_claims(date(2026, 11, 1), date(2026, 11, 30), by=SYSTEM)
    assert (found.total.taken, found.total.late, found.total.on_time_share) == (1, 1, 0)
    assert found.per_thousand == 20000


async def test_the_head_is_told_once_before_a_term_ends(provider: None) -> None:
    await set_claim_policy(by=SYSTEM, own_limit=0, head_email="head@example.org")
    claim = await taken()
    waiting = await taken(register=False)
    with clock.moved(MONDAY):
        assert await alarm_claims() == 0
    with clock.moved(MONDAY + timedelta(days=1)):
        assert await alarm_claims() == 1, "the last day to register"
        assert await alarm_claims() == 0
        await register_claim(waiting, by=SYSTEM)
    with clock.moved(MONDAY + timedelta(days=20)):
        assert await alarm_claims() == 1
    with clock.moved(MONDAY + timedelta(days=21)):
        assert await alarm_claims() == 1, "registered a day later"
    async with reading() as connection:
        sent = await connection.fetch("SELECT payload FROM outbox WHERE kind = 'mail' ORDER BY id")
    assert len(sent) == 3
    assert "head@example.org" in sent[1]["payload"]
    assert f"/claims/{claim}" in sent[1]["payload"]


async def test_it_goes_to_court_with_its_whole_file(provider: None) -> None:
    claim = await taken()
    await decided(claim)
    await answer_claim(claim, by=SYSTEM, text="Вернём.", way="paper")
    await execute_claim(claim, by=SYSTEM)
    with pytest.raises(Malformed):
        await hand_to_court(claim, by=SYSTEM, court=" ")
    await hand_to_court(claim, by=SYSTEM, court="Мировой суд, участок 5", amount=900000)
    await hand_to_court(
        claim, by=SYSTEM, court="Мировой суд, участок 5", case="2-14/2027", amount=900000
    )
    whole = await whole_claim(claim, by=SYSTEM)
    assert (whole.claim.state, whole.claim.court_case) == ("court", "2-14/2027")
    heads = await heads_of("20417", by=SYSTEM)
    entry = {"no": "1", "day": date(2026, 11, 14), "what": "Компенсация", "amount": 5300}
    for language in ("ru", "en"):
        paper = court_paper(heads, whole, language=language, entries=[entry])
        printed = await print_document("claim_file", paper, language=language)
        assert printed.pdf.startswith(b"%PDF")
    await close_claim(claim, by=SYSTEM, note="Решение в нашу пользу")
    assert [move.name for move in (await whole_claim(claim, by=SYSTEM)).moves] == [
        "register", "investigate", "decide", "answer", "execute", "court", "close",
    ]  # fmt: skip


async def test_the_owner_is_of_the_team_and_the_substitute_is_somebody_else(
    provider: None,
) -> None:
    claim = await taken()
    with pytest.raises(Malformed):
        await own_claim(claim, by=SYSTEM, owner=12345)
    with pytest.raises(Malformed):
        await own_claim(claim, by=SYSTEM, owner=7, substitute=7)


async def test_who_is_confined_to_districts_sees_the_claims_of_theirs(provider: None) -> None:
    claim = await taken()
    rights = OFFICE.rights
    elsewhere = Actor("user", "8", "Б", rights, districts=frozenset({"Заречье"}))
    here = Actor("user", "9", "В", rights, districts=frozenset({"Центр"}))
    assert (await claim_of(claim, by=here)).id == claim
    for work in (claim_of, investigate_claim, execute_claim):
        with pytest.raises(ClaimNotFound):
            await work(claim, by=elsewhere)


async def test_a_withdrawn_claim_says_how(provider: None) -> None:
    claim = await taken()
    with pytest.raises(Malformed):
        await withdraw_claim(claim, by=SYSTEM, note="")
    await withdraw_claim(claim, by=SYSTEM, note="Заявление от 17 ноября")
    assert [one.id for one in await claims_of("20417", by=SYSTEM)] == [claim]
    with pytest.raises(Refused):
        await withdraw_claim(claim, by=SYSTEM, note="ещё раз")


async def test_the_request_it_came_from_names_it(provider: None) -> None:
    new = NewRequest(channel="email", text="Требую перерасчёт", account="20417")
    request = await take_request(new, by=SYSTEM)
    await taken(request=request.number)
    async with reading() as connection:
        row = await connection.fetchrow(
            "SELECT link_kind, link_number FROM crm_request WHERE number = $1", request.number
        )
    assert tuple(row.values()) == ("claim", "2026-1")


def test_every_state_of_the_table_is_one_of_the_workflow() -> None:
    assert {state.code for state in CLAIM.states} == {
        "received", "registered", "investigation", "decided", "answered", "executed", "court",
        "closed",
    }  # fmt: skip


async def test_a_claim_that_came_to_court_unpaid_is_decided_anew_and_closed(provider: None) -> None:
    claim, before = await taken(), await balance()
    await decided(claim, Remedy(kind="bonus", amount=5_000))
    await withdraw_claim(claim, by=SYSTEM, note="Передумал")
    await hand_to_court(claim, by=SYSTEM, court="Мировой суд")
    with pytest.raises(Refused):
        await close_claim(claim, by=SYSTEM)
    await reconsider_claim(claim, by=SYSTEM, note="В иске отказано")
    await decide_claim(
        claim, by=SYSTEM, decision="deny", grounds="Суд отказал.", cause="none", remedy=Remedy()
    )
    await answer_claim(claim, by=SYSTEM, text="Отказываем.", way="paper")
    await close_claim(claim, by=SYSTEM)
    assert await balance() == before
    paid = await taken()
    await decided(paid, Remedy(kind="bonus", amount=5_000))
    await answer_claim(paid, by=SYSTEM, text="Вернём.", way="paper")
    await execute_claim(paid, by=SYSTEM)
    await hand_to_court(paid, by=SYSTEM, court="Мировой суд")
    with pytest.raises(ClaimPaid):
        await reconsider_claim(paid, by=SYSTEM, note="Ещё раз")
