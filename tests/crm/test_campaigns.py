"""Campaigns: counted as they go out, each person once, as fast as they may, measured by a control."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abonent.billing.service import days, payments
from abonent.crm import jobs
from abonent.crm.queries.campaigns import campaign_of, effect_of, what_became
from abonent.crm.queries.contacting import contacted
from abonent.crm.rules.campaigns import (
    CAMPAIGN,
    Effect,
    Group,
    foresee,
    in_control,
    may_go_now,
    refused_too_often,
)
from abonent.crm.rules.contacting import Frame, Window
from abonent.crm.rules.people import read_address
from abonent.crm.service.campaigns import sending
from abonent.crm.service.campaigns.counting import ask_count, count_campaign
from abonent.crm.service.campaigns.drafting import Draft, change_campaign, draft_campaign
from abonent.crm.service.campaigns.effect import note_effects
from abonent.crm.service.campaigns.moving import launch_campaign, move_campaign
from abonent.crm.service.campaigns.sending import send_batch, send_campaigns
from abonent.crm.service.campaigns.weighing import message_for
from abonent.crm.service.messages import can_contact
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import transaction
from abonent.kernel.errors import Conflict, Forbidden, Malformed, NotFound, Refused
from abonent.kernel.norms import Span
from abonent.kernel.settings import Settings
from abonent.kernel.workflow import moves_of

PLANNED = jobs.count_people_of_campaign
"""The dry run is a job of the worker's: whoever plans it has it declared."""
NOON = datetime(2026, 4, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
FAST = Draft(
    name="Новый тариф", channel="sms", text="Здравствуйте, {name}!", hourly=1_000_000, control=0
)
AD = replace(FAST, purpose="ad", text="{company}: скидка. Отказ: СТОП")
DEBT = replace(FAST, purpose="debt", text="{company}: долг {debt}. {phone}")


async def people(connection: Any, count: int, *, seed: int = 1) -> None:
    """So many people with whatever keeps one from being written to, by chance."""
    chance = random.Random(seed)
    await days.begin(date(2026, 4, 1), by=SYSTEM)
    for number in range(count):
        phone = f"79{number:09}" if chance.random() < 0.8 else ""
        person = NewSubscriber(f"Иванов Иван {number}", phone=phone, email="p@example.org")
        await open_subscriber_account(
            f"3{number:04}", by=SYSTEM, billing_day=1, subscriber=person,
            address=read_address(f"{chance.choice(['Центр', 'Лес'])}, Мира, 9, кв. {number + 1}"),
        )  # fmt: skip
    kinds = ("silence", "refusal", "bankruptcy")
    rows = await connection.fetch("SELECT id FROM crm_subscriber ORDER BY id")
    for at, row in enumerate(rows):
        if chance.random() < 0.2:
            await connection.execute(
                "INSERT INTO crm_contact_hold (id, subscriber_id, kind, proof, since, added_by)"
                " VALUES ($1, $2, $3, 'заявление', '2026-01-01', 'user:1')",
                at, row["id"], chance.choice(kinds),
            )  # fmt: skip
        if chance.random() < 0.5:
            await connection.execute(
                "INSERT INTO crm_consent (id, subscriber_id, purpose, channel, since, proof)"
                " VALUES ($1, $2, 'advertising', 'any', '2026-01-01', 'анкета')",
                at, row["id"],
            )  # fmt: skip
        for told in range(chance.choice((0, 0, 1, 5))):
            await connection.execute(
                "INSERT INTO crm_contact_attempt (who, id, at, way, purpose) VALUES ($1, $2, $3,"
                " 'message', $4)",
                f"s{row['id']}", told, NOON - HOUR, chance.choice(("service", "debt")),
            )  # fmt: skip
    await connection.execute(
        "UPDATE billing_account SET balance = CASE WHEN account_id % 3 = 0 THEN 0 ELSE -5000 END"
    )


async def counted(
    draft: Draft, segment: str = "", *, by: Actor = SYSTEM, at: datetime = NOON
) -> int:
    with clock.moved(at):
        made = await draft_campaign(segment, draft, by=by)
        await ask_count(made, by=by)
        assert await count_campaign(made)
    return made


async def launched(draft: Draft, segment: str = "", *, at: datetime = NOON) -> int:
    made = await counted(draft, segment, at=at)
    tally = (await campaign_of(made, by=SYSTEM)).counted
    assert tally
    with clock.moved(at):
        await launch_campaign(made, by=SYSTEM, typed=tally.left)
    return made


async def sent_at(at: datetime) -> int:
    with clock.moved(at):
        return await send_campaigns()


async def roster(db: Any, campaign: int) -> Counter[str]:
    rows = await db.fetch("SELECT state FROM crm_campaign_person WHERE campaign_id = $1", campaign)
    return Counter(row["state"] for row in rows)


# What is counted is what then happens, and what can_contact says of each.


@pytest.mark.parametrize("draft", [FAST, AD, DEBT, replace(FAST, template="debt", text="")])
@pytest.mark.parametrize("seed", [1, 2])
async def test_what_is_counted_is_what_each_is_told_and_what_then_happens(
    db: Any, draft: Draft, seed: int
) -> None:
    await people(db, 40, seed=seed)
    made = await counted(replace(draft, control=20))
    found = await campaign_of(made, by=SYSTEM)
    tally = found.counted
    assert tally
    assert tally.people == tally.all_refused + tally.control + tally.left
    by_one: Counter[str] = Counter()
    for row in await db.fetch("SELECT account_id FROM crm_campaign_person ORDER BY account_id"):
        known = await contacted(db, row["account_id"], channel="sms", at=NOON)
        balance = await db.fetchval(
            "SELECT balance FROM billing_account WHERE account_id = $1", row[0]
        )
        verdict = await can_contact(message_for(found, known, balance), at=NOON)
        no_debt = found.purpose == "debt" and balance >= 0
        by_one["NO_DEBT" if no_debt else verdict.code if not verdict.allowed else ""] += 1
    assert {code: n for code, n in by_one.items() if code} == tally.refused
    if not tally.left:
        return
    with clock.moved(NOON):
        await launch_campaign(made, by=SYSTEM, typed=tally.left)
    await _all_sent(made)
    became = await what_became(made)
    assert (became.sent, became.control) == (tally.left, tally.control)
    assert became.refused == tally.refused


async def _all_sent(campaign: int) -> None:
    for minute in range(100):
        with clock.moved(NOON + minute * timedelta(seconds=1)):
            await send_batch(campaign)
            if (await campaign_of(campaign, by=SYSTEM)).state != "running":
                return
    raise AssertionError("it never ended")


async def test_a_dry_run_writes_to_nobody(db: Any) -> None:
    await people(db, 10)
    before = await db.fetchval("SELECT count(*) FROM crm_contact_attempt")
    await counted(FAST)
    assert await db.fetchval("SELECT count(*) FROM crm_message") == 0
    assert await db.fetchval("SELECT count(*) FROM crm_contact_attempt") == before


async def test_a_person_with_two_accounts_is_one_person(db: Any, card: str) -> None:
    await open_subscriber_account(
        "20418", by=SYSTEM, billing_day=1, subscriber=NewSubscriber("Другой", phone="79120000000"),
        address=read_address("Центр, Мира, 8, кв. 13"),
    )  # fmt: skip
    await db.execute("UPDATE crm_contract SET subscriber_id = (SELECT min(id) FROM crm_subscriber)")
    made = await launched(FAST)
    tally = (await campaign_of(made, by=SYSTEM)).counted
    assert tally
    assert (tally.matched, tally.people, tally.left) == (2, 1, 1)
    assert await sent_at(NOON) == 1
    assert await db.fetchval("SELECT count(*) FROM crm_message") == 1


async def test_the_segment_is_the_filter_of_the_register_and_of_the_districts(db: Any) -> None:
    await people(db, 20)
    centre = await db.fetchval(
        "SELECT count(*) FROM billing_account b JOIN billing_place p ON p.id = b.place_id"
        " WHERE p.district = 'Центр'"
    )
    rights = frozenset({"*"})
    confined = Actor("user", "5", "Анна", rights, districts=frozenset({"Центр"}))
    by_filter = (await campaign_of(await counted(FAST, "district=Центр"), by=SYSTEM)).counted
    own = await counted(FAST, by=confined)
    by_district = (await campaign_of(own, by=confined)).counted
    assert by_filter
    assert by_district
    assert by_filter.matched == by_district.matched == centre
    elsewhere = Actor("user", "6", "Олег", rights, districts=frozenset({"Лес"}))
    with pytest.raises(NotFound):
        await campaign_of(own, by=elsewhere)
    with pytest.raises(NotFound):
        await ask_count(await counted(FAST), by=confined)


# Launching.


async def test_it_is_launched_by_the_typed_number_and_only_while_the_count_is_fresh(
    db: Any,
) -> None:
    await people(db, 10)
    made = await counted(FAST)
    tally = (await campaign_of(made, by=SYSTEM)).counted
    assert tally
    nobody = Actor("user", "5", "Анна", frozenset({"crm.campaign.edit", "crm.campaign.view"}))
    with clock.moved(NOON):
        with pytest.raises(Forbidden):
            await launch_campaign(made, by=nobody, typed=tally.left)
        with pytest.raises(Malformed):
            await launch_campaign(made, by=SYSTEM, typed=tally.left + 1)
    with clock.moved(NOON + 25 * HOUR), pytest.raises(Refused):
        await launch_campaign(made, by=SYSTEM, typed=tally.left)
    with clock.moved(NOON):
        await launch_campaign(made, by=SYSTEM, typed=tally.left)
        with pytest.raises(Refused):
            await launch_campaign(made, by=SYSTEM, typed=tally.left)
    assert [move.name for move in await moves_of(CAMPAIGN, made)] == ["count", "launch"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"purpose": "ad", "text": "Скидка!"}, "text"),
        ({"purpose": "debt", "text": "Долг {debt}"}, "text"),
        ({"purpose": "service", "text": "{company}: долг {debt}. {phone}"}, "purpose"),
        ({"purpose": "ad", "text": "Долг {debt}. Отказ: СТОП"}, "purpose"),
        ({"channel": "email", "subject": "Долг {debt}"}, "purpose"),
        ({"text": "{nothing}"}, "text"),
        ({"text": "{name:>900000}"}, "text"),
        ({"text": "{name.upper}"}, "text"),
        ({"text": "{"}, "text"),
        ({"text": ""}, "text"),
        ({"text": "я" * 700}, "text"),
        ({"name": " "}, "name"),
        ({"channel": "email"}, "subject"),
        ({"template": "debt"}, "text"),
        ({"template": "nps2", "text": ""}, "template"),
        ({"template": "advance", "text": ""}, "template"),
        ({"control": 51}, "control"),
        ({"hourly": 0}, "hourly"),
        ({"ends_at": NOON - HOUR}, "ends_at"),
    ],
)
async def test_what_is_wrong_with_a_draft_is_named(
    card: str, change: dict[str, Any], field: str
) -> None:
    with clock.moved(NOON), pytest.raises(Malformed) as wrong:
        await draft_campaign("", replace(FAST, **change), by=SYSTEM)
    assert [one.field for one in wrong.value.errors] == [field]


