"""The turnover sheet: each level sums to the next, edges cut exactly, roll-ups say what entries say."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.places import Within
from abonent.billing.queries.turnover import LEVELS, Level, Sheet, turnover
from abonent.billing.service import accounts, days, freezes, payments, services, tariffs
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Malformed

FIRST = date(2026, 3, 1)


async def provider(db: Any) -> None:
    """Three buildings in two districts, two legal entities, all charge modes, a move and a freeze."""
    await days.begin(FIRST, by=SYSTEM)
    await db.execute("INSERT INTO billing_legal_entity VALUES (2, 'two', 'Второе')")
    for code, kind, mode, fee in (
        ("adv", "internet", "advance", 56000),
        ("day", "internet", "daily", 31000),
        ("tv", "tv", "arrears", 30000),
    ):
        await tariffs.create_tariff(
            by=SYSTEM, code=code, name=code, kind=kind, mode=mode, fee=fee, connection_fee=1000
        )
    async with unit_of_work(SYSTEM) as work:
        spots = [
            await accounts.place_id(work.connection, district=d, street="Лесная", house=h)
            for d, h in (("Север", "1"), ("Север", "2"), ("Юг", "1"))
        ]
    for n in range(6):
        number = str(n + 1)
        await accounts.open_new_account(
            number, by=SYSTEM, billing_day=1 + 5 * n, legal_entity=("main", "two")[n % 2],
            place=spots[n % 3],
        )  # fmt: skip
        for tariff in (("adv", "tv"), ("day",), ("day", "adv"))[n % 3]:
            await services.add_service(number, by=SYSTEM, tariff=tariff)
        await pay(number, 40000 + 17000 * n, "cash", f"a{n}")


async def pay(number: str, amount: int, source: str, external: str) -> None:
    await payments.take_payment(
        number, by=SYSTEM, amount=amount, source=source, external_id=external
    )


async def lived(db: Any) -> None:
    """Two and a half months of it: the open day is 20 May."""
    await provider(db)
    await days.close_days(by=SYSTEM, through=date(2026, 3, 16))
    await freezes.freeze_account("2", by=SYSTEM, start=date(2026, 3, 20), end=date(2026, 4, 5))
    await pay("3", 90000, "bank", "b1")
    await services.grant_discount(
        "5", 1, by=SYSTEM, start=date(2026, 4, 10), end=date(2026, 4, 20), reason="r", percent=5000
    )
    await days.close_days(by=SYSTEM, through=date(2026, 4, 10))
    for n in range(6):
        await pay(str(n + 1), 70000, "bank", f"c{n}")
    taken = await payments.take_payment(
        "1", by=SYSTEM, amount=5000, source="cash", external_id="oops"
    )
    await payments.reverse_payment("1", taken.entry_no, by=SYSTEM, reason="mistake")
    await payments.charge_fee("4", by=SYSTEM, amount=700, kind="visit", reason="r", into_debt=True)
    await payments.give_bonus("4", by=SYSTEM, amount=900, reason="r")
    await days.close_days(by=SYSTEM, through=date(2026, 5, 19))


async def sheet(start: date, end: date, level: Level = "legal_entity", **more: Any) -> Sheet:
    return await turnover(by=SYSTEM, start=start, end=end, level=level, **more)


def figures(row: Any) -> tuple[Any, ...]:
    def kept(lines: dict[str, int]) -> dict[str, int]:
        return {name: amount for name, amount in sorted(lines.items()) if amount}

    return (
        row.opening, kept(row.charges), kept(row.payments), kept(row.corrections_by_kind),
        row.closing,
    )  # fmt: skip


def summed(rows: list[Any]) -> tuple[int, int]:
    return sum(r.opening for r in rows), sum(r.closing for r in rows)


SPANS = [
    (date(2026, 3, 1), date(2026, 4, 1)),
    (date(2026, 4, 1), date(2026, 5, 1)),
    (date(2026, 3, 9), date(2026, 4, 17)),
    (date(2026, 3, 20), date(2026, 5, 21)),
    (date(2026, 4, 1), date(2026, 5, 11)),
    (date(2026, 5, 3), date(2026, 5, 4)),
    (date(2026, 2, 1), date(2026, 7, 1)),
]


async def test_every_level_sums_to_the_level_above_it(db: Any) -> None:
    await lived(db)
    for start, end in SPANS:
        sheets = [await sheet(start, end, level) for level in LEVELS]
        for one in sheets:
            assert summed(one.rows) == (one.total.opening, one.total.closing)
            assert figures(one.total) == figures(sheets[0].total)
    top = await sheet(*SPANS[2], "legal_entity")
    districts = await sheet(*SPANS[2], "district")
    for row in top.rows:
        inside = await sheet(*SPANS[2], "building", within=Within(legal_entity=row.key))
        assert figures(inside.total) == figures(row)
    for row in districts.rows:
        inside = await sheet(*SPANS[2], "building", within=Within(district=row.key))
        assert figures(inside.total) == figures(row)
        for building in inside.rows:
            own = await sheet(*SPANS[2], "account", within=Within(building=int(building.key)))
            assert figures(own.total) == figures(building)
            for account in own.rows:
                alone = await sheet(
                    *SPANS[2], "account",
                    within=Within(account=account.key, building=int(building.key)),
                )  # fmt: skip
                assert figures(alone.total) == figures(account)


async def test_a_roll_up_says_what_entries_say(db: Any) -> None:
    await lived(db)
    for start, end in SPANS:
        for level in LEVELS:
            rolled = await sheet(start, end, level)
            plain = await sheet(start, end, level, roll_up=False)
            ours = {r.key: figures(r) for r in rolled.rows if any(figures(r))}
            assert ours == {r.key: figures(r) for r in plain.rows if any(figures(r))}


async def test_days_one_by_one_add_up_to_the_period(db: Any) -> None:
    await lived(db)
    whole = await sheet(date(2026, 4, 28), date(2026, 5, 4))
    total, closing = 0, whole.total.opening
    for n in (28, 29, 30):
        one = await sheet(date(2026, 4, n), date.fromordinal(date(2026, 4, n).toordinal() + 1))
        assert one.total.opening == closing
        closing, total = one.total.closing, total + sum(one.total.charges.values())
    for n in (1, 2, 3):
        one = await sheet(date(2026, 5, n), date(2026, 5, n + 1))
        assert one.total.opening == closing
        closing, total = one.total.closing, total + sum(one.total.charges.values())
    assert closing == whole.total.closing
    assert total == sum(whole.total.charges.values())


async def test_a_daily_charge_belongs_to_its_days_not_to_the_day_it_was_posted(db: Any) -> None:
    await days.begin(FIRST, by=SYSTEM)
    await tariffs.create_tariff(
        by=SYSTEM, code="d", name="d", kind="internet", mode="daily", fee=31000
    )
    await accounts.open_new_account("1", by=SYSTEM, billing_day=1)
    await services.add_service("1", by=SYSTEM, tariff="d")
    await pay("1", 100000, "cash", "x")
    await days.close_days(by=SYSTEM, through=date(2026, 3, 19))
    seen = await sheet(date(2026, 3, 5), date(2026, 3, 15))
    assert figures(seen.total) == (4000 - 100000, {"internet": 10000}, {}, {}, 14000 - 100000)
    await pay("1", 100, "cash", "y")
    again = await sheet(date(2026, 3, 5), date(2026, 3, 15))
    assert figures(again.total) == figures(seen.total)
    # The rest of the month has not come yet: the sheet ends with the open day.
    whole = await sheet(FIRST, date(2026, 4, 1))
    assert whole.total.charges == {"internet": 20000}


async def test_the_closing_of_today_is_the_sum_of_balances_shown(db: Any) -> None:
    await lived(db)
    async with reading() as connection:
        numbers = [
            r["number"] for r in await connection.fetch("SELECT number FROM billing_account")
        ]
    here = date(2026, 5, 21)
    seen = await sheet(FIRST, here, "account")
    for number in numbers:
        (row,) = [r for r in seen.rows if r.key == number]
        view = (await read_account(number, by=SYSTEM)).balance
        assert row.closing == -view


@pytest.mark.parametrize("by_place", [False, True])
async def test_a_sheet_by_account_comes_in_pages(db: Any, *, by_place: bool) -> None:
    await lived(db)
    start, end = SPANS[2]
    within = Within(district="Север") if by_place else Within()
    whole = await sheet(start, end, "account", within=within)
    found, after = [], None
    while True:
        page = await sheet(start, end, "account", within=within, after=after, limit=2)
        found += page.rows
        after = page.next
        if after is None:
            break
    assert sorted(map(repr, found)) == sorted(map(repr, whole.rows))


async def test_an_empty_period_and_unknown_places_are_refused(db: Any) -> None:
    await provider(db)
    with pytest.raises(Malformed):
        await sheet(FIRST, FIRST)
    for within in (Within(legal_entity="x"), Within(district="x"), Within(building=999999)):
        with pytest.raises(Malformed):
            await sheet(FIRST, date(2026, 4, 1), within=within)
