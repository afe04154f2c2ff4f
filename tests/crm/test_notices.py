"""What the program writes by itself: noted once, in step; written as the rules allow, or not, with why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from abonent.billing.queries.accounts import read_account
from abonent.billing.service.days import close_days
from abonent.billing.service.payments import take_payment
from abonent.billing.service.promises import give_promise
from abonent.crm.queries.notices import notice_settings
from abonent.crm.service.lasting import look_ahead
from abonent.crm.service.notices import note_pre_due, send_notices, set_notice
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Forbidden, Malformed, NotFound
from tests.web.seed import small_provider

NUMBER = "20417"
CLERK = Actor("user", "7", "Анна", frozenset({"crm.message.template"}))


@pytest.fixture
async def provider(db: Any) -> Any:
    await small_provider(db)
    return db


async def on(template: str, days: int | None = None, way: str = "sms") -> None:
    await set_notice(template, by=CLERK, active=True, way=way, days=days)


async def written(db: Any) -> list[Mapping[str, Any]]:
    return [
        dict(row)
        for row in await db.fetch(
            "SELECT m.template, m.channel, m.state, m.reason, t.text FROM crm_message m"
            " JOIN crm_message_text t ON t.account_id = m.account_id AND t.message_id = m.id"
            " ORDER BY m.id"
        )
    ]


async def pay(number: str = NUMBER, amount: int = 39000, **more: Any) -> None:
    given = {"source": "bank", "external_id": f"p{amount}"} | more
    await take_payment(number, by=SYSTEM, amount=amount, **given)


async def test_nothing_is_written_by_itself_until_it_is_switched_on(provider: Any) -> None:
    await pay()
    assert await send_notices() == {"written": 0, "not": 0}
    assert await note_pre_due() == 0
    assert await provider.fetchval("SELECT count(*) FROM crm_notice") == 0


async def test_a_payment_is_told_once_with_the_balance_of_the_moment(provider: Any) -> None:
    await on("paid")
    await pay()
    await pay()  # the same payment again
    assert await send_notices() == {"written": 1, "not": 0}
    assert await send_notices() == {"written": 0, "not": 0}
    (told,) = await written(provider)
    balance = (await read_account(NUMBER, by=SYSTEM)).balance
    assert told["template"] == "paid"
    assert "390,00" in told["text"]
    assert f"{balance // 100},{balance % 100:02}" in told["text"].replace("\xa0", "").replace(
        " ", ""
    )


async def test_money_over_a_cash_desk_has_its_receipt_and_old_money_is_no_news(
    provider: Any,
) -> None:
    await on("paid")
    await pay(source="cash", external_id="c1")
    await pay(source="bank", external_id="b1")
    day = (await read_account(NUMBER, by=SYSTEM)).day
    await close_days(by=SYSTEM, through=day + timedelta(3))
    assert await send_notices() == {"written": 0, "not": 1}
    assert await provider.fetchval("SELECT reason FROM crm_notice") == "STALE"


async def test_what_waits_is_not_written_once_it_is_switched_off_even_for_a_moment(
    provider: Any,
) -> None:
    await on("paid")
    await pay(amount=1100)
    await set_notice("paid", by=CLERK, active=False, way="sms", days=None)
    assert await send_notices() == {"written": 0, "not": 1}
    await on("paid")
    await pay(amount=1200)
    await set_notice("paid", by=CLERK, active=False, way="sms", days=None)
    await on("paid")
    assert await send_notices() == {"written": 0, "not": 1}
    assert await provider.fetch("SELECT reason FROM crm_notice") == [("OFF",), ("OFF",)]
    await pay(amount=1300)
    assert await send_notices() == {"written": 1, "not": 0}


async def test_what_is_taken_back_with_its_transaction_is_not_told(provider: Any) -> None:
    await on("paid")

    async def pay_and_fail() -> None:
        async with unit_of_work(SYSTEM):
            await pay()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await pay_and_fail()
    assert await provider.fetchval("SELECT count(*) FROM crm_notice") == 0


async def test_the_way_that_the_card_has_is_taken_and_one_without_any_is_told_why(
    provider: Any,
) -> None:
    await on("paid", way="email")
    await pay("20417", 1100)
    await send_notices()
    await provider.execute("UPDATE crm_subscriber SET email = ''")
    await pay("20417", 1200)
    await send_notices()
    await provider.execute("UPDATE crm_subscriber SET phone = ''")
    await pay("20417", 1300)
    assert await send_notices() == {"written": 0, "not": 1}
    assert [one["channel"] for one in await written(provider)][:2] == ["email", "sms"]
    assert await provider.fetchval("SELECT reason FROM crm_notice WHERE message_id IS NULL") == (
        "NO_ADDRESS"
    )


async def test_a_promise_of_a_clerk_is_told_but_not_one_of_the_subscriber_s_own(
    provider: Any,
) -> None:
    await on("promise-on")
    await give_promise(NUMBER, by=SYSTEM, amount=50000, days=5)
    assert await send_notices() == {"written": 1, "not": 0}
    (told,) = await written(provider)
    assert "Обещанный платёж до" in told["text"]
    rights = frozenset({"billing.promise.give", "billing.promise.override"})
    own = Actor("subscriber", "1", "Пётр", rights, accounts=frozenset({"20418"}))
    await give_promise("20418", by=own, amount=50000, days=5)
    assert await send_notices() == {"written": 0, "not": 0}


async def test_who_was_cut_off_is_told_of_the_debt_and_who_paid_meanwhile_is_not(
    provider: Any,
) -> None:
    await on("suspend")
    day = (await read_account(NUMBER, by=SYSTEM)).day
    await close_days(by=SYSTEM, through=day + timedelta(70))
    cut = await provider.fetch(
        "SELECT account_id, about FROM crm_notice WHERE template = 'suspend'"
    )
    assert len({row["account_id"] for row in cut}) >= 2
    assert (await read_account(NUMBER, by=SYSTEM)).state == "suspended"
    await pay(NUMBER, 900000)
    done = await send_notices()
    assert sum(done.values()) == len(cut)
    stale = await provider.fetch("SELECT account_id FROM crm_notice WHERE reason = 'STALE'")
    mine = await provider.fetchval(
        "SELECT account_id FROM billing_account_number WHERE number = $1", NUMBER
    )
    assert mine in {row["account_id"] for row in stale}
    for told in await written(provider):
        assert told["template"] == "suspend"
        assert told["state"] in {"queued", "refused"}


async def test_whose_money_runs_out_is_told_once_before_and_not_after_paying(provider: Any) -> None:
    await on("pre-due", days=14)
    view = await read_account(NUMBER, by=SYSTEM)
    assert view.outlook.until is not None
    eve = datetime.combine(view.outlook.until - timedelta(5), datetime.min.time(), UTC)
    await close_days(by=SYSTEM, through=eve.date() - timedelta(1))
    with clock.moved(eve + timedelta(hours=9)):
        await set_notice("pre-due", by=CLERK, active=False, way="sms", days=14)
        await on("pre-due", days=14)
        assert await note_pre_due() == 0, "nobody has looked ahead yet"
        assert await look_ahead() >= 1
        assert await note_pre_due() >= 1
        before = await provider.fetchval("SELECT count(*) FROM crm_notice")
        assert await note_pre_due() == 0
        assert await provider.fetchval("SELECT count(*) FROM crm_notice") == before
        await pay(NUMBER, 9900000)
        await send_notices()
    rows = await provider.fetch(
        "SELECT b.number, n.reason, n.about FROM crm_notice n JOIN billing_account b USING (account_id)"
    )
    told = {row["number"]: row for row in rows}
    assert told[NUMBER]["reason"] == "STALE"
    assert told[NUMBER]["about"] == str(view.outlook.until + timedelta(1))


async def test_a_note_that_cannot_be_written_does_not_hold_up_the_others(provider: Any) -> None:
    await on("paid")
    await pay()
    await provider.execute(
        "INSERT INTO crm_notice (account_id, template, about, at)"
        " SELECT account_id, 'paid', 'no number', at - interval '1 microsecond' FROM crm_notice"
    )
    assert await send_notices() == {"written": 1, "not": 1}
    ends = await provider.fetch("SELECT about, reason FROM crm_notice ORDER BY at")
    assert [row["reason"] for row in ends] == ["FAILED", ""]


async def test_what_is_wrong_is_named_and_only_who_may_sets_it(provider: Any) -> None:
    nobody = Actor("user", "8", "Олег", frozenset())
    with pytest.raises(Forbidden):
        await set_notice("paid", by=nobody, active=True, way="sms", days=None)
    with pytest.raises(NotFound):
        await set_notice("welcome", by=CLERK, active=True, way="sms", days=None)
    with pytest.raises(Malformed):
        await set_notice("paid", by=CLERK, active=True, way="pigeon", days=None)
    for days in (None, 0, 15):
        with pytest.raises(Malformed):
            await set_notice("pre-due", by=CLERK, active=True, way="sms", days=days)
    assert not any(one.active_since for one in (await notice_settings()).values())