async def test_what_was_counted_is_a_draft_again_once_it_is_changed(card: str) -> None:
    made = await counted(FAST)
    version = (await campaign_of(made, by=SYSTEM)).version
    with clock.moved(NOON):
        await change_campaign(made, replace(FAST, control=5), by=SYSTEM, seen=version)
        found = await campaign_of(made, by=SYSTEM)
        assert (found.state, found.counted, found.control) == ("draft", None, 5)
        with pytest.raises(Conflict):
            await change_campaign(made, FAST, by=SYSTEM, seen=version)
        with pytest.raises(Refused):
            await launch_campaign(made, by=SYSTEM, typed=1)


# Sending.


async def test_a_batch_that_dies_in_the_middle_is_as_if_it_had_not_begun(
    fresh_database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with transaction() as connection:
        await people(connection, 30)
    made = await launched(FAST)
    begun = asyncio.Event()
    queue, written = sending.queue_message, 0

    async def dying(work: Any, message: Any) -> Any:
        nonlocal written
        done = await queue(work, message)
        written += 1
        if written == 7:
            begun.set()
            await asyncio.Event().wait()
        return done

    with monkeypatch.context() as patch:
        patch.setattr(sending, "queue_message", dying)
        with clock.moved(NOON):
            task = asyncio.create_task(send_batch(made))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    assert written == 7
    await _all_sent(made)
    await _each_once(made)


async def test_two_workers_at_once_write_to_each_person_once(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await people(connection, 50)
    made = await launched(FAST)
    with clock.moved(NOON):
        await asyncio.gather(*(send_campaigns() for _ in range(2)))
    await _all_sent(made)
    await _each_once(made)


async def _each_once(campaign: int) -> None:
    async with transaction() as connection:
        rows = await connection.fetch(
            "SELECT account_id FROM crm_message WHERE about = $1 AND state <> 'refused'",
            f"campaign:{campaign}",
        )
        people = await roster(connection, campaign)
        queued = await connection.fetchval("SELECT count(*) FROM outbox WHERE kind = 'message'")
    assert len(rows) == len({row["account_id"] for row in rows}) == people["sent"] == queued
    assert people["waiting"] == 0


async def test_a_pause_holds_at_once_and_a_stop_for_good(db: Any) -> None:
    await people(db, 60)
    made = await launched(FAST)
    with clock.moved(NOON):
        assert await send_batch(made) == 20
        await move_campaign(made, "pause", by=SYSTEM)
        assert await send_campaigns() == 0
        await move_campaign(made, "resume", by=SYSTEM)
        assert await send_batch(made) == 20
        with pytest.raises(Malformed):
            await move_campaign(made, "stop", by=SYSTEM)
        await move_campaign(made, "stop", by=SYSTEM, note="Ошибка в тексте")
        assert await send_campaigns() == 0
        with pytest.raises(Refused):
            await move_campaign(made, "resume", by=SYSTEM)
    assert (await roster(db, made))["waiting"] == 20


async def test_it_waits_for_its_beginning_for_the_morning_and_ends_in_time(db: Any) -> None:
    await people(db, 10)
    begins, ends = NOON + 2 * HOUR, NOON + 30 * HOUR
    made = await launched(replace(FAST, starts_at=begins, ends_at=ends, hourly=1))
    assert await sent_at(NOON + HOUR) == 0
    assert await sent_at(NOON + 13 * HOUR) == 0  # one o'clock at night in Moscow
    assert await sent_at(begins) >= 1
    assert await sent_at(ends) == 0
    found = await campaign_of(made, by=SYSTEM)
    assert found.state == "ended"
    assert (await roster(db, made))["waiting"] > 0
    assert (await moves_of(CAMPAIGN, made))[-1].note == sending.TIME_OVER


async def test_the_rate_is_kept_by_the_minute_the_hour_and_the_day(db: Any) -> None:
    await people(db, 60)
    made = await launched(replace(FAST, hourly=120, daily=9))
    went = []
    for minute in range(12):
        await sent_at(NOON + minute * MINUTE)
        went.append((await roster(db, made))["sent"])
    each = [now - before for before, now in zip([0, *went], went, strict=False)]
    assert max(each) == 2
    assert went[-1] == 9
    await sent_at(NOON + 24 * HOUR)
    assert (await roster(db, made))["sent"] == 11


async def test_it_pauses_by_itself_where_the_gateway_refuses_too_many_until_somebody_looks(
    db: Any,
) -> None:
    await people(db, 130)
    made = await launched(FAST)
    with clock.moved(NOON):
        for _batch in range(5):
            await send_batch(made)
        await db.execute("UPDATE crm_message SET state = 'rejected' WHERE state = 'queued'")
        assert await send_batch(made) == 0
        found = await campaign_of(made, by=SYSTEM)
        assert found.state == "paused"
        assert (await moves_of(CAMPAIGN, made))[-1].note == sending.HALTED
        await move_campaign(made, "resume", by=SYSTEM)
        assert await send_batch(made) > 0


# The control and the effect.


async def test_who_is_in_the_control_is_not_written_to_and_the_effect_is_as_counted_by_hand(
    db: Any,
) -> None:
    await days.begin(date(2026, 4, 1), by=SYSTEM)
    for number in range(40):
        await open_subscriber_account(
            f"3{number:04}", by=SYSTEM, billing_day=1,
            subscriber=NewSubscriber(f"Иванов {number}", phone=f"79{number:09}"),
            address=read_address(f"Центр, Мира, 9, кв. {number + 1}"),
        )  # fmt: skip
    made = await launched(replace(FAST, control=30))
    await _all_sent(made)
    rows = await db.fetch(
        "SELECT b.number, p.who, p.state FROM crm_campaign_person p JOIN billing_account b USING"
        " (account_id) ORDER BY b.number"
    )
    for row in rows:
        assert (row["state"] == "control") is in_control(made, row["who"], 30)
    assert {"sent", "control"} == {row["state"] for row in rows}
    groups: dict[str, list[int]] = {"sent": [], "control": []}
    chance = random.Random(3)
    for at, row in enumerate(rows):
        share = 0.6 if row["state"] == "sent" else 0.2
        amount = chance.choice((30000, 50000)) if chance.random() < share else 0
        groups[row["state"]].append(amount)
        if amount:
            await payments.take_payment(
                row["number"], by=SYSTEM, amount=amount, source="cash", external_id=f"e{at}"
            )
    with clock.moved(NOON + HOUR):
        assert await note_effects() == 1
        assert await note_effects() == 1
    effect = await effect_of(await campaign_of(made, by=SYSTEM))
    for group, paid in ((effect.sent, groups["sent"]), (effect.control, groups["control"])):
        assert group == Group(
            len(paid), sum(map(bool, paid)), sum(paid), sum(one * one for one in paid)
        )
    means = [sum(paid) / len(paid) for paid in groups.values()]
    assert effect.brought is not None
    assert abs(effect.brought - (means[0] - means[1]) * len(groups["sent"])) <= 1
    later = NOON + timedelta(days=40)
    with clock.moved(later):
        assert await note_effects() == 0


def test_the_margin_of_an_effect_against_a_table() -> None:
    effect = Effect(Group(1000, 200, 0, 0), Group(100, 10, 0, 0))
    # 1.96 * sqrt(.2 * .8 / 1000 + .1 * .9 / 100) = 6.38 points.
    assert (effect.difference, effect.margin, effect.sure) == (1000, 638, True)
    assert not Effect(Group(10, 2), Group(10, 1)).sure
    assert Effect(Group(5, 2), Group()).difference is None


@given(st.integers(0, 50), st.integers(1, 2**60))
def test_the_control_is_its_share_and_the_same_each_time(percent: int, campaign: int) -> None:
    drawn = [in_control(campaign, f"s{one}", percent) for one in range(500)]
    assert abs(sum(drawn) - 5 * percent) < 70
    larger = [in_control(campaign, f"s{one}", percent + 1) for one in range(500)]
    assert all(after or not before for before, after in zip(drawn, larger, strict=True))


@given(st.integers(1, 500), st.integers(1, 300), st.none() | st.integers(1, 50))
def test_what_is_foreseen_is_what_minutes_one_by_one_come_to(
    recipients: int, hourly: int, daily: int | None
) -> None:
    frame = Frame({}, Span(time(8), time(22)), Span(time(9), time(20)), Span(time(9), time(21)), 5,
                  lambda _day: True, UTC)  # fmt: skip
    found = foresee(recipients, (NOON, None), (hourly, daily), Window.DAY, frame)
    least = -(-recipients // daily) - 1 if daily else 0
    assert found.at is None or found.at >= NOON + timedelta(days=max(0, least - 1))
    if found.at:
        assert time(9) <= found.at.time() <= time(21)
        assert found.left == 0
        assert found.at - NOON >= timedelta(hours=recipients / hourly) - MINUTE
    else:
        assert found.left > 0


def test_of_few_messages_nothing_is_concluded() -> None:
    assert not refused_too_often(["rejected"] * 49)
    assert refused_too_often(["rejected"] * 50)
    assert not refused_too_often(["rejected"] * 40 + ["delivered"] * 160)
    assert refused_too_often(["rejected"] * 41 + ["delivered"] * 159)
    assert may_go_now(60, None, minute=1, hour=1, day=1) == 0
