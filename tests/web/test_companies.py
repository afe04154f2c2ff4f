"""Documents of companies at the desk: the register, one document, the card's tab, bills."""

from __future__ import annotations

import asyncio
import re
import struct
import zlib
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import httpx
import numpy as np
import pytest
import typst
import zxingcpp
from starlette.applications import Starlette

from abonent.billing.queries.entities import legal_entity_of
from abonent.billing.queries.invoices import documents_of
from abonent.billing.service import days
from abonent.billing.service.entities import set_requisites
from abonent.crm.service.companies import issue_for_account
from abonent.crm.service.people import Particulars, correct_subscriber
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading
from abonent.kernel.documents import printing
from abonent.kernel.documents.fields import written
from abonent.kernel.jobs import run_job
from abonent.kernel.jsontext import to_json
from abonent.kernel.requisites import Requisites
from abonent.kernel.settings import Settings
from abonent.web.pages.accounts import card_of
from abonent.web.pages.companies.account import bill_paper
from abonent.web.render import Desk
from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, plain
from tests.web.test_registers import rows_of

Enter = Callable[..., Awaitable[httpx.AsyncClient]]

SELLER = Requisites(
    name="ООО «Провайдер»",
    inn="7707083893",
    kpp="770701001",
    bank_name="ПАО СБЕРБАНК",
    bic="044525225",
    account="40702810938000000001",
    corr_account="30101810400000000225",
    head_name="Соколова А. В.",
)
DETAILS = Particulars(
    kind="company",
    name="ООО «Вектор Плюс»",
    tax_id="7736050003",
    kpp="773601001",
    signatory="Орлов И. С.",
)


@pytest.fixture
async def provider(db: Any) -> None:
    """The small provider of the desk, whose company 20420 has an ended period."""
    await small_provider(db)
    await set_requisites("main", by=SYSTEM, requisites=SELLER)
    await mend()


async def mend(**other: str) -> None:
    given = Particulars(**{name: getattr(DETAILS, name) for name in DETAILS.__slots__} | other)
    await correct_subscriber("20420", by=SYSTEM, seen=None, given=given, today=date(2026, 11, 1))


@pytest.fixture
def settings(app: Starlette) -> Settings:
    desk: Desk = app.state.desk
    return desk.settings


@pytest.fixture
async def office(provider: None, enter: Enter) -> httpx.AsyncClient:
    return await enter("office")


async def issue() -> list[int]:
    return (await issue_for_account("20420", by=SYSTEM, language="ru")).documents


async def send(client: httpx.AsyncClient, path: str, **given: str) -> httpx.Response:
    form = (await client.get(path, headers=HX)).text
    return await client.post(path, data={"key": key_of(form), "step": "do", **given})


async def work(settings: Settings) -> None:
    async with reading() as connection:
        runs = await connection.fetch("SELECT id FROM job_run WHERE state = 'PLANNED'")
    for run in runs:
        await run_job(run["id"], settings)


async def test_what_is_due_is_issued_from_the_card_and_stands_in_the_register(
    office: httpx.AsyncClient,
) -> None:
    page = plain((await office.get("/accounts/20420/invoices")).text)
    assert "Документов ещё нет" in page
    answer = await send(office, "/accounts/20420/invoices/issue")
    assert answer.headers["location"] == "/accounts/20420/invoices?done=issued"
    page = plain((await office.get(answer.headers["location"])).text)
    assert "Акт об оказанных услугах № 1" in page
    rows = rows_of((await office.get("/documents")).text)
    assert len(rows) == 2
    assert any("ООО «Вектор Плюс»" in row and "Счёт на оплату" in row for row in rows)
    assert rows_of((await office.get("/documents?kind=act&q=вектор")).text) != []
    assert rows_of((await office.get("/documents?q=нигде")).text) == []
    again = await send(office, "/accounts/20420/invoices/issue")
    assert "документы выставлены" in plain(again.text)


