"""The office's pages of payments from outside: a file is looked at, taken, matched, balanced."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.outside.unmatched import unmatched_payments
from abonent.billing.rules.outside.agreement import AgreementKind, AgreementTerms
from abonent.billing.service.outside.agreements import make_agreement
from abonent.kernel.actor import SYSTEM
from abonent.kernel.jobs import due_runs, run_job
from abonent.kernel.settings import Settings
from tests.outside.statements import OURS, Transfer, client_bank
from tests.web.seed import OPEN_DAY, small_provider

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
PART = {"HX-Request": "true"}
TRANSFERS = (
    Transfer("1", 55000, "Интернет, л/с 20417", day=OPEN_DAY),
    Transfer("2", 10000, "л/с 20499", day=OPEN_DAY, account="40817810000000000099"),
    Transfer("3", 900, "Аренда", day=OPEN_DAY, out=True),
)
MOST = 12


@pytest.fixture
async def provider(db: Any) -> Any:
    await small_provider(db)
    terms = AgreementTerms(
        code="sber", name="Сбербанк", kind=AgreementKind.BANK_FILE, legal_entity="main",
        bank_account=OURS, source="bank",
    )  # fmt: skip
    await make_agreement(terms, by=SYSTEM)
    return db


def flat(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


async def upload(
    browser: httpx.AsyncClient, content: bytes, name: str = "kl.txt"
) -> httpx.Response:
    form = {"agreement": "sber", "key": "k" + str(len(content)), "step": "do"}
    return await browser.post("/outside/files/new", data=form, files={"file": (name, content)})


async def taken(browser: httpx.AsyncClient, database: Settings) -> str:
    """A file uploaded, looked at and taken; answers its page."""
    answer = await upload(browser, client_bank(TRANSFERS))
    assert answer.status_code == 303, answer.text
    page = answer.headers["location"]
    assert (await browser.post(f"{page}/take")).status_code == 303
    ((run, _attempts),) = await due_runs()
    await run_job(run, database)
    return str(page)


async def test_a_file_shows_what_is_in_it_before_it_is_taken(
    provider: Any, enter: Enter, database: Settings
) -> None:
    browser = await enter("office")
    answer = await upload(browser, client_bank(TRANSFERS))
    page = answer.headers["location"]
    text = flat((await browser.get(page)).text)
    for words in ("650,00 ₽", "550,00 ₽", "такого лицевого счёта нет", "наши исходящие платежи"):
        assert words in text
    assert "Принять платежи" in text
    before = (await read_account("20417", by=SYSTEM)).balance
    assert (await browser.post(f"{page}/take")).status_code == 303
    live = (await browser.get(f"{page}/live", headers=PART)).text
    assert "<progress" in live
    assert f'hx-get="{page}/live"' in live
    ((run, _attempts),) = await due_runs()
    await run_job(run, database)
    assert (await read_account("20417", by=SYSTEM)).balance == before + 55000
    text = flat((await browser.get(page)).text)
    assert "<progress" not in text
    assert "Разнести вручную" in text
    assert (await browser.post(f"{page}/take")).status_code == 409
    # The very same file again leads to what became of it.
    assert (await upload(browser, client_bank(TRANSFERS))).headers["location"] == page


async def test_a_file_in_trouble_says_which_and_cannot_be_taken(
    provider: Any, enter: Enter
) -> None:
    browser = await enter("office")
    answer = await upload(browser, client_bank(TRANSFERS, closing=5))
    page = answer.headers["location"]
    text = flat((await browser.get(page)).text)
    assert "Остатки не сходятся" in text
    assert "Принять платежи" not in text
    assert (await browser.post(f"{page}/take")).status_code == 422
    assert (await browser.post(f"{page}/drop")).headers["location"] == "/imports"
    assert "kl.txt" not in (await browser.get("/imports")).text


async def test_a_large_file_comes_through_and_one_too_large_does_not(
    provider: Any, enter: Enter
) -> None:
    browser = await enter("office")
    many = client_bank([Transfer(str(n), 100, "л/с 20417", day=OPEN_DAY) for n in range(2500)])
    assert len(many) > 1_500_000
    assert (await upload(browser, many)).status_code == 303
    assert (await upload(browser, b"x" * 20_200_000)).status_code == 413
    assert (await upload(browser, b"")).status_code in {400, 422}


async def test_an_unmatched_payment_is_taken_by_a_choice(
    provider: Any, enter: Enter, database: Settings
) -> None:
    browser = await enter("office")
    await taken(browser, database)
    (one,) = await unmatched_payments(by=SYSTEM)
    register = flat((await browser.get("/parked")).text)
    assert f'href="/parked/{one.id}"' in register
    assert "такого лицевого счёта нет" in register
    page = flat((await browser.get(f"/parked/{one.id}")).text)
    assert 'value="20419"' in page
    assert 'data-key="Digit1"' in page
    assert "отличается одной цифрой" in page
    assert "Запомнить плательщика" in page
    answer = await browser.post(f"/parked/{one.id}", data={"number": "", "other": ""}, headers=PART)
    assert answer.status_code == 422
    wrong = {"number": "other", "other": "77777"}
    answer = await browser.post(f"/parked/{one.id}", data=wrong, headers=PART)
    assert (answer.status_code, 'value="77777"' in answer.text) == (422, True)
    both = {"number": "20419", "other": "20418"}
    answer = await browser.post(f"/parked/{one.id}", data=both, headers=PART)
    assert (answer.status_code, "оставьте что-то одно" in answer.text) == (422, True)
    before = (await read_account("20419", by=SYSTEM)).balance
    right = {"number": "20419", "remember": "on"}
    answer = await browser.post(f"/parked/{one.id}", data=right, headers=PART)
    assert answer.headers["hx-redirect"] == "/outside?done=taken"
    assert (await read_account("20419", by=SYSTEM)).balance == before + 10000
    settled = flat((await browser.get(f"/parked/{one.id}")).text)
    assert "Зачислен на счёт 20419" in settled
    assert "По правилу платежи с этого счёта идут на 20419" in settled
    assert (await browser.post(f"/parked/{one.id}", data=right, headers=PART)).status_code == 409
    await browser.post(f"/parked/{one.id}/forget")
    assert "По правилу" not in (await browser.get(f"/parked/{one.id}")).text


async def test_it_is_put_aside_taken_up_and_returned_with_a_word(
    provider: Any, enter: Enter, database: Settings
) -> None:
    browser = await enter("office")
    await taken(browser, database)
    (one,) = await unmatched_payments(by=SYSTEM)

    async def say(what: str, remark: str) -> httpx.Response:
        form = {"remark": remark, "key": what + remark, "step": "do"}
        return await browser.post(f"/parked/{one.id}/{what}", data=form, headers=PART)

    assert (await say("aside", "")).status_code == 400
    assert (await say("aside", "Спросить в банке")).status_code == 204
    assert "отложен" in (await browser.get(f"/parked/{one.id}")).text
    await browser.post(f"/parked/{one.id}/again")
    assert (await say("return", "По заявлению")).headers["hx-redirect"] == "/outside?done=returned"
    balance = flat((await browser.get("/outside")).text)
    assert "сходится" in balance
    assert "100,00" in balance
    day = flat((await browser.get(f"/outside/days/sber/{OPEN_DAY}")).text)
    assert "возвращён" in day
    assert "20417" in day


async def test_agreements_are_made_and_changed_on_pages(provider: Any, enter: Enter) -> None:
    head = await enter("head")
    form = {
        "code": "qiwi", "name": "Киви", "kind": "terminal", "legal_entity": "main", "most": "15000",
        "commission": "1,5", "networks": "79.142.16.0/20\n91.232.230.0/23", "active": "on",
        "bank_account": "", "source": "terminal", "least": "", "processor": "", "address": "",
        "key": "a", "step": "do",
    }  # fmt: skip
    for name, wrong in (
        ("code", "Ы"), ("networks", "все"), ("bank_account", "ab"), ("source", "bank"),
    ):  # fmt: skip
        bad = form | {name: wrong, "key": name}
        answer = await head.post("/outside/agreements/new", data=bad, headers=PART)
        assert answer.status_code in {400, 409}, name
        assert f'id="act-{name}-error"' in answer.text, name
    answer = await head.post("/outside/agreements/new", data=form, headers=PART)
    here = "/outside/agreement/qiwi"
    assert answer.headers["hx-redirect"] == f"{here}?done=made"
    text = flat((await head.get(here)).text)
    assert "http://desk.test/pay/osmp/qiwi" in text
    assert "1,5" in text
    secret = {"login": "qiwi", "password": "correct horse battery", "key": "p", "step": "do"}
    assert (await head.post(f"{here}/password", data=secret, headers=PART)).status_code == 204
    text = (await head.get(here)).text
    assert "horse" not in text
    for path in ("terms", "form", "words", "key"):
        opened = await head.get(f"{here}/{path}", headers=PART)
        assert opened.status_code == 200
        assert "horse" not in opened.text
    words = {
        "account_words": "абонент",
        "contract_words": "",
        "bare_digits": "0",
        "key": "w",
        "step": "do",
    }
    assert (await head.post(f"{here}/words", data=words, headers=PART)).status_code == 204
    assert "абонент" in (await head.get(here)).text
    registry = {
        "encoding": "utf-8", "delimiter": "\\t", "day_format": "YYYY-MM-DD", "header_lines": "1",
        "column_day": "1", "column_number": "2", "column_account": "3", "column_amount": "-1",
        "totals": "", "totals_count": "1", "totals_amount": "2", "key": "f", "step": "do",
    }  # fmt: skip
    assert (await head.post(f"{here}/form", data=registry, headers=PART)).status_code == 204
    assert "Киви" in (await head.get("/outside/agreements")).text


async def test_a_file_is_offered_only_agreements_in_force(provider: Any, enter: Enter) -> None:
    terms = AgreementTerms(
        code="alfa", name="Альфа", kind=AgreementKind.BANK_FILE, legal_entity="main",
        bank_account=OURS, source="alfa", active=False,
    )  # fmt: skip
    await make_agreement(terms, by=SYSTEM)
    page = (await (await enter("office")).get("/outside/files/new")).text
    assert "Сбербанк" in page
    assert "Альфа" not in page


async def test_who_may_do_what(provider: Any, enter: Enter) -> None:
    cashier, clerk = await enter("cash"), await enter("office")
    for path in (
        "/parked",
        "/outside",
        "/imports",
        "/outside/agreements",
        "/outside/files/new",
    ):
        assert (await cashier.get(path)).status_code == 403, path
        assert (await clerk.get(path)).status_code == 200, path
    assert (await clerk.get("/outside/agreements/new")).status_code == 403
    assert (await clerk.get("/outside/agreement/sber")).status_code == 200
    assert (await clerk.get("/outside/agreement/none")).status_code == 404
    assert (await clerk.get("/outside/days/none/2026-11-14")).status_code == 404
    assert (await clerk.get("/outside/days/sber/x")).status_code == 404


async def test_pages_ask_few_statements(provider: Any, enter: Enter, database: Settings) -> None:
    browser = await enter("head")
    file = await taken(browser, database)
    (one,) = await unmatched_payments(by=SYSTEM)
    for path in ("/outside", "/parked", f"/parked/{one.id}", file, "/outside/agreement/sber"):
        await browser.get(path)
        asked: list[str] = []

        def note(record: Any, asked: list[str] = asked) -> None:
            asked.append(record.query)

        provider.add_query_logger(note)
        try:
            assert (await browser.get(path)).status_code == 200
        finally:
            provider.remove_query_logger(note)
        # Whose a payment may be is looked for by everything it tells.
        most = MOST + (8 if path.startswith("/parked/") else 4)
        assert 0 < len(asked) <= most, (path, len(asked), asked)
