"""The engine's edge cases through the API (the list at the end of ENGINE 8)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from abonent.billing.service import tariffs
from abonent.kernel.actor import SYSTEM
from abonent.kernel.settings import Settings
from abonent.web.app import create_app
from abonent.web.service import create_token
from tests.web.api.conftest import Caller, client_of

MANY = 10_000


async def opened(api: Caller, first: date, mode: str, fee: int, billing_day: int = 1) -> None:
    await api.begin(first)
    await api.tariff("t", mode, fee)
    await api.account("1", billing_day)


async def adds_up(api: Caller, number: str = "1") -> None:
    """The entries sum to the balance, and each explains itself to its amount."""
    entries = await api.entries(number)
    assert sum(entry["amount"] for entry in entries) == (await api.look(number))[0]
    assert [e["explanation"]["total"] for e in entries] == [e["amount"] for e in entries]
    balance = 0
    for entry in entries:
        balance += entry["amount"]
        assert entry["balance_after"] == balance


@pytest.mark.parametrize(
    ("first", "billing_day", "charged"),
    [
        (date(2028, 1, 29), 29, ["2028-01-29", "2028-02-29", "2028-03-29", "2028-04-29"]),
        (date(2027, 1, 29), 29, ["2027-01-29", "2027-02-28", "2027-03-29", "2027-04-29"]),
        (date(2028, 1, 30), 30, ["2028-01-30", "2028-02-29", "2028-03-30", "2028-04-30"]),
        (date(2027, 1, 31), 31, ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
    ],
)
async def test_leap_days_and_the_last_days_of_months(
    api: Caller, first: date, billing_day: int, charged: list[str]
) -> None:
    await opened(api, first, "advance", 60000, billing_day)
    await api.pay(600000)
    await api.service("t")
    await api.open_on(date(first.year, 5, 1))
    entries = [e for e in await api.entries() if e["kind"] == "charge"]
    assert [e["day"] for e in entries] == charged
    assert {e["amount"] for e in entries} == {-60000}
    await adds_up(api)


async def test_connecting_and_cancelling_on_the_same_day_costs_one_day(api: Caller) -> None:
    await opened(api, date(2026, 4, 10), "advance", 60000)
    await api.pay(60000)
    await api.service("t")
    assert await api.look() == (18000, ["served"])
    ended = await api.post("accounts/1/services/1/end")
    assert (ended["ends_on"], ended["account"]["balance"]) == ("2026-04-11", 58000)
    await api.open_on(date(2026, 5, 2))
    assert await api.look() == (58000, ["ended"])
    await adds_up(api)


async def test_a_service_cancelled_before_its_start_costs_nothing(api: Caller) -> None:
    await opened(api, date(2026, 4, 10), "advance", 60000)
    await api.pay(60000)
    await api.service("t", from_=date(2026, 4, 20))
    await api.post("accounts/1/services/1/end")
    await api.open_on(date(2026, 5, 2))
    assert await api.look() == (60000, ["ended"])


async def test_two_changes_on_one_day_charge_the_day_once(api: Caller) -> None:
    await opened(api, date(2026, 4, 1), "advance", 56000)
    await api.tariff("big", "advance", 90000)
    await api.tariff("small", "advance", 30000)
    await api.pay(100000)
    await api.service("t")
    await api.open_on(date(2026, 4, 16))
    seen = []
    for tariff in ("big", "small", "big"):
        done = await api.post("accounts/1/services/1/tariff", tariff=tariff, on="asap")
        seen.append((done["effective_on"], done["account"]["balance"]))
    assert seen == [("2026-04-16", 27000), ("2026-04-17", 69000), ("2026-04-16", 27000)]
    await api.open_on(date(2026, 5, 1))
    assert (await api.look())[0] == 27000
    await adds_up(api)


async def test_a_back_dated_payment_changes_no_past_day(api: Caller) -> None:
    await opened(api, date(2026, 4, 1), "advance", 60000)
    await api.service("t")
    await api.open_on(date(2026, 4, 10))
    assert await api.look() == (0, ["suspended"])
    await api.post(
        "accounts/1/payments",
        amount=60000,
        source="bank",
        external_id="late",
        paid_on=date(2026, 4, 1),
    )
    assert await api.look() == (60000 - 42000, ["served"])
    assert [e["day"] for e in await api.entries()] == ["2026-04-10", "2026-04-10"]
    await adds_up(api)


async def test_a_promise_that_ends_on_the_periods_first_day_is_judged_before_charges(
    api: Caller,
) -> None:
    await opened(api, date(2026, 3, 27), "advance", 56000)
    await api.service("t")
    await api.post("accounts/1/promises", amount=10000, days=5)
    assert await api.look() == (-9032, ["served"])
    await api.open_on(date(2026, 4, 1))
    assert await api.look() == (-9032, ["suspended"])
    assert (await api.get("accounts/1"))["promise"] is None
    offers = (await api.get("accounts/1/promises/offers"))["items"]
    assert offers[0]["offer"] == "standard"
    assert offers[0]["code"] == "TOO_EARLY"
    assert offers[0]["allowed_from"] == "2026-05-26"
    await adds_up(api)


async def test_a_freeze_over_a_periods_edge(api: Caller) -> None:
    await opened(api, date(2026, 4, 1), "advance", 60000)
    await api.pay(120000)
    await api.service("t")
    await api.open_on(date(2026, 4, 10))
    await api.post("accounts/1/freezes", from_=date(2026, 4, 25), to=date(2026, 5, 6))
    assert await api.look() == (72000, ["served"])
    await api.open_on(date(2026, 5, 1))
    assert await api.look() == (72000, ["frozen"])
    await api.open_on(date(2026, 5, 6))
    assert await api.look() == (72000 - 50323, ["served"])
    await adds_up(api)


async def test_a_freeze_ends_early_and_serves_again(api: Caller) -> None:
    await opened(api, date(2026, 6, 1), "advance", 60000)
    await api.pay(60000)
    await api.service("t")
    freeze = await api.post("accounts/1/freezes", from_=date(2026, 6, 11), to=date(2026, 6, 21))
    await api.open_on(date(2026, 6, 14))
    ended = await api.post(f"accounts/1/freezes/{freeze['id']}/end")
    assert (ended["from"], ended["to"]) == ("2026-06-11", "2026-06-15")
    await api.open_on(date(2026, 6, 15))
    assert await api.look() == (20000 - 12000, ["served"])
    await adds_up(api)


async def test_a_discount_that_ends_in_the_middle_of_a_period(api: Caller) -> None:
    await opened(api, date(2026, 4, 1), "advance", 60000)
    await api.pay(60000)
    await api.service("t", from_=date(2026, 4, 2))
    await api.post(
        "accounts/1/services/1/discounts",
        percent=50,
        from_=date(2026, 4, 1),
        to=date(2026, 4, 11),
        reason="a welcome",
    )
    await api.open_on(date(2026, 4, 2))
    assert await api.look() == (60000 - 9 * 1000 - 20 * 2000, ["served"])
    await adds_up(api)


@pytest.mark.parametrize("mode", ["advance", "daily", "arrears"])
async def test_a_fee_of_one_minor_unit_is_charged_once_a_period(api: Caller, mode: str) -> None:
    await opened(api, date(2026, 4, 1), mode, 1)
    await api.pay(1)
    await api.service("t")
    for day in range(2, 31):
        await api.open_on(date(2026, 4, day))
        assert (await api.look())[1] == ["served"]
    await api.open_on(date(2026, 5, 1))
    assert (await api.look())[0] == 0
    await adds_up(api)


@pytest.mark.parametrize("mode", ["advance", "daily", "arrears"])
async def test_a_zero_fee_is_served_without_money_but_not_in_debt(api: Caller, mode: str) -> None:
    await opened(api, date(2026, 4, 1), mode, 0)
    await api.service("t")
    assert await api.look() == (0, ["served"])
    await api.post("accounts/1/fees", amount=1, kind="visit", reason="r", into_debt=True)
    await api.open_on(date(2026, 5, 1))
    state = "served" if mode == "arrears" else "suspended"
    assert await api.look() == (-1, [state])
    await adds_up(api)


async def test_reversal_of_a_payment_that_had_been_spent(api: Caller) -> None:
    await opened(api, date(2026, 4, 1), "daily", 60000)
    payment = await api.pay(10000)
    await api.service("t")
    await api.open_on(date(2026, 4, 5))
    assert await api.look() == (0, ["served"])
    path = f"accounts/1/payments/{payment['id']}/reversal"
    reversed_ = await api.post(path, reason="chargeback")
    assert reversed_["account"]["balance"] == -10000
    assert await api.look() == (-10000, ["served"])
    again = await api.refused(422, path, reason="chargeback")
    assert again["code"] == "ALREADY_REVERSED"
    await api.open_on(date(2026, 4, 6))
    assert await api.look() == (-10000, ["suspended"])
    entry = next(e for e in await api.entries() if e["kind"] == "reversal")
    assert entry["corrects"] == payment["id"]
    await adds_up(api)


async def test_a_tariff_archived_while_in_use_goes_on_and_is_sold_no_more(api: Caller) -> None:
    await opened(api, date(2026, 4, 1), "advance", 60000)
    await api.pay(120000)
    await api.service("t")
    await tariffs.archive_tariff("t", by=SYSTEM)
    told = await api.refused(422, "accounts/1/services", tariff="t")
    assert told["code"] == "TARIFF_NOT_SOLD"
    await api.open_on(date(2026, 5, 1))
    assert await api.look() == (0, ["served"])


async def test_an_account_with_no_service_keeps_its_money(api: Caller) -> None:
    await opened(api, date(2026, 4, 1), "advance", 60000)
    await api.pay(500)
    await api.open_on(date(2026, 6, 1))
    seen = await api.get("accounts/1")
    assert (seen["balance"], seen["services"], seen["state"]) == (500, [], "idle")
    assert seen["money_lasts_until"] is None
    given = await api.post("accounts/1/refunds", amount=500, method="cash")
    assert (given["kind"], given["amount"], given["account"]["balance"]) == ("refund", -500, 0)
    assert given["explanation"]["total"] == -500


@pytest.mark.slow
async def test_an_account_with_ten_thousand_services(api: Caller, db: Any) -> None:
    await opened(api, date(2026, 4, 1), "advance", 30)
    await db.execute(
        "INSERT INTO billing_service (account_id, no, tariff_id, priority, starts_on, settled_to,"
        " billed_to, place_id) SELECT a.account_id, n, t.id, 1, '2026-04-01', '2026-04-01',"
        " '2026-04-01', a.place_id FROM billing_account a, billing_tariff t,"
        " generate_series(1, $1::int) n",
        MANY,
    )
    paid = await api.pay(30 * MANY)
    states = {service["state"] for service in paid["account"]["services"]}
    assert (len(paid["account"]["services"]), states) == (MANY, {"served"})
    assert paid["account"]["balance"] == 0
    await api.open_on(date(2026, 5, 1))
    balance, states_later = await api.look()
    assert (balance, set(states_later)) == (0, {"suspended"})


@pytest.fixture
async def berlin(db: Any, database: Settings, tmp_path: Path) -> AsyncIterator[Caller]:
    """A provider where clocks are put forward on 29 March and back on 25 October 2026."""
    app = create_app(database.having(home=tmp_path, timezone="Europe/Berlin"), own_database=False)
    async with client_of(app, await create_token("a program")) as client:
        yield Caller(client)


@pytest.mark.may_block
@pytest.mark.parametrize(
    ("start", "end", "open_day", "days"),
    [
        # 24 hours by the clock's hands are 23 on the day of summer time: one day.
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", (3, 31), ["2026-03-29"]),
        # 24 real hours reach into the 30th, and still pay for one day.
        ("2026-03-29T00:00:00+01:00", "2026-03-30T01:00:00+02:00", (3, 31), ["2026-03-29"]),
        (
            "2026-03-28T23:00:00+01:00",
            "2026-03-30T01:00:00+02:00",
            (3, 31),
            ["2026-03-28", "2026-03-29"],
        ),
        # The day of winter time has 25 hours: two days are paid, but only one was touched.
        ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", (10, 27), ["2026-10-25"]),
    ],
)
async def test_outages_on_days_when_clocks_are_changed(
    berlin: Caller, start: str, end: str, open_day: tuple[int, int], days: list[str]
) -> None:
    first = date(2026, open_day[0], 1)
    await opened(berlin, first, "daily", 31000)
    await berlin.pay(31000)
    await berlin.service("t")
    await berlin.open_on(date(2026, *open_day))
    body = {"incident": "I-1", "from": start, "to": end, "accounts": ["1"], "reason": "outage"}
    shown = await berlin.post("compensations", **body)
    assert [day["day"] for day in shown["items"][0]["days"]] == days
    assert shown["total"] == 1000 * len(days)
    before = (await berlin.look())[0]
    await berlin.post("compensations", **body, confirm=True)
    assert (await berlin.look())[0] == before + 1000 * len(days)
    again = await berlin.post("compensations", **body, confirm=True)
    assert again["total"] == 0
    await adds_up(berlin)


async def test_a_day_is_closed_on_days_when_clocks_are_changed(api: Caller) -> None:
    await opened(api, date(2026, 3, 28), "daily", 31000)
    await api.pay(31000)
    await api.service("t")
    for day, balance in ((29, 29000), (30, 28000), (31, 27000)):
        closed = await api.post("day/close")
        assert closed["day"] == f"2026-03-{day}"
        assert await api.look() == (balance, ["served"])