async def test_a_document_is_shown_with_its_lines_and_printed(office: httpx.AsyncClient) -> None:
    act, invoice = await issue()
    page = plain((await office.get(f"/documents/{act}")).text)
    assert "Акт об оказанных услугах № 1 от 31.10.2026" in page
    assert "Офис 100" in page
    assert "ООО «Вектор Плюс»" in page
    assert "К оплате" in plain((await office.get(f"/documents/{invoice}")).text)
    for document in (act, invoice):
        answer = await office.get(f"/documents/{document}/document.pdf")
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")
    assert (await office.get("/documents/1")).status_code == 404


async def test_missing_details_are_listed_with_the_way_to_mend_them(
    office: httpx.AsyncClient, settings: Settings
) -> None:
    await mend(kpp="", signatory="")
    answer = await send(office, "/accounts/20420/invoices/issue")
    assert answer.headers["location"].endswith("done=drafts")
    page = (await office.get(answer.headers["location"])).text
    assert "КПП, подписант" in plain(page)
    assert 'href="/accounts/20420/subscriber/edit"' in page
    due = (await office.get("/documents/issue", headers=HX)).text
    assert 'href="/accounts/20420/invoices"' in due
    assert "КПП, подписант" in plain(due)
    rows = rows_of((await office.get("/documents?state=DRAFT")).text)
    assert len(rows) == 2
    assert all("КПП, подписант" in row for row in rows)
    draft = (await documents_of("20420", by=SYSTEM))[0].id
    assert (await office.get(f"/documents/{draft}/document.pdf")).status_code == 422
    assert (await office.get(f"/documents/{draft}")).status_code == 200
    await mend()
    assert (await send(office, "/documents/issue")).headers["location"] == "/documents"
    await work(settings)
    assert {d.state for d in await documents_of("20420", by=SYSTEM)} == {"ISSUED"}


async def test_a_reconciliation_is_issued_for_closed_days(office: httpx.AsyncClient) -> None:
    path = "/accounts/20420/invoices/reconcile"
    refused = await send(office, path, first="2026-10-25", last="2026-11-14")
    assert "14.11.2026 ещё не закрыт" in plain(refused.text)
    answer = await send(office, path, first="2026-10-25", last="2026-11-13")
    shown = plain((await office.get(answer.headers["location"])).text)
    assert "Акт сверки взаимных расчётов № 1" in shown
    assert "Операции" in shown


async def test_a_document_is_issued_again_with_the_details_of_today(
    office: httpx.AsyncClient,
) -> None:
    act, _invoice = await issue()
    await mend(name="АО «Вектор»")
    answer = await send(office, f"/documents/{act}/reissue", reason="Переименование")
    new = answer.headers["location"]
    assert "АО «Вектор»" in plain((await office.get(new)).text)
    old = plain((await office.get(f"/documents/{act}")).text)
    assert "заменён" in old
    assert "ООО «Вектор Плюс»" in old
    assert len(rows_of((await office.get("/documents?state=REPLACED")).text)) == 1


async def test_documents_are_sent_and_their_address_is_chosen(office: httpx.AsyncClient) -> None:
    act, _invoice = await issue()
    form = (await office.get(f"/documents/{act}/send", headers=HX)).text
    assert "post@mail.example" in form
    answer = await send(office, f"/documents/{act}/send")
    assert answer.headers["location"] == f"/documents/{act}?done=sent"
    assert "отправляется" in plain((await office.get(f"/documents/{act}")).text)
    path = "/accounts/20420/invoices/contact"
    form = (await office.get(path, headers=HX)).text
    contact = re.findall(r'<option value="(\d+)"', form)[-1]
    await send(office, path, contact=contact)
    assert "post@mail.example" in plain((await office.get("/accounts/20420/invoices")).text)
    wrong = await send(office, path, contact="77")
    assert "Выберите из предложенного" in plain(wrong.text)


async def test_many_are_sent_at_once_and_those_without_an_address_are_named(
    office: httpx.AsyncClient, settings: Settings
) -> None:
    await issue()
    async with reading() as connection:
        await connection.execute("UPDATE crm_subscriber SET email = ''")
    answer = await send(office, "/documents/bulk/send?all=1")
    assert answer.headers["location"] == "/tasks"
    await work(settings)
    page = plain((await office.get("/tasks")).text)
    assert "Не изменены 2 строки" in page
    assert "нет адреса электронной почты" in page


