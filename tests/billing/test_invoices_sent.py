"""Documents of companies on their way: by the round over all, by e-mail, on paper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from abonent.billing.invoice_errors import NoAddress, StillDraft
from abonent.billing.queries.invoices import Document, document, documents_of
from abonent.billing.queries.invoices_proof import prove_documents
from abonent.billing.service import days, payments, services, tariffs
from abonent.billing.service.entities import set_requisites
from abonent.billing.service.invoices.papers import SLUGS, paper_of, print_papers
from abonent.billing.service.invoices.sending import document_handler
from abonent.crm.jobs import issue_company_documents
from abonent.crm.queries.companies import (
    accounts_to_document,
    companies_lacking,
    company_of,
    email_contacts,
)
from abonent.crm.service.companies import (
    NotACompany,
    issue_all_due,
    issue_for_account,
    reconcile_account,
    send_to_company,
    set_document_contact,
)
from abonent.crm.service.people import Particulars, correct_subscriber
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.kernel.actor import SYSTEM
from abonent.kernel.content import CONTENT_FOLDER, ContentError
from abonent.kernel.db import reading
from abonent.kernel.documents.printing import shown_document
from abonent.kernel.jobs import JobContext
from abonent.kernel.letters import write_letter
from abonent.kernel.outbox import deliver_due
from abonent.kernel.requisites import Requisites
from abonent.kernel.settings import Settings

FIRST = date(2026, 1, 1)
LETTERS = {
    language: sorted(one.name for one in (CONTENT_FOLDER / language / "letters").iterdir())
    for language in ("ru", "en")
}
NBSP = "\N{NO-BREAK SPACE}"
SELLER = Requisites(
    name="ООО «Провайдер»",
    inn="7707083893",
    kpp="770701001",
    bank_name="ПАО СБЕРБАНК",
    bic="044525225",
    account="40702810938000000001",
    corr_account="30101810400000000225",
    head_name="Соколова А. В.",
    head_post="Генеральный директор",
)
DETAILS = Particulars(
    kind="company",
    name="ООО «Вектор Плюс»",
    tax_id="7736050003",
    kpp="773601001",
    signatory="Орлов И. С.",
    legal_address="Москва, ул. Заводская, 1",
)


class Postman:
    """A real SMTP server that knows nobody called unknown."""

    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802  aiosmtpd's
        if address.startswith("unknown"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
async def settings(postman: Postman, tmp_path: Any) -> AsyncIterator[Settings]:
    def talk() -> SMTP:
        return SMTP(postman)

    server = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield Settings(
            home=tmp_path,
            smtp_url=f"smtp://127.0.0.1:{port}",
            mail_from="Provider <post@example.org>",
        )


async def provider(**mails: str) -> None:
    """Companies 1, 2, ... with postpaid internet through January; the first have their details."""
    await days.begin(FIRST, by=SYSTEM)
    await tariffs.create_tariff(
        by=SYSTEM, code="office", name="Офис", kind="internet", mode="arrears", fee=250000,
        due_days=15, tax_code="vat",
    )  # fmt: skip
    await set_requisites("main", by=SYSTEM, requisites=SELLER)
    for number, email in (mails or {"n1": "buh@vector.example"}).items():
        await company(number.removeprefix("n"), email)
    await days.close_days(by=SYSTEM, through=date(2026, 1, 31))


async def company(number: str, email: str = "", *, kind: str = "company") -> None:
    new = NewSubscriber("ООО «Вектор Плюс»", kind=kind, email=email)
    await open_subscriber_account(number, by=SYSTEM, billing_day=1, subscriber=new)
    await services.add_service(number, by=SYSTEM, tariff="office")


async def mend(number: str, **other: str) -> None:
    await correct_subscriber(
        number, by=SYSTEM, seen=None, given=replace(DETAILS, **other), today=FIRST
    )


async def one(kind: str, number: str = "1") -> Document:
    return next(d for d in await documents_of(number, by=SYSTEM) if d.kind == kind)


async def test_the_round_issues_for_all_and_lists_who_lacks_what(db: Any) -> None:
    await provider(n1="", n2="", n3="")
    await company("4", kind="person")
    await mend("1")
    await mend("3", name="ИП Орлов", tax_id="500100732259", kpp="")
    assert await accounts_to_document(by=SYSTEM) == ["1", "2", "3"]
    told: list[tuple[int, int]] = []
    done = await issue_all_due(by=SYSTEM, language="ru", progress=lambda *place: told.append(place))
    assert (done.accounts, done.documents, done.lacking, done.failed) == (3, 4, 1, 0)
    assert told == [(1, 3), (2, 3), (3, 3)]
    (lacking,) = await companies_lacking(by=SYSTEM)
    assert (lacking.number, lacking.missing, lacking.periods) == (
        "2", ("buyer.inn", "buyer.signatory"), 1,
    )  # fmt: skip
    assert await accounts_to_document(by=SYSTEM) == ["2"]
    await mend("2")
    await issue_company_documents(JobContext(Settings(), 1, 1))
    assert await companies_lacking(by=SYSTEM) == []
    assert (await one("act", "2")).no == 3
    again = await issue_all_due(by=SYSTEM, language="ru")
    assert (again.accounts, again.documents) == (0, 0)
    with pytest.raises(NotACompany):
        await issue_for_account("4", by=SYSTEM, language="ru")
    async with reading() as connection:
        rows = await connection.fetch(
            "SELECT account_id FROM billing_account WHERE number <> '4' ORDER BY 1"
        )
    accounts = [row["account_id"] for row in rows]
    proof = await prove_documents(accounts, by=SYSTEM, start=FIRST, end=date(2026, 2, 1))
    assert proof.clean, proof
    assert proof.documented == 750000


async def test_a_round_broken_off_goes_on_where_it_was(db: Any) -> None:
    await provider(n1="", n2="", n3="")
    for number in ("1", "2", "3"):
        await mend(number)

    class StoppedError(BaseException):
        """The worker is told to stop."""

    def stop(place: int, _all: int) -> None:
        if place == 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        await issue_all_due(by=SYSTEM, language="ru", progress=stop)
    assert await accounts_to_document(by=SYSTEM) == ["3"]
    await issue_all_due(by=SYSTEM, language="ru")
    assert [(await one("act", n)).no for n in ("1", "2", "3")] == [1, 2, 3]


async def test_papers_named_an_address_go_there_by_themselves_with_the_pdf(
    db: Any, settings: Settings, postman: Postman
) -> None:
    await provider()
    await mend("1")
    holder = await company_of("1", by=SYSTEM)
    (contact,) = await email_contacts(holder.subscriber, by=SYSTEM)
    await set_document_contact("1", contact.id, by=SYSTEM)
    await issue_for_account("1", by=SYSTEM, language="ru")
    assert (await one("act")).letter_waits
    for _letter in range(2):  # one by one: the test's transaction has one connection
        await deliver_due({"document": document_handler(settings)}, limit=1)
    assert len(postman.letters) == 2
    letter = next(m for m in postman.letters if m["Subject"].startswith("Счёт"))
    assert letter["Subject"] == "Счёт на оплату № 1 от 01.02.2026, ООО «Провайдер»"
    assert letter["To"] == "buh@vector.example"
    text = letter.get_body(("plain",)).get_content()
    assert f"К оплате с учётом остатка на счёте: 2{NBSP}500,00{NBSP}₽, срок – до 16.02.2026" in text
    assert "<strong>" in letter.get_body(("html",)).get_content()
    (file,) = letter.iter_attachments()
    assert file.get_content_type() == "application/pdf"
    assert file.get_filename() == "invoice-1-2026-02-01.pdf"
    assert file.get_content().startswith(b"%PDF-")
    sent = await one("invoice")
    assert (sent.state, sent.letters, sent.letter_waits, sent.error) == ("SENT", 1, False, "")
    async with reading() as connection:
        printed = await connection.fetchval(
            "SELECT hash FROM printed_document WHERE subject = $1", f"document:{sent.id}"
        )
    assert len(printed) == 16


async def test_a_refused_letter_says_why_and_is_sent_again(
    db: Any, settings: Settings, postman: Postman
) -> None:
    await provider(n1="unknown@vector.example")
    await mend("1")
    await issue_for_account("1", by=SYSTEM, language="ru")
    made = (await one("act")).id
    assert not (await one("act")).letter_waits
    await send_to_company(made, by=SYSTEM)
    await deliver_due({"document": document_handler(settings)})
    failed = await document(made, by=SYSTEM)
    assert (failed.state, failed.letter_waits) == ("FAILED", False)
    assert "no such user" in failed.error
    async with reading() as connection:
        await connection.execute("UPDATE crm_contact SET value = 'buh@vector.example'")
        await connection.execute("UPDATE crm_subscriber SET email = 'buh@vector.example'")
    await send_to_company(made, by=SYSTEM)
    await deliver_due({"document": document_handler(settings)})
    sent = await document(made, by=SYSTEM)
    assert (sent.state, sent.letters, sent.error) == ("SENT", 2, "")
    assert len(postman.letters) == 1


async def test_drafts_and_companies_without_an_address_are_not_sent(db: Any) -> None:
    await provider(n1="")
    await issue_for_account("1", by=SYSTEM, language="ru")
    draft = await one("act")
    with pytest.raises(NoAddress):
        await send_to_company(draft.id, by=SYSTEM)
    async with reading() as connection:
        await connection.execute("UPDATE crm_subscriber SET email = 'a@b.example'")
    with pytest.raises(StillDraft):
        await send_to_company(draft.id, by=SYSTEM)


async def test_the_paper_says_what_was_kept_and_is_printed_in_both_languages(db: Any) -> None:
    await provider()
    await mend("1")
    await payments.take_payment("1", by=SYSTEM, amount=100000, source="bank", external_id="a")
    await days.close_days(by=SYSTEM, through=date(2026, 2, 28))
    await issue_for_account("1", by=SYSTEM, language="ru", since=FIRST)
    await reconcile_account("1", by=SYSTEM, first=FIRST, last=date(2026, 2, 28), language="ru")
    paper = await paper_of((await one("invoice")).id, by=SYSTEM, language="ru")
    shown = await shown_document("invoice", paper.data, language="ru")
    assert shown["heading"] == "Счёт на оплату"
    assert (shown["opening"], shown["paid"], shown["to_pay"]) == (
        f"2{NBSP}500,00{NBSP}₽", f"1{NBSP}000,00{NBSP}₽", f"4{NBSP}000,00{NBSP}₽",
    )  # fmt: skip
    assert [(row["rate"], row["tax"], row["days"]) for row in shown["rows"]] == [
        ("22 %", "450,82", "28")
    ]
    assert shown["taxes"] == [{"name": "В том числе НДС 22 %", "amount": f"450,82{NBSP}₽"}]
    assert shown["qr"].startswith("<svg")
    await mend("1", name="АО «Другое»")
    again = await paper_of(paper.found.id, by=SYSTEM, language="ru")
    assert again.data == paper.data
    for found in await documents_of("1", by=SYSTEM):
        for language in ("ru", "en"):
            printed = await print_papers([found.id], by=SYSTEM, language=language, content=None)
            assert printed.pdf.startswith(b"%PDF-"), SLUGS[found.kind]


async def test_a_statement_says_who_owes_whom(db: Any) -> None:
    await provider()
    await mend("1")
    await payments.take_payment("1", by=SYSTEM, amount=300000, source="bank", external_id="a")
    await days.close_days(by=SYSTEM, through=date(2026, 2, 10))
    made = await reconcile_account(
        "1", by=SYSTEM, first=FIRST, last=date(2026, 2, 10), language="ru"
    )
    paper = await paper_of(made, by=SYSTEM, language="ru")
    assert paper.data["closing"] == {"owed": None, "ahead": 50000}
    assert paper.data["stand"] == (
        f"На 10.02.2026 задолженность в пользу ООО «Вектор Плюс» составляет 500,00{NBSP}₽"
        " (должник – ООО «Провайдер»)."
    )


async def test_every_letter_is_there_in_both_languages_and_blanks_are_faults() -> None:
    assert LETTERS["ru"] == LETTERS["en"] != []
    values = dict.fromkeys(
        ("title", "number", "day", "first", "last", "account", "contract", "amount", "to_pay",
         "due", "seller", "phone"), "<b>x</b>",
    )  # fmt: skip
    for language in ("ru", "en"):
        letter = await write_letter("company_document", values, language=language)
        assert "<b>x</b>" in letter.text
        assert "<b>x</b>" not in letter.html
        with pytest.raises(ContentError, match="phone"):
            await write_letter(
                "company_document",
                {name: text for name, text in values.items() if name != "phone"},
                language=language,
            )
