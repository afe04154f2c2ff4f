"""A real base of 7,043 customers, imported and run: ten days in four ways, twelve months day by day."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from abonent.bench.base import database_name, own_database
from abonent.billing.queries.books import installation, load_books
from abonent.billing.queries.entries import posting_of
from abonent.billing.queries.turnover import LEVELS, turnover
from abonent.billing.rules.book import Posting
from abonent.billing.rules.history import day_amounts
from abonent.billing.rules.opening import touch
from abonent.billing.rules.standing import account_state
from abonent.billing.service import days, freezes, promises
from abonent.billing.service.imports.payments import PaymentRow, take_payments
from abonent.billing.service.proof import verify
from abonent.cli.importing import FORMATS
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import open_database, reading
from abonent.kernel.errors import Refused
from abonent.kernel.intake import Numbered, Outcome, check_rows, find_columns
from abonent.kernel.settings import Settings
from abonent.kernel.tables import open_table
from tests.imports import telco

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
TEN = [date(2026, 1, 27) + timedelta(n) for n in range(10)]

pytestmark = [pytest.mark.slow, pytest.mark.may_block]

Coming = dict[date, list[tuple[int, int, str]]]
Way = Callable[[Coming], Awaitable[None]]
Lived = tuple[dict[tuple[int, int, date], int], dict[int, tuple[Any, ...]]]


async def imported(kind: str, text: str, folder: Path) -> Outcome:
    path = folder / f"{kind}.csv"
    path.write_text(text, encoding="utf-8")
    form = FORMATS[kind]
    with open_table(path) as table:
        columns = find_columns(table.headers, form.model, synonyms=form.synonyms)
        good, bad = check_rows(table.rows, columns, form.model)
    outcome = await form.take(good, by=SYSTEM)
    outcome.rejects += bad
    return outcome


async def pay(day: date, coming: Coming, *, on: date | None = None) -> int:
    """Take what comes on a day, as a bank's file of that day or of an earlier one."""
    rows = [
        Numbered(
            at,
            PaymentRow.model_construct(
                account=str(no),
                amount=amount,
                date=on or day,
                source=source,
                external_id=f"{day}-{no}",
            ),
        )
        for at, (no, amount, source) in enumerate(coming.get(day, []))
    ]
    outcome = await take_payments(rows, by=SYSTEM)
    assert outcome.rejects == []
    return outcome.taken


@pytest.fixture(scope="module")
def coming() -> Coming:
    return telco.payments(telco.customers(), FIRST, LAST)


@pytest.fixture(scope="module")
async def january(
    database: Settings,
    template_database: str,
    coming: Coming,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Settings]:
    """The base imported and run to the 27th of January; tests go on in copies of it."""
    base, folder = telco.customers(), tmp_path_factory.mktemp("telco")
    async with own_database(database, template_database) as settings:
        async with open_database(settings):
            await days.begin(FIRST, by=SYSTEM)
            started = clock.monotonic()
            tariffs = await imported("tariffs", telco.tariffs_file(base), folder)
            people = await imported("subscribers", telco.subscribers_file(base, FIRST), folder)
            report(f"taken {tariffs.taken} tariffs, {people.taken} subscribers", started)
            assert (people.taken, people.rejects, tariffs.rejects) == (7043, [], [])
            await live(FIRST, TEN[0] - timedelta(1), coming)
            await ask_for_more(base)
        yield settings


async def live(first: date, last: date, coming: Coming) -> None:
    """Day by day: what comes is taken, the day is closed."""
    started = clock.monotonic()
    paid, day = 0, first
    while day <= last:
        paid += await pay(day, coming)
        await days.close_days(by=SYSTEM, through=day)
        day += timedelta(1)
    report(f"{first} to {last}: payments {paid}", started)


async def ask_for_more(base: list[telco.Customer]) -> None:
    """Some customers pause over the end of the month, some are in debt and promise to pay."""
    for one in base[::90]:
        start = TEN[0] + timedelta(1 + one.no % 8)
        end = start + timedelta(2 + one.no % 5)
        await freezes.freeze_account(str(one.no), by=SYSTEM, start=start, end=end, override=True)
    given = 0
    for one in base[1::30]:
        try:
            await promises.give_promise(
                str(one.no), by=SYSTEM, amount=one.monthly, days=2 + one.no % 7
            )
        except Refused:
            continue
        given += 1
    assert given > 20


async def one_by_one(coming: Coming) -> None:
    for day in TEN:
        await pay(day, coming)
        await days.close_days(by=SYSTEM, through=day)


async def after_ten_days_without_a_run(coming: Coming) -> None:
    """The day moves while nobody runs; whoever pays meanwhile is brought to it, then one run comes."""
    for day in TEN:
        await pay(day, coming)
        await days.move_day(day, by=SYSTEM)
    await days.finish_runs()
    assert (await verify(by=SYSTEM)).differences == []