async def test_many_of_one_kind_are_printed_into_one_file(
    office: httpx.AsyncClient, settings: Settings
) -> None:
    await issue()
    await days.close_days(by=SYSTEM, through=date(2026, 11, 30))
    await issue()
    preview = (await office.get("/documents/bulk/print?all=1&kind=act", headers=HX)).text
    assert "Акт об оказанных услугах" in plain(preview)
    await send(office, "/documents/bulk/print?all=1&kind=act")
    await send(office, "/documents/bulk/print?all=1")
    await work(settings)
    page = (await office.get("/tasks")).text
    (link,) = re.findall(r'href="(/tasks/\d+/file)"', page)
    answer = await office.get(link)
    assert answer.headers["content-type"] == "application/pdf"
    assert b"/Count 2" in answer.content
    assert "сначала выберите вид" in plain(page)


async def test_a_bill_with_a_code_is_printed_for_anybody(office: httpx.AsyncClient) -> None:
    page = (await office.get("/accounts/20417/invoices")).text
    assert "/accounts/20417/bill.pdf" in page
    assert "/invoices/issue" not in page
    answer = await office.get("/accounts/20417/bill.pdf")
    assert answer.content.startswith(b"%PDF-")
    async with reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM printed_document") == 1


async def test_the_code_of_a_bill_is_read_from_the_printed_page(provider: None) -> None:
    card = await card_of("20418", by=SYSTEM)
    entity = await legal_entity_of("20418", by=SYSTEM)
    data = bill_paper(card, entity.requisites, day=date(2026, 11, 14), language="ru")
    assert data["amount"] > 0
    png = await asyncio.to_thread(_page, "bill", data)
    (code,) = zxingcpp.read_barcodes(_grey(png))
    assert code.text.startswith(
        "ST00012|Name=ООО «Провайдер»|PersonalAcc=40702810938000000001|BankName=ПАО СБЕРБАНК"
        "|BIC=044525225|CorrespAcc=30101810400000000225"
    )
    assert f"|Sum={data['amount']}|" in code.text
    assert "|PersAcc=20418" in code.text


async def test_who_may_only_look_issues_nothing(provider: None, enter: Enter) -> None:
    (act, *_others) = await issue()
    cash = await enter("cash")
    for path in ("/documents", f"/documents/{act}", "/accounts/20420/invoices"):
        assert (await cash.get(path)).status_code == 403
    assert (await cash.post("/documents/issue")).status_code == 403
    assert (await cash.get("/accounts/20417/bill.pdf")).status_code == 200


def _page(slug: str, data: dict[str, Any]) -> bytes:
    """The document's first page as a picture, made by the very template."""
    template = printing.document(slug, "ru", None)
    compiler = typst.Compiler(
        root=template.folder,
        font_paths=printing._fonts(),
        ignore_system_fonts=True,
        package_path=printing.FONTS,
    )
    png = compiler.compile(
        input=(template.source + printing._ALL).encode(),
        format="png",
        ppi=110.0,
        sys_inputs={"data": to_json([written(template.fields, data, "ru")])},
    )
    assert isinstance(png, bytes)
    return png


def _grey(png: bytes) -> Any:
    """A grey picture from a PNG of eight bits a colour, without an image library."""
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert depth == 8
    step = {2: 3, 6: 4}[colour]
    data, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    raw = zlib.decompress(data)
    stride = width * step
    above, rows = bytearray(stride), []
    for place in range(height):
        start = place * (stride + 1)
        above = _row(raw[start], bytearray(raw[start + 1 : start + 1 + stride]), above, step)
        rows.append(np.frombuffer(bytes(above), dtype=np.uint8).reshape(width, step)[:, 0])
    return np.vstack(rows)


def _row(filtered: int, row: bytearray, above: bytearray, step: int) -> bytearray:
    """One row of a PNG without its filter (RFC 2083, section 6)."""
    for n in range(len(row)):
        left = row[n - step] if n >= step else 0
        corner = above[n - step] if n >= step else 0
        guess = (0, left, above[n], (left + above[n]) // 2, 0)[filtered]
        if filtered == 4:
            near = left + above[n] - corner
            guess = min((left, above[n], corner), key=lambda value: abs(near - value))
        row[n] = (row[n] + guess) % 256
    return row
