"""Files of agreements: looked through, taken once, what nobody is named for kept for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from abonent.billing.queries.outside.files import Summary, became_of, outside_file
from abonent.billing.queries.outside.matching import Reason
from abonent.billing.queries.outside.unmatched import Unmatched, unmatched_payments
from abonent.billing.rules.outside.agreement import AgreementKind, AgreementTerms
from abonent.billing.rules.outside.incoming import OtherKind, Wrong
from abonent.billing.service import accounts, days, payments
from abonent.billing.service.outside import files, unmatched
from abonent.billing.service.outside.agreements import make_agreement
from abonent.billing.service.outside.erasure import erase_payers
from abonent.billing.service.proof import verify
from abonent.crm import jobs
from abonent.crm.service.proposals import WhyThis, accounts_of_contracts, propose_accounts
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.kernel.actor import SYSTEM
from abonent.kernel.errors import Conflict, Malformed, NotFound, Refused
from tests.outside.statements import OURS, Transfer, camt, client_bank, entry, sber_registry

DECLARED = jobs.take_outside_file
DAY = date(2026, 11, 21)
TAKEN = "SELECT number, balance FROM billing_account ORDER BY number"
ROWS = "SELECT (SELECT count(*) FROM billing_entry), (SELECT count(*) FROM billing_parked_payment)"


@pytest.fixture
async def provider(db: Any) -> Any:
    """Three accounts of people, an agreement with a bank and one on registries."""
    await days.begin(DAY, by=SYSTEM)
    for number, name in (
        ("1001234", "Иванов Иван Иванович"), ("1001235", "Петрова Анна Сергеевна"),
        ("7", "ООО «Вектор Плюс»"),
    ):  # fmt: skip
        person = NewSubscriber(name)
        await open_subscriber_account(
            number, by=SYSTEM, billing_day=1, subscriber=person, contract=f"55-{number}"
        )
    await make_agreement(
        AgreementTerms(
            code="sber", name="Сбербанк", kind=AgreementKind.BANK_FILE, legal_entity="main",
            bank_account=OURS, source="bank",
        ),
        by=SYSTEM,
    )  # fmt: skip
    await make_agreement(
        AgreementTerms(
            code="reg", name="Реестры", kind=AgreementKind.REGISTRY, legal_entity="main"
        ),
        by=SYSTEM,
    )
    return db


async def receive(content: bytes, agreement: str = "sber", name: str = "kl_to_1c.txt") -> int:
    return await files.receive_file(
        agreement, name=name, content=content, contracts=accounts_of_contracts, by=SYSTEM
    )


async def take(content: bytes, agreement: str = "sber") -> Summary:
    file = await receive(content, agreement)
    await files.ask_taking(file, by=SYSTEM)
    return await files.take_file(file, contracts=accounts_of_contracts, by=SYSTEM)


async def balances(db: Any) -> dict[str, int]:
    return dict(await db.fetch(TAKEN))


async def waiting() -> list[Unmatched]:
    return await unmatched_payments(by=SYSTEM)


MIXED = (
    Transfer("1", 55000, "Интернет, л/с 1001234"),
    Transfer("2", 10000, "по договору 55-1001235"),
    Transfer("3", 20000, "за интернет 1001235"),
    Transfer("4", 5000, "л/с 1001239", account="40817810000000000099"),
    Transfer(
        "5", 6000, "за интернет", payer="Петрова Анна Сергеевна", account="40817810000000000077"
    ),
    Transfer("6", 7000, "оплата по счету 12", payer="ООО Ромашка", tax_id="7701234567"),
    Transfer("7", 8000, "л/с 1001234, л/с 1001235"),
    Transfer("8", 900, "Аренда", out=True),
    Transfer("1", 55000, "Интернет, л/с 1001234"),
)


async def test_what_is_in_a_file_is_told_before_anything_is_taken(provider: Any) -> None:
    file = await outside_file(await receive(client_bank(MIXED)), by=SYSTEM)
    summary = file.summary
    assert (file.state, summary.incoming.count, summary.incoming.amount) == ("seen", 8, 166000)
    assert (summary.matched.count, summary.matched.amount) == (3, 85000)
    assert {reason: count.count for reason, count in summary.unmatched.items()} == {
        Reason.NO_ACCOUNT: 1, Reason.NOBODY: 1, Reason.COMPANY: 1, Reason.SEVERAL: 1, Reason.TWICE: 1
    }  # fmt: skip
    assert summary.others[OtherKind.OUTGOING].amount == 900
    assert summary.wrongs == {Wrong.TWICE: 1}
    assert set((await balances(provider)).values()) == {0}
    assert await waiting() == []


async def test_a_file_is_taken_as_it_was_told_and_once(provider: Any) -> None:
    content = client_bank(MIXED)
    told = (await outside_file(await receive(content), by=SYSTEM)).summary
    summary = await take(content)
    assert (summary.matched, summary.unmatched) == (told.matched, told.unmatched)
    assert await balances(provider) == {"1001234": 55000, "1001235": 30000, "7": 0}
    file = await receive(content)
    assert (await outside_file(file, by=SYSTEM)).state == "taken"
    assert (await became_of(file, by=SYSTEM)).waiting == 5
    before = tuple(await provider.fetchrow(ROWS))
    with pytest.raises(Conflict):
        await files.ask_taking(file, by=SYSTEM)
    # The same payments in another file: the bank's statement of two days.
    again = await take(client_bank([*MIXED, Transfer("10", 1, "л/с 7")]))
    assert (again.matched.count, again.known.count) == (1, 8)
    assert tuple(await provider.fetchrow(ROWS)) == (before[0] + 1, before[1])
    assert (await verify(by=SYSTEM)).differences == []
    assert await provider.fetchval("SELECT count(*) FROM billing_outside_content") == 0


async def test_a_file_broken_off_is_taken_to_its_end(
    provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BATCH", 2)
    transfers = [Transfer(str(n), 100 + n, "дог. 55-1001234") for n in range(9)]
    file = await receive(client_bank(transfers))
    await files.ask_taking(file, by=SYSTEM)
    looked = 0

    async def breaks(connection: Any, contracts: Sequence[str]) -> dict[str, list[str]]:
        nonlocal looked
        looked += 1
        if looked == 3:
            raise RuntimeError("the worker is gone")
        return await accounts_of_contracts(connection, contracts)

    with pytest.raises(RuntimeError):
        await files.take_file(file, contracts=breaks, by=SYSTEM)
    half = await outside_file(file, by=SYSTEM)
    assert (half.state, half.done) == ("taking", 4)
    summary = await files.take_file(file, contracts=breaks, by=SYSTEM)
    assert (summary.known.count, summary.matched.count) == (4, 5)
    assert (await balances(provider))["1001234"] == sum(t.amount for t in transfers)


async def test_a_file_that_cannot_be_believed_is_refused_whole(provider: Any) -> None:
    file = await receive(client_bank(MIXED, closing=1))
    assert (await outside_file(file, by=SYSTEM)).state == "refused"
    with pytest.raises(Refused):
        await files.ask_taking(file, by=SYSTEM)
    await files.drop_file(file, by=SYSTEM)
    assert (await provider.fetchval("SELECT count(*) FROM billing_outside_content")) == 0


async def test_an_empty_or_giant_file_is_malformed(provider: Any) -> None:
    for content in (b"", b"x" * (files.LARGEST_FILE + 1)):
        with pytest.raises(Malformed):
            await receive(content)


async def test_payments_of_a_day_to_come_are_taken_when_it_has_come(provider: Any) -> None:
    content = client_bank(
        [Transfer("1", 100, "л/с 7"), Transfer("2", 200, "л/с 7", day=date(2026, 11, 22))]
    )
    summary = await take(content)
    assert (summary.matched.count, summary.wrongs) == (1, {Wrong.DAY_NOT_OPEN: 1})
    await days.close_days(by=SYSTEM, through=DAY)
    assert (await take(content)).matched.count == 1
    assert (await balances(provider))["7"] == 300


async def test_a_registry_names_accounts_in_a_column_of_its_own(provider: Any) -> None:
    rows = (("A1", "1001234", 55000), ("A2", "999", 10))
    summary = await take(sber_registry(rows), "reg")
    assert (summary.matched.count, list(summary.unmatched)) == (1, [Reason.NO_ACCOUNT])
    other = sber_registry((("A1", "1001235", 55000),))
    assert list((await take(other, "reg")).unmatched) == [Reason.DIFFERS]
    assert (await balances(provider))["1001235"] == 0


async def test_money_for_another_company_of_ours_is_not_booked_by_itself(provider: Any) -> None:
    await provider.execute(
        "INSERT INTO billing_legal_entity (id, code, name) VALUES (2, 'two', 'Второй')"
    )
    await provider.execute("UPDATE billing_account SET legal_entity_id = 2 WHERE number = '7'")
    assert list((await take(client_bank([Transfer("1", 100, "л/с 7")]))).unmatched) == [
        Reason.OTHER_ENTITY
    ]


async def test_what_the_bank_took_back_is_voided_by_a_person(provider: Any) -> None:
    paid = entry(55000, reference="R1", details="").replace(
        "</Ntry>", "<AddtlNtryInf>л/с 7</AddtlNtryInf></Ntry>"
    )
    await take(camt(paid, closing=155000))
    assert (await balances(provider))["7"] == 55000
    back = entry(55000, reference="R1", direction="DBIT", reversal=True)
    await take(camt(back, closing=45000))
    (one,) = await waiting()
    assert one.reason is Reason.TAKEN_BACK
    with pytest.raises(Refused):
        await unmatched.settle_on_account(one.id, "7", by=SYSTEM)
    assert await unmatched.void_taken_back(one.id, by=SYSTEM) == "7"
    assert (await balances(provider))["7"] == 0


async def test_proposals_say_why(provider: Any) -> None:
    await take(client_bank(MIXED))
    found = {p.external_id.partition("/")[0]: p for p in await waiting()}

    async def why(number: str) -> list[tuple[str, WhyThis]]:
        return [(p.number, p.why) for p in await propose_accounts(found[number], by=SYSTEM)]

    assert ("1001234", WhyThis.SLIP) in await why("4")
    assert ("1001235", WhyThis.SLIP) in await why("4")
    assert await why("5") == [("1001235", WhyThis.NAME)]
    assert await why("7") == [("1001234", WhyThis.NAMED), ("1001235", WhyThis.NAMED)]


async def test_a_payer_is_remembered_and_forgotten(provider: Any) -> None:
    def content(number: str) -> bytes:
        return client_bank([Transfer(number, 6000, "за интернет", account="40817810000000000077")])

    await take(content("1"))
    (one,) = await waiting()
    await unmatched.settle_on_account(one.id, "7", by=SYSTEM, remember=True)
    assert (await take(content("2"))).matched.count == 1
    assert (await balances(provider))["7"] == 12000
    await unmatched.forget_payer(one.id, by=SYSTEM)
    await take(content("3"))
    (three,) = await waiting()
    first = (await propose_accounts(three, by=SYSTEM))[0]
    assert (first.number, first.why) == ("7", WhyThis.PAID_BEFORE)
    with pytest.raises(NotFound):
        await unmatched.forget_payer(one.id, by=SYSTEM)


async def test_a_payment_is_settled_once(provider: Any) -> None:
    await take(client_bank([Transfer("1", 6000, "за интернет")]))
    (one,) = await waiting()
    await unmatched.put_aside(one.id, by=SYSTEM, remark="Спросить в банке")
    assert await waiting() == []
    await unmatched.take_up_again(one.id, by=SYSTEM)
    await unmatched.return_to_payer(one.id, by=SYSTEM, remark="Вернули по заявлению")
    with pytest.raises(Conflict):
        await unmatched.settle_on_account(one.id, "7", by=SYSTEM)
    assert set((await balances(provider)).values()) == {0}
    told = await provider.fetch("SELECT before, after FROM audit WHERE subject = $1", str(one.id))
    assert "заявлению" not in str([dict(row) for row in told])


async def test_a_contradiction_is_taken_under_a_number_of_its_own(provider: Any) -> None:
    await payments.take_payment("7", by=SYSTEM, amount=100, source="bank", external_id="x")
    with pytest.raises(Conflict):
        await payments.take_payment("7", by=SYSTEM, amount=200, source="bank", external_id="x")
    await accounts.open_new_account("8", by=SYSTEM, billing_day=1)
    rows = (("A1", "7", 100), ("A2", "7", 10))
    await take(sber_registry(rows), "reg")
    await take(sber_registry((("A1", "7", 300),)), "reg")
    (one,) = await waiting()
    assert (one.reason, one.known_amount) == (Reason.DIFFERS, 100)
    await unmatched.settle_on_account(one.id, "8", by=SYSTEM)
    assert (await balances(provider))["8"] == 300
    assert (await verify(by=SYSTEM)).differences == []


async def test_what_payers_wrote_is_erased_and_the_money_stays(provider: Any) -> None:
    await take(client_bank([Transfer("1", 100, "л/с 7"), Transfer("2", 200, "л/с 1001234")]))
    assert await erase_payers("7", by=SYSTEM) == 1
    left = await provider.fetch("SELECT purpose FROM billing_outside_payer")
    assert [row["purpose"] for row in left] == ["л/с 1001234"]
    assert (await balances(provider))["7"] == 100
    assert (await take(client_bank([Transfer("1", 100, "л/с 7")]))).known.count == 1
    assert await provider.fetchval("SELECT count(*) FROM billing_outside_payer") == 1