async def all_paid_one_by_one(coming: Coming) -> None:
    await pay_ahead(coming)
    for day in TEN:
        await days.close_days(by=SYSTEM, through=day)


async def all_paid_at_once(coming: Coming) -> None:
    await pay_ahead(coming)
    await days.close_days(by=SYSTEM, through=TEN[-1])


async def pay_ahead(coming: Coming) -> None:
    """What comes in ten days comes on the first of them."""
    for day in TEN:
        await pay(day, coming, on=TEN[0])


async def lived(january: Settings, coming: Coming, way: Way) -> Lived:
    """The ten days lived in one way, in a copy of the base."""
    started = clock.monotonic()
    async with own_database(january, database_name(january)) as settings, open_database(settings):
        await way(coming)
        found = await outcome()
    report(f"{way.__name__}: {len(found[0])} service days", started)
    return found


async def outcome() -> Lived:
    """What the ten days posted per account, service and day, and how every account stands."""
    sums: dict[tuple[int, int, date], int] = {}
    stands: dict[int, tuple[Any, ...]] = {}

    def add(account: int, posting: Posting) -> None:
        for day, amount in day_amounts(posting).items():
            key = (account, posting.service or 0, day)
            sums[key] = sums.get(key, 0) - amount

    async with reading() as connection:
        here = await installation(connection)
        assert here.day == TEN[-1] + timedelta(1)
        ids = [row["account_id"] for row in await connection.fetch(ACCOUNTS)]
        for row in await connection.fetch(POSTED, TEN[0]):
            add(row["account_id"], posting_of(row, here.catalogue))
        for first in range(0, len(ids), 500):
            for loaded in await load_books(connection, ids[first : first + 500]):
                book = loaded.book
                touch(book, here.day, loaded.due)
                for posting in book.postings:
                    add(book.account, posting)
                served = [(service.no, service.served) for service in book.services]
                stands[book.account] = (
                    book.balance, book.promise, book.bonus_left, served, account_state(book)
                )  # fmt: skip
    return {key: amount for key, amount in sums.items() if amount}, stands


ACCOUNTS = "SELECT account_id FROM billing_account"
POSTED = "SELECT * FROM billing_entry WHERE day >= $1 ORDER BY account_id, no"


async def test_ten_days_come_to_the_same_one_by_one_and_without_a_run(
    january: Settings, coming: Coming
) -> None:
    sums, stands = await lived(january, coming, one_by_one)
    assert (len(stands), len(sums) > 50_000) == (7043, True)
    assert {stand[-1] for stand in stands.values()} == {"served", "suspended", "frozen"}
    assert (
        differences((sums, stands), await lived(january, coming, after_ten_days_without_a_run))
        == []
    )


async def test_ten_days_come_to_the_same_one_by_one_and_at_once(
    january: Settings, coming: Coming
) -> None:
    found = await lived(january, coming, all_paid_one_by_one)
    assert differences(found, await lived(january, coming, all_paid_at_once)) == []


def differences(one: Lived, other: Lived) -> list[Any]:
    """The first differences of two outcomes, readable where the whole would not be."""
    pairs: list[tuple[dict[Any, Any], dict[Any, Any]]] = [(one[0], other[0]), (one[1], other[1])]
    return [
        (key, mine.get(key), theirs.get(key))
        for mine, theirs in pairs
        for key in sorted(mine.keys() | theirs.keys())
        if mine.get(key) != theirs.get(key)
    ][:10]


async def test_a_real_base_lives_twelve_months_and_its_books_are_proved(
    january: Settings, coming: Coming
) -> None:
    async with own_database(january, database_name(january)) as settings, open_database(settings):
        await live(TEN[0], LAST, coming)
        started = clock.monotonic()
        proof = await verify(by=SYSTEM, settings=settings)
        report(f"proved: {proof.accounts} accounts, {proof.entries} entries", started)
        found = [(d.check, d.account, d.expected, d.found) for d in proof.differences]
        assert found == []
        await levels_are_equal(sum(map(len, coming.values())))


async def levels_are_equal(paid: int) -> None:
    end = LAST + timedelta(1)
    sheets = [await turnover(by=SYSTEM, start=FIRST, end=end, level=level) for level in LEVELS]
    whole = [(s.total.opening, s.total.charges, s.total.payments, s.total.closing) for s in sheets]
    assert all(one == whole[0] for one in whole)
    for sheet in sheets:
        assert sum(row.closing for row in sheet.rows) == sheet.total.closing
    async with reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM billing_inbox") == paid


def report(text: str, started: float) -> None:
    print(f"{text}; {clock.monotonic() - started:.1f} s")
