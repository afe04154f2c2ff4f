"""Invoices and acts on the portal: the own and issued ones alone; the main contact is chosen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from typing import Any

import httpx

from abonent.billing.service import days
from abonent.billing.service.entities import set_requisites
from abonent.crm.service.companies import issue_for_account
from abonent.crm.service.contacts import ContactKind, NewContact, add_contact
from abonent.crm.service.people import Particulars, correct_subscriber
from abonent.kernel.actor import SYSTEM
from tests.web.portal.conftest import COMPANY, NUMBER, OTHER

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
DOCUMENTS = """
SELECT d.id, d.state FROM billing_document d JOIN billing_account a USING (account_id)
WHERE a.number = $1 ORDER BY d.id
"""


async def papers(db: Any, number: str, *, lacking: bool = False) -> list[dict[str, Any]]:
    """Make the account a company's and issue what is due; a company that lacks details gets drafts."""
    given = Particulars(
        name="ООО «Ромашка»",
        kind="company",
        tax_id="" if lacking else "7707083893",
        kpp="" if lacking else "770701001",
        legal_address="" if lacking else "г. Москва, ул. Мира, 8",
        signatory="" if lacking else "Директор Цветкова А. Б.",
        signs_by="" if lacking else "Устава",
    )
    await correct_subscriber(number, by=SYSTEM, seen=None, given=given, today=date(2026, 11, 2))
    where = "г. Москва, ул. Садовая, 1"
    ours = replace(COMPANY, address=where, head_post="Директор", head_name="Петров П. П.")
    await set_requisites("main", by=SYSTEM, requisites=ours)
    await issue_for_account(number, by=SYSTEM, language="ru")
    return [dict(row) for row in await db.fetch(DOCUMENTS, number)]


async def test_a_company_reads_its_own_issued_documents(enter: Enter, db: Any) -> None:
    await days.close_days(by=SYSTEM, through=date(2026, 12, 1))
    own, others = await papers(db, NUMBER), await papers(db, OTHER)
    assert {row["state"] for row in own} == {"ISSUED"}
    client = await enter()
    page = await client.get(f"/my/{NUMBER}/documents")
    assert "Счёт на оплату" in page.text
    assert "<script" not in page.text
    for row in own:
        answer = await client.get(f"/my/{NUMBER}/documents/{row['id']}.pdf")
        assert answer.content.startswith(b"%PDF-")
        assert answer.headers["content-type"] == "application/pdf"
    for row in others:
        assert f"/{row['id']}.pdf" not in page.text
        assert (await client.get(f"/my/{NUMBER}/documents/{row['id']}.pdf")).status_code == 404
        assert (await client.get(f"/my/{OTHER}/documents/{row['id']}.pdf")).status_code == 404


async def test_a_draft_is_not_shown(enter: Enter, db: Any) -> None:
    await days.close_days(by=SYSTEM, through=date(2026, 12, 1))
    drafts = await papers(db, NUMBER, lacking=True)
    assert {row["state"] for row in drafts} == {"DRAFT"}
    client = await enter()
    assert "Пока ничего не выставлено" in (await client.get(f"/my/{NUMBER}/documents")).text
    answer = await client.get(f"/my/{NUMBER}/documents/{drafts[0]['id']}.pdf")
    assert answer.status_code == 404


async def test_a_confirmed_contact_becomes_the_main_one(enter: Enter, db: Any) -> None:
    new = NewContact(kind=ContactKind.PHONE, value="8 999 000-00-01", confirmed=True)
    second = await add_contact(NUMBER, by=SYSTEM, new=new)
    third = await add_contact(
        NUMBER, by=SYSTEM, new=NewContact(kind=ContactKind.PHONE, value="8 999 000-00-02")
    )
    client = await enter()
    base = f"/my/{NUMBER}/contacts"
    refused = await client.post(f"{base}/{third}/main", data={"key": "a"})
    assert refused.status_code == 422
    assert "Сначала подтвердите" in refused.text
    answer = await client.post(f"{base}/{second}/main", data={"key": "b"})
    assert "Теперь это основной контакт" in (await client.get(answer.headers["location"])).text
    main = "SELECT id FROM crm_contact WHERE main AND kind = 'phone' AND value LIKE '7999%'"
    assert [row["id"] for row in await db.fetch(main)] == [second]
