"""Every worked example of the engine's contract, through the API (ENGINE 8)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.web.api.conftest import Caller

SERVED, SUSPENDED = ["served"], ["suspended"]


async def opened(api: Caller, first: date, mode: str, fee: int, billing_day: int = 1) -> None:
    await api.begin(first)
    await api.tariff("t", mode, fee)
    await api.account("1", billing_day)


async def test_a_a_rest_of_march_costs_its_day_shares(api: Caller) -> None:
    await opened(api, date(2026, 3, 14), "advance", 56000)
    await api.pay(32516)
    await api.service("t")
    assert await api.look() == (0, SERVED)


async def test_a2_the_shares_of_february_sum_to_the_fee(api: Caller) -> None:
    await opened(api, date(2026, 2, 1), "daily", 50000)
    await api.pay(60000)
    await api.service("t")
    seen = [(await api.look())[0]]
    for day in (2, 28):
        await api.open_on(date(2026, 2, day))
        seen.append((await api.look())[0])
    assert [60000 - balance for balance in seen] == [1786, 1786 + 1785, 50000]


@pytest.mark.parametrize("stepwise", [True, False])
async def test_b_a_daily_service_runs_until_its_money_is_out(api: Caller, stepwise: bool) -> None:  # noqa: FBT001
    await opened(api, date(2026, 3, 1), "daily", 56000)
    await api.service("t")
    await api.pay(10000)
    assert (await api.get("accounts/1"))["money_lasts_until"] == "2026-03-05"
    for day in range(2, 6) if stepwise else [5]:
        await api.open_on(date(2026, 3, day))
        assert (await api.look())[1] == SERVED
    await api.open_on(date(2026, 3, 6))
    assert await api.look() == (968, SUSPENDED)


async def test_b2_who_pays_is_served_again_the_same_day(api: Caller) -> None:
    await opened(api, date(2026, 3, 1), "daily", 56000)
    await api.service("t")
    await api.pay(10000)
    await api.open_on(date(2026, 3, 10))
    paid = await api.pay(30000)
    assert paid["account"]["balance"] == 29161
    assert await api.look() == (29161, SERVED)


async def test_c_to_c5_a_promise_is_taken_broken_and_paid(api: Caller) -> None:
    await opened(api, date(2026, 3, 14), "advance", 56000)
    await api.service("t")
    await api.pay(56000)
    assert await api.look() == (23484, SERVED)
    await api.open_on(date(2026, 4, 1))
    assert await api.look() == (23484, SUSPENDED)
    promise = await api.post("accounts/1/promises", amount=40000, days=5)
    assert (promise["amount"], promise["until"], promise["state"]) == (
        40000,
        "2026-04-06",
        "active",
    )
    assert promise["account"]["promise"]["until"] == "2026-04-06"
    assert await api.look() == (-32516, SERVED)
    await api.open_on(date(2026, 4, 6))
    assert await api.look() == (14151, SUSPENDED)
    back = next(e for e in await api.entries() if e["kind"] == "return")
    assert (back["amount"], back["period"]) == (46667, {"from": "2026-04-06", "to": "2026-05-01"})
    await api.pay(40000)
    assert await api.look() == (7484, SERVED)


async def test_d_a_higher_tariff_takes_effect_today_and_a_lower_one_tomorrow(api: Caller) -> None:
    await opened(api, date(2026, 4, 1), "advance", 56000)
    await api.tariff("big", "advance", 90000)
    await api.tariff("small", "advance", 30000)
    await api.pay(100000)
    await api.service("t")
    await api.open_on(date(2026, 4, 16))
    done = await api.post("accounts/1/services/1/tariff", tariff="big", on="asap")
    assert (done["effective_on"], done["account"]["balance"]) == ("2026-04-16", 27000)
    done = await api.post("accounts/1/services/1/tariff", tariff="small", on="asap")
    assert (done["effective_on"], done["account"]["balance"]) == ("2026-04-17", 69000)
    scheduled = done["account"]["services"][0]["scheduled"]
    assert scheduled == [{"on": "2026-04-17", "tariff": "small"}]
    await api.open_on(date(2026, 4, 17))
    assert await api.look() == (55000, SERVED)


async def test_d3_a_scheduled_change_ends_the_old_tariff(api: Caller) -> None:
    await opened(api, date(2026, 3, 20), "advance", 56000)
    await api.tariff("big", "advance", 90000)
    await api.service("t", from_=date(2026, 4, 1))
    await api.post("accounts/1/services/1/tariff", tariff="big", on=date(2026, 4, 16))
    await api.open_on(date(2026, 4, 1))
    await api.pay(60000)
    assert await api.look() == (32000, SERVED)
    await api.open_on(date(2026, 4, 16))
    assert await api.look() == (32000, SUSPENDED)


async def test_e_money_reaches_services_by_priority(api: Caller) -> None:
    await opened(api, date(2026, 4, 1), "advance", 56000)
    await api.tariff("tv", "advance", 20000, kind="tv")
    await api.service("t", priority=1)
    await api.service("tv", priority=2)
    await api.pay(60000)
    assert await api.look() == (4000, ["served", "suspended"])
    await api.open_on(date(2026, 4, 11))
    await api.pay(20000)
    assert await api.look() == (10667, ["served", "served"])


async def test_f_a_freeze_gives_held_days_back_at_once(api: Caller) -> None:
    await opened(api, date(2026, 6, 1), "advance", 60000)
    await api.pay(60000)
    await api.service("t")
    await api.open_on(date(2026, 6, 5))
    freeze = await api.post(
        "accounts/1/freezes", from_=date(2026, 6, 11), to=date(2026, 6, 21), reason="away"
    )
    assert freeze["account"]["balance"] == 20000
    assert freeze["account"]["freezes"] == [{"id": 1, "from": "2026-06-11", "to": "2026-06-21"}]
    await api.open_on(date(2026, 6, 11))
    assert await api.look() == (20000, ["frozen"])
    await api.open_on(date(2026, 6, 21))
    assert await api.look() == (20000, SERVED)
    assert (await api.get("accounts/1"))["money_lasts_until"] == "2026-06-30"


async def test_f2_a_freeze_known_before_is_not_charged(api: Caller) -> None:
    await opened(api, date(2026, 5, 20), "advance", 60000)
    await api.pay(60000)
    await api.service("t", from_=date(2026, 6, 1))
    await api.post("accounts/1/freezes", from_=date(2026, 6, 11), to=date(2026, 6, 21))
    await api.open_on(date(2026, 6, 1))
    assert await api.look() == (20000, SERVED)


async def test_g_postpaid_days_are_charged_on_the_next_period(api: Caller) -> None:
    await opened(api, date(2026, 1, 20), "arrears", 30000)
    await api.service("t")
    await api.open_on(date(2026, 2, 1))
    assert await api.look() == (-11613, SERVED)
    await api.open_on(date(2026, 3, 1))
    assert await api.look() == (-41613, SERVED)


async def test_m_postpaid_stops_prepaid_only_when_it_is_due(api: Caller) -> None:
    await opened(api, date(2026, 1, 1), "advance", 56000)
    await api.tariff("tv", "arrears", 30000, due_days=15, kind="tv")
    await api.service("t", priority=1)
    await api.service("tv", priority=2)
    await api.pay(56000)
    await api.open_on(date(2026, 2, 1))
    await api.pay(56000)
    assert await api.look() == (-30000, ["served", "served"])
    await api.open_on(date(2026, 2, 16))
    assert await api.look() == (-4000, ["suspended", "served"])


async def test_h_billing_day_31_is_counted_from_the_configured_day(api: Caller) -> None:
    await opened(api, date(2026, 1, 31), "advance", 60000, billing_day=31)
    await api.pay(600000)
    await api.service("t")
    await api.open_on(date(2026, 5, 1))
    charged = [e["day"] for e in await api.entries() if e["kind"] == "charge"]
    assert charged == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]


async def test_k_a_discount_is_taken_day_by_day(api: Caller) -> None:
    await opened(api, date(2026, 3, 20), "advance", 60000)
    await api.pay(60000)
    await api.service("t", from_=date(2026, 4, 1))
    await discount(api)
    await api.open_on(date(2026, 4, 1))
    assert await api.look() == (10000, SERVED)


async def test_k2_a_discount_on_charged_days_is_given_back_at_once(api: Caller) -> None:
    await opened(api, date(2026, 4, 1), "advance", 60000)
    await api.pay(60000)
    await api.service("t")
    await api.open_on(date(2026, 4, 5))
    given = await discount(api)
    assert given["account"]["balance"] == 10000
    assert await api.look() == (10000, SERVED)


async def discount(api: Caller) -> dict[str, dict[str, int]]:
    answer: dict[str, dict[str, int]] = await api.post(
        "accounts/1/services/1/discounts",
        percent=50,
        from_=date(2026, 4, 11),
        to=date(2026, 4, 21),
        reason="an apology",
    )
    return answer


async def test_r_a_reversed_payment_cuts_off_tomorrow(api: Caller) -> None:
    await opened(api, date(2026, 4, 1), "advance", 60000)
    payment = await api.pay(60000)
    await api.service("t")
    await api.open_on(date(2026, 4, 10))
    await api.post(f"accounts/1/payments/{payment['id']}/reversal", reason="chargeback")
    assert await api.look() == (-60000, SERVED)
    await api.open_on(date(2026, 4, 11))
    assert await api.look() == (-20000, SUSPENDED)


async def test_x_an_ended_service_gives_back_its_unused_days(api: Caller) -> None:
    await opened(api, date(2026, 4, 1), "advance", 60000)
    await api.pay(60000)
    await api.service("t")
    await api.open_on(date(2026, 4, 10))
    ended = await api.post("accounts/1/services/1/end")
    assert (ended["ends_on"], ended["account"]["balance"]) == ("2026-04-11", 40000)
    assert await api.look() == (40000, SERVED)
    await api.open_on(date(2026, 4, 11))
    assert await api.look() == (40000, ["ended"])
