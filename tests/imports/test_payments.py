"""A bank's file: every payment once, conflicts parked, the fast way equal to the rules."""

from __future__ import annotations

from datetime import date
from typing import Any

from abonent.billing.queries.accounts import read_account
from abonent.billing.service import days, payments
from abonent.billing.service.imports.payments import PaymentRow, take_payments
from abonent.billing.service.imports.tariffs import TariffRow, take_tariffs
from abonent.billing.service.proof import verify
from abonent.crm.service.imports.rows import SubscriberRow
from abonent.crm.service.imports.subscribers import take_subscribers
from abonent.kernel.actor import SYSTEM
from abonent.kernel.intake import Numbered, Outcome

FIRST = date(2026, 3, 10)
TARIFFS = (("net", "internet", "advance"), ("day", "internet", "daily"), ("tv", "tv", "arrears"))
ACCOUNTS = (
    {"account": "served", "tariffs": "net", "paid_until": "2026-03-31"},
    {"account": "cut", "tariffs": "net", "suspended_since": "2026-03-01"},
    {"account": "daily", "tariffs": "day", "opening_balance": "100"},
    {"account": "tv", "tariffs": "tv", "opening_balance": "-50"},
    {"account": "both", "tariffs": "net|tv", "opening_balance": "40"},
    {"account": "frozen", "tariffs": "net", "frozen_from": "2026-03-01", "frozen_to": "2026-03-20"},
    {"account": "planned", "tariffs": "net@2026-03-20"},
    {"account": "empty"},
)
STATES = """
SELECT a.number, a.balance, a.last_no, (SELECT count(*) FROM billing_inbox i
    WHERE i.account_id = a.account_id) AS paid FROM billing_account a ORDER BY a.number
"""
PARKED = "SELECT source, external_id, account, amount, reason FROM billing_parked_payment"


async def opened(prefix: str = "") -> None:
    await days.begin(FIRST, by=SYSTEM)
    tariffs = [
        TariffRow(code=code, name=code, kind=kind, mode=mode, fee="560", due_days="10")
        for code, kind, mode in TARIFFS
    ]
    await take_tariffs([Numbered(n, t) for n, t in enumerate(tariffs)], by=SYSTEM)
    await more(prefix)


async def more(prefix: str) -> None:
    rows = [
        SubscriberRow(name="Иванов", **{**row, "account": prefix + row["account"]})
        for row in ACCOUNTS
    ]
    outcome = await take_subscribers([Numbered(n, r) for n, r in enumerate(rows)], by=SYSTEM)
    assert outcome.rejects == []


def row(
    account: str, amount: str, key: str, on: str = "2026-03-10", comment: str = ""
) -> PaymentRow:
    return PaymentRow(
        account=account, amount=amount, date=on, source="bank", external_id=key, comment=comment
    )


async def take(*rows: PaymentRow) -> Outcome:
    return await take_payments([Numbered(n, r) for n, r in enumerate(rows, 2)], by=SYSTEM)


async def view(number: str) -> tuple[int, int, list[str], list[date | None], date | None]:
    seen = await read_account(number, by=SYSTEM)
    states = [s.state.value for s in seen.services]
    return (
        seen.balance,
        seen.funds,
        states,
        [s.paid_until for s in seen.services],
        seen.outlook.until,
    )


async def test_a_file_does_what_single_payments_do_on_every_kind_of_account(db: Any) -> None:
    await opened("file-")
    await more("one-")
    numbers = [account["account"] for account in ACCOUNTS]
    for day, amount in ((10, "700"), (12, "30.50"), (25, "560")):
        if day > FIRST.day:
            await days.close_days(by=SYSTEM, through=date(2026, 3, day - 1))
        on = f"2026-03-{day}"
        rows = [row(f"file-{n}", amount, f"{n}{day}-{i}", on) for n in numbers for i in (1, 2)]
        assert (await take(*rows)).taken == 2 * len(numbers)
        for number in numbers:
            for i in (1, 2):
                await payments.take_payment(
                    f"one-{number}", by=SYSTEM, amount=rows[0].amount, source="bank",
                    external_id=f"one-{number}{day}-{i}",
                )  # fmt: skip
        for number in numbers:
            assert await view(f"file-{number}") == await view(f"one-{number}"), number
    await days.close_days(by=SYSTEM, through=date(2026, 5, 2))
    for number in numbers:
        assert await view(f"file-{number}") == await view(f"one-{number}"), number
    assert (await verify(by=SYSTEM)).differences == []


async def test_the_same_file_again_changes_nothing(db: Any) -> None:
    await opened()
    rows = [row("served", "100", "a"), row("cut", "700", "b"), row("served", "5", "c")]
    assert (await take(*rows)).taken == 3
    before = [tuple(r) for r in await db.fetch(STATES)]
    again = await take(*rows)
    assert (again.taken, again.unchanged, again.rejects) == (0, 3, [])
    assert [tuple(r) for r in await db.fetch(STATES)] == before


async def test_the_same_key_with_other_content_is_parked_once_and_told(db: Any) -> None:
    await opened()
    await take(row("served", "100", "a"))
    for _ in range(2):
        outcome = await take(
            row("served", "101", "a"), row("cut", "100", "a"), row("tv", "5", "b"),
            row("tv", "6", "b"), row("tv", "5", "b"),
        )  # fmt: skip
        assert sorted(r.row for r in outcome.rejects) == [2, 3, 5]
        assert {r.column for r in outcome.rejects} == {"external_id"}
    parked = {tuple(r) for r in await db.fetch(PARKED)}
    assert parked == {
        ("bank", "a", "served", 10100, "differs"),
        ("bank", "a", "cut", 10000, "differs"),
        ("bank", "b", "tv", 600, "differs"),
    }
    assert len(await db.fetch(PARKED)) == len(parked)


async def test_a_key_taken_at_the_desk_is_known_to_the_file(db: Any) -> None:
    await opened()
    await payments.take_payment("tv", by=SYSTEM, amount=500, source="bank", external_id="x")
    outcome = await take(row("tv", "5", "x"))
    assert (outcome.taken, outcome.unchanged) == (0, 1)


async def test_unknown_accounts_and_days_to_come_are_told(db: Any) -> None:
    await opened()
    outcome = await take(row("999", "5", "a"), row("tv", "5", "b", "2026-03-11"))
    assert outcome.taken == 0
    told = sorted((r.row, r.column, r.reason("en")) for r in outcome.rejects)
    assert told == [
        (2, "account", "There is no account 999."),
        (3, "date", "11 Mar 2026 lies after the open day, 10 Mar 2026."),
    ]


async def test_what_the_payer_wrote_lies_beside_the_audit_row(db: Any) -> None:
    await opened()
    await take(row("tv", "5", "a", comment="Оплата за Иванова"))
    personal = await db.fetchval(
        "SELECT personal FROM audit_personal WHERE personal::text LIKE '%comment%'"
    )
    assert "Иванова" in personal
    assert "Иванова" not in str(await db.fetch("SELECT detail FROM billing_entry"))
