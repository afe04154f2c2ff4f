"""The analysis of tariffs: shares make a whole, migrations balance, money is the turnover sheet's."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abonent.billing.queries.tariff_analysis import tariff_analysis, tariff_history
from abonent.billing.queries.turnover import turnover
from abonent.billing.rules.periods import month_end
from abonent.billing.rules.recalculation import Truth
from abonent.billing.rules.tariff_analysis import (
    Figures,
    Flag,
    Sold,
    Thresholds,
    analogue_of,
    analyse,
    shares,
)
from abonent.billing.service import (
    accounts,
    corrections,
    days,
    freezes,
    payments,
    services,
    tariffs,
)
from abonent.billing.service.tariff_months import keep_tariff_months
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import DomainError, Forbidden

FIRST = date(2026, 3, 1)
CODES = ("adv", "adv2", "old", "day", "day2", "tv")
SERVING = {"return", "adjustment", "correction", "compensation"}


@given(st.lists(st.integers(0, 10**12), max_size=60))
def test_shares_make_a_whole(parts: list[int]) -> None:
    found = shares(parts)
    assert sum(found) == (10_000 if sum(parts) else 0)
    exact = sum(parts) or 1
    assert all(abs(s * exact - p * 10_000) < exact for s, p in zip(found, parts, strict=True))


def sold(key: int, price: int, **more: Any) -> Sold:
    given: dict[str, Any] = {
        "id": key, "code": f"t{key}", "name": f"T{key}", "kind": "internet", "mode": "advance",
        "audience": "", "price": price, "speed": None, "archived_on": None, "analogue": None,
    }  # fmt: skip
    return Sold(**given | more)


def test_the_worked_example_of_the_archive() -> None:
    """1,240 of 12,653 services, 90 roubles under the open analogue: 111,600 a month."""
    known = {
        1: sold(1, 56000, archived_on=FIRST),
        2: sold(2, 65000),
        3: sold(3, 90000),
    }
    figures = {
        1: Figures(1250, 1240, 1, 11, price_sum=1240 * 56000, charged=51_045_000, archived=True),
        2: Figures(11000, 11413, 500, 87, price_sum=11413 * 65000, charged=720_000_000),
    }
    found = analyse(FIRST, month_end(FIRST), figures, {}, tariffs=known, thresholds=Thresholds())
    line = found.lines[1]
    assert (line.share, line.drag, line.figures.arpu) == (980, 11_160_000, 41000)
    assert line.figures.churn == 88
    assert line.flags == (Flag.ARPU_LOW,)
    assert found.drag == 11_160_000


def test_an_archive_tariff_that_holds_much_of_the_base_is_flagged() -> None:
    known = {1: sold(1, 100, archived_on=FIRST), 2: sold(2, 100)}
    figures = {1: Figures(ended=16, archived=True), 2: Figures(ended=84)}
    limits = Thresholds(archive_share=1500)
    found = analyse(FIRST, FIRST, figures, {}, tariffs=known, thresholds=limits)
    assert [line.flags for line in found.lines] == [(), (Flag.ARCHIVE_LARGE,)]


def test_the_analogue_is_named_or_the_nearest_by_speed_then_by_price() -> None:
    old = sold(1, 40000, speed=50, archived_on=FIRST)
    slow, fast = sold(2, 90000, speed=60), sold(3, 41000, speed=300)
    gone = sold(4, 40000, speed=50, archived_on=FIRST)
    tv = sold(5, 40000, kind="tv", speed=50)
    every = [old, slow, fast, gone, tv]
    assert analogue_of(old, every, FIRST) is slow
    assert analogue_of(sold(1, 40000, archived_on=FIRST), every, FIRST) is fast
    assert analogue_of(sold(1, 40000, speed=50, analogue=3), every, FIRST) is fast
    assert analogue_of(sold(1, 40000, speed=50, analogue=4), every, FIRST) is slow
    assert analogue_of(sold(1, 1, kind="phone"), every, FIRST) is None


async def a_provider() -> None:
    await days.begin(FIRST, by=SYSTEM)
    for code, kind, mode, fee in (
        ("adv", "internet", "advance", 56000),
        ("adv2", "internet", "advance", 90000),
        ("old", "internet", "advance", 31000),
        ("day", "internet", "daily", 31000),
        ("day2", "internet", "daily", 62000),
        ("tv", "tv", "arrears", 30000),
    ):
        await tariffs.create_tariff(
            by=SYSTEM, code=code, name=code, kind=kind, mode=mode, fee=fee, connection_fee=700
        )
    for n in range(12):
        await accounts.open_new_account(str(n + 1), by=SYSTEM, billing_day=1 + 2 * n)
        for tariff in (("adv", "tv"), ("day",), ("old",))[n % 3]:
            await services.add_service(str(n + 1), by=SYSTEM, tariff=tariff)


async def anything(chance: Random, day: date, step: int) -> None:
    """One thing that people do, or a refusal of it."""
    number, tariff = str(chance.randint(1, 12)), chance.choice(CODES)
    what = chance.randrange(9)
    if what < 3:
        await payments.take_payment(
            number, by=SYSTEM, amount=chance.randint(1, 120000), source="cash",
            external_id=f"{step}",
        )  # fmt: skip
    elif what == 3:
        await services.change_tariff(number, 1, by=SYSTEM, tariff=tariff, on="asap", anyway=True)
    elif what == 4:
        await services.add_service(number, by=SYSTEM, tariff=tariff)
    elif what == 5:
        await services.end_service(number, chance.randint(1, 2), by=SYSTEM)
    elif what == 6:
        await services.grant_discount(
            number, 1, by=SYSTEM, start=day, end=day + timedelta(chance.randint(1, 60)),
            reason="r", percent=chance.choice((1000, 5000)),
        )  # fmt: skip
    elif what == 7:
        await payments.charge_fee(
            number, by=SYSTEM, amount=500, kind="visit", reason="r", into_debt=True
        )
    else:
        start = day + timedelta(1)
        await freezes.freeze_account(number, by=SYSTEM, start=start, end=start + timedelta(9))


async def lived(seed: int) -> date:
    """Three months and a half of it; answers the open day."""
    await a_provider()
    chance, day = Random(seed), FIRST
    for step in range(35):
        for turn in range(4):
            try:
                await anything(chance, day, step * 4 + turn)
            except DomainError:
                continue
        if step == 12:
            later = day + timedelta(15)
            await tariffs.add_version("adv", by=SYSTEM, fee=61000, start=later, moves=True)
            await tariffs.add_version("old", by=SYSTEM, fee=35000, start=day, moves=False)
            await tariffs.archive_tariff("old", by=SYSTEM)
        day += timedelta(3)
        await days.close_days(by=SYSTEM, through=day - timedelta(1))
    return day


@pytest.mark.parametrize("seed", range(3))
async def test_a_month_balances_and_its_money_is_the_turnover_sheets(db: Any, seed: int) -> None:
    open_day = await lived(seed)
    before: dict[int, int] = {}
    moved, churned, corrected_ever = 0, 0, False
    for month in (FIRST, date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)):
        found = (await tariff_analysis(by=SYSTEM, month=month)).analysis
        lines, total = found.lines, found.total
        assert sum(line.share for line in lines) == 10_000
        assert total.moved_in == total.moved_out == sum(found.moves.values())
        for line in lines:
            own = line.figures
            assert own.ended == own.began + own.came - own.gone + own.moved_in - own.moved_out
            into = sum(n for (_, to), n in found.moves.items() if to == line.tariff.id)
            assert own.moved_in == into
            if before:
                assert own.began == before.get(line.tariff.id, 0)
        before = {line.tariff.id: line.figures.ended for line in lines}
        moved, churned = moved + total.moved_in, churned + total.gone
        corrected_ever = corrected_ever or bool(total.corrected)
        end = min(month_end(month), open_day) + timedelta(1)
        sheet = await turnover(by=SYSTEM, start=month, end=end, level="legal_entity")
        assert total.charged == sum(sheet.total.charges.values())
        corrected = sheet.total.corrections_by_kind.items()
        assert total.corrected == sum(amount for kind, amount in corrected if kind in SERVING)
    assert moved
    assert churned
    assert corrected_ever


async def test_a_kept_month_is_what_it_was_reckoned_to_be(db: Any) -> None:
    await lived(5)
    months = (FIRST, date(2026, 4, 1), date(2026, 5, 1))
    live = [(await tariff_analysis(by=SYSTEM, month=month)).analysis for month in months]
    assert await keep_tariff_months() == list(months)
    assert await keep_tariff_months() == []
    kept = [(await tariff_analysis(by=SYSTEM, month=month)).analysis for month in months]
    assert kept == live
    assert (await tariff_analysis(by=SYSTEM)).analysis.month == months[-1]
    history = await tariff_history(by=SYSTEM, until=date(2026, 6, 1))
    assert list(history) == list(months)
    assert sum(one.charged for one in history[FIRST].values()) == live[0].total.charged


async def test_who_kept_an_old_price_is_counted_at_it(db: Any) -> None:
    await days.begin(FIRST, by=SYSTEM)
    await tariffs.create_tariff(
        by=SYSTEM, code="t", name="T", kind="internet", mode="advance", fee=40000
    )
    for n in range(2):
        await accounts.open_new_account(str(n), by=SYSTEM, billing_day=1)
        await services.add_service(str(n), by=SYSTEM, tariff="t")
        if n == 0:
            await tariffs.add_version("t", by=SYSTEM, fee=50000, start=FIRST, moves=False)
    found = (await tariff_analysis(by=SYSTEM)).analysis
    assert found.total.price_sum in {90000, 100000}
    await days.close_days(by=SYSTEM, through=date(2026, 3, 4))
    await tariffs.add_version("t", by=SYSTEM, fee=70000, start=date(2026, 3, 5), moves=False)
    await accounts.open_new_account("9", by=SYSTEM, billing_day=1)
    await services.add_service("9", by=SYSTEM, tariff="t")
    again = (await tariff_analysis(by=SYSTEM)).analysis
    assert again.total.price_sum == found.total.price_sum + 70000


async def test_a_correction_of_another_month_is_money_of_the_month_it_is_made_in(db: Any) -> None:
    await a_provider()
    await payments.take_payment("1", by=SYSTEM, amount=200000, source="cash", external_id="p")
    await days.close_days(by=SYSTEM, through=date(2026, 4, 5))
    before = (await tariff_analysis(by=SYSTEM)).analysis
    truth = Truth(date(2026, 3, 2), date(2026, 3, 9), served=False)
    await corrections.recalculate("1", 1, by=SYSTEM, truth=truth, reason="r", confirm=True)
    after = (await tariff_analysis(by=SYSTEM)).analysis
    assert after.total.corrected < before.total.corrected
    assert after.other == before.other


async def test_who_is_confined_to_districts_does_not_see_the_whole_base(db: Any) -> None:
    await days.begin(FIRST, by=SYSTEM)
    confined = Actor("user", "1", "A", frozenset({"billing.*"}), districts=frozenset({"Север"}))
    with pytest.raises(Forbidden):
        await tariff_analysis(by=confined)
