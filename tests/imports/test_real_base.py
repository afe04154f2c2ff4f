"""A real base of 7,043 customers, imported and run for twelve months day by day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from abonent.billing.queries.turnover import LEVELS, turnover
from abonent.billing.service import days
from abonent.billing.service.imports.payments import PaymentRow, take_payments
from abonent.billing.service.proof import verify
from abonent.cli.importing import FORMATS
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading
from abonent.kernel.intake import Numbered, Outcome, check_rows, find_columns
from abonent.kernel.settings import Settings
from abonent.kernel.tables import open_table
from tests.imports import telco

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


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


async def pay(day: date, coming: list[tuple[int, int, str]]) -> int:
    rows = [
        Numbered(
            at,
            PaymentRow.model_construct(
                account=str(no), amount=amount, date=day, source=source, external_id=f"{day}-{no}"
            ),
        )
        for at, (no, amount, source) in enumerate(coming)
    ]
    outcome = await take_payments(rows, by=SYSTEM)
    assert outcome.rejects == []
    return outcome.taken


@pytest.mark.slow
@pytest.mark.may_block
async def test_a_real_base_lives_twelve_months_and_its_books_are_proved(
    fresh_database: Settings, tmp_path: Path
) -> None:
    base = telco.customers()
    await days.begin(FIRST, by=SYSTEM)
    started = clock.monotonic()
    tariffs = await imported("tariffs", telco.tariffs_file(base), tmp_path)
    people = await imported("subscribers", telco.subscribers_file(base, FIRST), tmp_path)
    report(f"tariffs taken {tariffs.taken}, rejected {len(tariffs.rejects)}")
    report(f"subscribers taken {people.taken}, rejected {len(people.rejects)}", started)
    assert (people.taken, people.rejects, tariffs.rejects) == (7043, [], [])

    started = clock.monotonic()
    coming = telco.payments(base, FIRST, LAST)
    day, paid = FIRST, 0
    while day <= LAST:
        paid += await pay(day, coming.get(day, []))
        await days.close_days(by=SYSTEM, through=day)
        day += timedelta(1)
    report(f"payments {paid}; {(LAST - FIRST).days + 1} days closed", started)

    started = clock.monotonic()
    proof = await verify(by=SYSTEM)
    report(f"proved: {proof.accounts} accounts, {proof.entries} entries", started)
    assert [(d.check, d.account, d.expected, d.found) for d in proof.differences] == []
    await levels_are_equal(paid)


async def levels_are_equal(paid: int) -> None:
    end = LAST + timedelta(1)
    sheets = [await turnover(by=SYSTEM, start=FIRST, end=end, level=level) for level in LEVELS]
    whole = [(s.total.opening, s.total.charges, s.total.payments, s.total.closing) for s in sheets]
    assert all(one == whole[0] for one in whole)
    for sheet in sheets:
        assert sum(row.closing for row in sheet.rows) == sheet.total.closing
    async with reading() as connection:
        row: Any = await connection.fetchrow(
            "SELECT -sum(balance)::bigint AS owed, (SELECT count(*) FROM billing_inbox) AS paid"
            " FROM billing_account"
        )
    assert row["paid"] == paid
    report(f"owed {row['owed']}, sheet closing {whole[0][3]}")


def report(text: str, started: float | None = None) -> None:
    print(text if started is None else f"{text}; {clock.monotonic() - started:.1f} s")
