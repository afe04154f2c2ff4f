"""The sheet in the desk: level by level down to the calculation, the same sums everywhere."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Awaitable, Callable
from datetime import date
from itertools import pairwise
from typing import Any

import httpx
import pytest

from abonent.billing.queries.moves import account_moves
from abonent.billing.queries.places import Within
from abonent.billing.queries.turnover import turnover
from abonent.billing.service import accounts, days, freezes, payments, services, tariffs
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import unit_of_work

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
MARCH = "from=2026-03-01&through=2026-03-31"


async def provider(db: Any) -> None:
    """Two buildings in two districts, prepaid, daily and postpaid services; 20 April is open."""
    await days.begin(date(2026, 3, 1), by=SYSTEM)
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
            await accounts.place_id(work.connection, district=d, street="Лесная", house="1")
            for d in ("Север", "Юг")
        ]
    for n in range(4):
        number = str(100 + n)
        await accounts.open_new_account(
            number, by=SYSTEM, billing_day=1 + 5 * n, place=spots[n % 2]
        )
        await payments.take_payment(
            number, by=SYSTEM, amount=60000 + 7000 * n, source="cash", external_id=number
        )
        await services.add_service(number, by=SYSTEM, tariff=("adv", "day", "tv", "day")[n])
    await days.close_days(by=SYSTEM, through=date(2026, 3, 14))
    await freezes.freeze_account("101", by=SYSTEM, start=date(2026, 3, 20), end=date(2026, 4, 5))
    await days.close_days(by=SYSTEM, through=date(2026, 4, 19))


@pytest.fixture
async def lived(db: Any) -> Any:
    await provider(db)
    return db


def _links(text: str) -> list[str]:
    rows = re.findall(r'<th scope="row"><a href="([^"]+)"', text)
    return [row.replace("&amp;", "&") for row in rows]


def _total(text: str) -> list[str]:
    foot = text[text.index("<tfoot>") : text.index("</tfoot>")]
    return [re.sub(r"\s", " ", cell) for cell in re.findall(r'money ">([^<]*)<', foot)]


def _row(text: str, link: str) -> list[str]:
    at = text.index(link.replace("&", "&amp;"))
    row = text[at : text.index("</tr>", at)]
    return [re.sub(r"\s", " ", cell) for cell in re.findall(r'money ">([^<]*)<', row)]


async def test_one_goes_down_from_the_whole_base_to_a_calculation(lived: Any, enter: Enter) -> None:
    browser = await enter("head")
    address = f"/turnover?{MARCH}"
    seen = []
    for _level in range(4):
        text = (await browser.get(address)).text
        assert "строки сходятся" in text
        assert "не сходятся" not in text
        (address, *_others) = _links(text)
        seen.append((_row(text, address), _total(text)))
    for (row, _sum), (_row_below, below) in pairwise(seen):
        assert row == below
    text = (await browser.get(address)).text
    assert "строки сходятся" in text
    charged, paid, corrected, closing = _total(text)
    assert [charged, paid, corrected, closing] == seen[-1][0][1:]
    assert "560,00" in text
    assert "Тариф «adv»" in text
    trail = re.findall(r'<li><a href="[^"]+">([^<]+)</a></li>', text)
    assert trail[0] == "Вся база"
    assert trail[2:] == ["Север", "Лесная, 1"]


async def test_the_entries_of_an_account_are_its_row_of_the_sheet(lived: Any) -> None:
    for start, end in (
        (date(2026, 3, 1), date(2026, 4, 1)),
        (date(2026, 3, 9), date(2026, 3, 23)),
        (date(2026, 4, 10), date(2026, 4, 21)),
        (date(2026, 2, 1), date(2026, 8, 1)),
    ):
        for number in ("100", "101", "102", "103"):
            moves = await account_moves(number, by=SYSTEM, start=start, end=end)
            row = (
                await turnover(
                    by=SYSTEM, start=start, end=end, level="account",
                    within=Within(account=number),
                )
            ).total  # fmt: skip
            assert (moves.opening, moves.closing) == (row.opening, row.closing)
            assert moves.total("charge") == sum(row.charges.values())
            assert moves.total("payment") == sum(row.payments.values())
            assert moves.total("correction") == row.corrections


async def test_without_days_it_is_the_month_of_the_open_day(lived: Any, enter: Enter) -> None:
    text = (await (await enter("head")).get("/turnover")).text
    assert "Апрель 2026" in text
    assert 'value="2026-04-30"' in text
    assert "from=2026-03-01&amp;through=2026-03-31" in text


async def test_the_address_says_level_order_and_scope(lived: Any, enter: Enter) -> None:
    browser = await enter("head")
    text = (await browser.get(f"/turnover?{MARCH}&by=building&sort=paid&desc=1")).text
    assert 'aria-sort="descending"' in text
    labels = re.findall(r'<th scope="row"><a[^>]*>([^<]+)</a>', text)
    assert labels == ["Юг, Лесная, 1", "Север, Лесная, 1"]
    assert "sort=paid" in text
    text = (await browser.get(f"/turnover?{MARCH}&district=Юг")).text
    assert re.findall(r'<th scope="row"><a[^>]*>([^<]+)</a>', text) == ["Лесная, 1"]


@pytest.mark.parametrize(
    ("start", "rest", "said"),
    [
        ("2026-03-05", "&through=2026-03-01", "Последний день раньше первого."),
        ("soon", "&through=2026-03-01", "Укажите день."),
        ("2026-03-01", "", "Укажите день."),
    ],
)
async def test_days_that_are_none_are_said_beside_their_field(
    lived: Any, enter: Enter, start: str, rest: str, said: str
) -> None:
    answer = await (await enter("head")).get(f"/turnover?from={start}{rest}")
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{start}"' in answer.text


@pytest.mark.parametrize(
    ("query", "status"),
    [("district=Запад", 400), ("building=x", 400), ("by=room", 400), ("account=999", 404)],
)
async def test_what_does_not_exist_is_said_in_words(
    lived: Any, enter: Enter, query: str, status: int
) -> None:
    answer = await (await enter("head")).get(f"/turnover?{MARCH}&{query}")
    assert answer.status_code == status
    assert "<!doctype html>" in answer.text


async def test_a_month_without_anything_says_so(lived: Any, enter: Enter) -> None:
    text = (await (await enter("head")).get("/turnover?from=2025-01-01&through=2025-01-31")).text
    assert "Движения нет" in text


async def test_the_sheet_goes_to_a_spreadsheet(lived: Any, enter: Enter) -> None:
    browser = await enter("head")
    answer = await browser.get(f"/turnover.csv?{MARCH}&by=district")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    names, north, south, total = rows
    assert (names[1], names[-1]) == ("Районы", "Долг на конец")
    for column in range(2, len(names)):
        parts = [int(row[column].replace(",", "")) for row in (north, south, total)]
        assert parts[0] + parts[1] == parts[2]
    answer = await browser.get(f"/turnover.csv?{MARCH}&account=100")
    assert "560,00" in answer.content.decode("utf-8-sig")


async def test_names_never_become_formulas(lived: Any, enter: Enter) -> None:
    await lived.execute("UPDATE billing_place SET district = '=1+1' WHERE district = 'Юг'")
    text = (await (await enter("head")).get(f"/turnover.csv?{MARCH}&by=district")).text
    assert "'=1+1" in text


async def test_the_sheet_needs_its_right(lived: Any, enter: Enter) -> None:
    browser = await enter("cash")
    assert (await browser.get("/turnover")).status_code == 403
    assert (await browser.get("/turnover.csv")).status_code == 403
    assert "/turnover" not in (await browser.get("/day")).text
