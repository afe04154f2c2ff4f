"""The card's tabs about people: what each role sees, what the dialogs do, what a colleague changed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from abonent.crm.queries import face_of
from abonent.crm.queries.people import consents_of, contacts_of
from abonent.crm.service.contacts import ContactKind, NewContact, change_contact
from abonent.kernel.actor import SYSTEM
from abonent.web.card_tabs import TABS
from abonent.web.people_routes import PEOPLE_ROUTES
from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
ONE = "/accounts/20417"
WHOLE, MASKED = "+7 916 345-67-42", "+7 916 ••• ••-42"
DIGITS = re.compile(r"345.?67.?42|79163456742")
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


@pytest.fixture
async def clerk(provider: None, enter: Enter) -> httpx.AsyncClient:
    return await enter("office")


async def _sent(browser: httpx.AsyncClient, path: str, **given: str) -> httpx.Response:
    """Open a dialog and carry it out."""
    form = (await browser.get(path)).text
    return await browser.post(path, data=given | {"key": key_of(form), "step": "do"})


async def _subscriber(number: str = "20417") -> int:
    face = await face_of(number, by=SYSTEM)
    assert face is not None
    return face.subscriber


async def _phone() -> int:
    found = await contacts_of(await _subscriber(), by=SYSTEM)
    return next(one.id for one in found if one.kind == "phone")


@pytest.mark.parametrize("tab", [tab.path for tab in TABS if tab.path])
async def test_every_tab_opens_and_is_marked(clerk: httpx.AsyncClient, tab: str) -> None:
    answer = await clerk.get(f"{ONE}{tab}")
    assert answer.status_code == 200
    assert f'href="{ONE}{tab}" aria-current="page"' in answer.text
    assert "Орлова Ирина Олеговна" in answer.text


@pytest.mark.parametrize(
    "path", [ONE, f"{ONE}/subscriber", "/find?q=345-67-42", "/subscribers?q=345-67-42"]
)
@pytest.mark.parametrize("role", ["cash", "office", "tech"])
async def test_a_whole_phone_stands_in_no_page(
    provider: None, enter: Enter, path: str, role: str
) -> None:
    browser = await enter(role)
    page = (await browser.get(path)).text
    shown = plain(page).replace("345-67-42", "", page.count("345-67-42") if "q=" in path else 0)
    assert "916345" not in re.sub(r"\D", "", shown)
    if "q=" not in path:
        assert MASKED in page
        assert DIGITS.search(page) is None


async def test_a_cashier_cannot_have_it_shown_and_a_technician_can(
    provider: None, enter: Enter, db: Any
) -> None:
    cashier, technician = await enter("cash"), await enter("tech")
    path = f"{ONE}/contacts/{await _phone()}/reveal"
    assert (await cashier.post(path)).status_code == 403
    assert path not in (await cashier.get(f"{ONE}/subscriber")).text
    shown = await technician.post(path, headers=HX)
    assert WHOLE in shown.text
    assert "<html" not in shown.text
    assert WHOLE in (await technician.post(path)).text
    asked = "SELECT count(*) FROM audit WHERE action = 'crm:contact:revealed'"
    assert await db.fetchval(asked) == 2


async def test_a_technician_sees_no_documents(provider: None, enter: Enter) -> None:
    technician = await enter("tech")
    assert "Ваша роль не видит" in (await technician.get(f"{ONE}/documents")).text
    assert (await technician.post(f"{ONE}/identity")).status_code == 403
    assert (await technician.get(f"{ONE}/contract.pdf")).status_code == 403


async def test_a_contact_is_added_changed_and_taken_off(clerk: httpx.AsyncClient) -> None:
    added = await _sent(
        clerk, f"{ONE}/contacts/new", kind="phone", value="8 903 111-22-33", label="муж", main="on"
    )
    assert added.headers["location"] == f"{ONE}/subscriber?done=contact"
    page = plain((await clerk.get(added.headers["location"])).text)
    assert "+7 903 ••• ••-33" in page
    assert "муж" in page
    path = f"{ONE}/contacts/{await _phone()}"
    form = (await clerk.get(path)).text
    assert "+7 903 111-22-33" in form
    changed = await clerk.post(
        path,
        data={"key": key_of(form), "step": "do", "version": "1", "value": "+7 903 111-22-34"},
    )
    assert changed.status_code == 303
    assert (await _sent(clerk, f"{path}/remove")).status_code == 303
    assert "••-34" not in (await clerk.get(f"{ONE}/subscriber")).text


async def test_a_mistake_keeps_what_was_typed(clerk: httpx.AsyncClient) -> None:
    wrong = await _sent(clerk, f"{ONE}/contacts/new", kind="email", value="почта", label="дом")
    assert wrong.status_code == 400
    assert 'value="почта"' in wrong.text
    assert 'value="дом"' in wrong.text
    assert "не адрес электронной почты" in wrong.text


async def test_a_colleagues_change_is_shown_beside_ones_own(clerk: httpx.AsyncClient) -> None:
    phone = await _phone()
    path = f"{ONE}/contacts/{phone}"
    form = (await clerk.get(path)).text
    theirs = NewContact(kind=ContactKind.PHONE, value="+7 903 000-00-01", label="сын")
    await change_contact("20417", phone, by=SYSTEM, seen=1, new=theirs)
    mine = {"key": key_of(form), "step": "do", "version": "1", "value": "+7 903 000-00-02"}
    conflict = await clerk.post(path, data=mine | {"label": "дочь"})
    assert conflict.status_code == 409
    said = plain(conflict.text)
    assert "сын" in said
    assert "дочь" in said
    assert 'name="version" value="2"' in conflict.text
    again = mine | {"version": "2", "key": key_of(conflict.text)}
    assert (await clerk.post(path, data=again)).status_code == 303


async def test_a_consent_is_recorded_and_withdrawn(clerk: httpx.AsyncClient) -> None:
    path = f"{ONE}/consents/new"
    given = {"purpose": "advertising", "channel": "sms"}
    assert 'value="candidate"' not in (await clerk.get(path)).text
    assert (await _sent(clerk, path, **given, proof="")).status_code == 400
    assert (await _sent(clerk, path, **given, proof="Бланк от 14.11.2026")).status_code == 303
    (consent,) = await consents_of(await _subscriber(), by=SYSTEM)
    page = plain((await clerk.get(f"{ONE}/subscriber")).text)
    assert "действует" in page
    path = f"{ONE}/consents/{consent.id}/withdraw"
    assert (await _sent(clerk, path, how="По телефону")).status_code == 303
    (consent,) = await consents_of(await _subscriber(), by=SYSTEM)
    assert not consent.holds


async def test_a_consent_with_a_last_day_holds_to_its_end(clerk: httpx.AsyncClient) -> None:
    given = {"purpose": "advertising", "channel": "sms", "proof": "Бланк", "till": "2040-12-03"}
    assert (await _sent(clerk, f"{ONE}/consents/new", **given)).status_code == 303
    page = plain((await clerk.get(f"{ONE}/subscriber")).text)
    assert "до конца 03.12.2040" in page
    assert "04.12.2040" not in page


async def test_particulars_are_corrected_and_refused_field_by_field(
    clerk: httpx.AsyncClient,
) -> None:
    path = f"{ONE}/subscriber/edit"
    wrong = await _sent(
        clerk, path, kind="company", name="ООО «Юг»", tax_id="1", kpp="2", version="1"
    )
    assert wrong.status_code == 400
    assert 'id="act-tax_id-error"' in wrong.text
    assert 'id="act-kpp-error"' in wrong.text
    right = await _sent(clerk, path, kind="person", name="Орлова-Белая Ирина", version="1")
    assert right.status_code == 303
    assert "Орлова-Белая Ирина" in (await clerk.get(ONE)).text


async def test_a_passport_is_written_down_and_shown_on_demand(clerk: httpx.AsyncClient) -> None:
    given = {"kind": "passport", "series": "4508", "number": "123456", "version": "0"}
    assert (await _sent(clerk, f"{ONE}/identity/edit", **given)).status_code == 303
    page = (await clerk.get(f"{ONE}/subscriber")).text
    assert "••••56" in page
    assert "123456" not in page
    assert "4508 123456" in plain((await clerk.post(f"{ONE}/identity")).text)


async def test_a_flat_is_corrected(clerk: httpx.AsyncClient) -> None:
    given = {"flat": "78", "entrance": "3", "floor": "5", "version": "1"}
    assert (await _sent(clerk, f"{ONE}/flat", **given)).status_code == 303
    assert "кв. 78" in (await clerk.get(ONE)).text


async def test_equipment_is_given_out_and_taken_back(clerk: httpx.AsyncClient) -> None:
    device = {"kind": "router", "owner": "rent", "serial": "S-1", "given_on": "2026-11-14"}
    device |= {"state": "working", "deposit": "1500"}
    path = f"{ONE}/equipment/new"
    assert (await _sent(clerk, path, **device)).status_code == 303
    page = (await clerk.get(f"{ONE}/equipment")).text
    assert "1 500,00" in plain(page)
    taken = await _sent(clerk, "/accounts/20418/equipment/new", **device)
    assert taken.status_code == 409
    assert "20417" in taken.text
    (back,) = set(re.findall(rf'href="({ONE}/equipment/\d+/return)"', page))
    assert (await _sent(clerk, back, on="2026-11-14")).status_code == 303
    assert "возвращено" in plain((await clerk.get(f"{ONE}/equipment")).text)


async def test_a_note_is_pinned_to_the_head_and_stands_in_the_history(
    clerk: httpx.AsyncClient,
) -> None:
    kept = await _sent(clerk, f"{ONE}/notes/new", text="Во дворе <злая> собака", pinned="on")
    assert kept.headers["location"] == f"{ONE}?done=note"
    assert "Во дворе &lt;злая&gt; собака" in (await clerk.get(f"{ONE}/money")).text
    history = (await clerk.get(f"{ONE}/history")).text
    assert "Мария Петрова" in history
    (path,) = set(re.findall(rf'href="({ONE}/notes/\d+)"', history))
    changed = await _sent(clerk, path, text="Собаку увезли", version="1")
    assert changed.status_code == 303
    assert "Собаку увезли" not in (await clerk.get(f"{ONE}/money")).text
    assert (await _sent(clerk, f"{path}/remove")).status_code == 303


async def test_the_history_is_told_in_words_and_page_by_page(
    clerk: httpx.AsyncClient, db: Any
) -> None:
    for turn in range(3):
        await _sent(clerk, f"{ONE}/notes/new", text=f"Заметка {turn}")
    await clerk.post(f"{ONE}/contacts/{await _phone()}/reveal")
    page = (await clerk.get(f"{ONE}/history")).text
    assert "Контакт посмотрели" in page
    assert "crm:" not in plain(page)
    assert "billing:" not in plain(page)
    notes = (await clerk.get(f"{ONE}/history?kind=notes")).text
    assert "Контакт посмотрели" not in notes.split("<main")[1]
    assert (await clerk.get(f"{ONE}/history?kind=нет&after=x.y")).status_code == 200
    for turn in range(60):
        await _sent(clerk, f"{ONE}/notes/new", text=f"Ещё {turn}")
    first = (await clerk.get(f"{ONE}/history?kind=notes")).text
    (further,) = set(re.findall(rf'hx-get="({ONE}/history\?[^"]+)"', first))
    second = await clerk.get(further.replace("&amp;", "&"), headers=HX)
    assert second.status_code == 200
    assert "<html" not in second.text
    history = first.split('class="history')[1].split("</section>")[0]
    both = re.findall(r"Ещё \d+", history) + re.findall(r"Ещё \d+", second.text)
    assert both == [f"Ещё {turn}" for turn in reversed(range(60))]


async def test_a_scan_is_checked_by_its_content_kept_and_handed_out(
    clerk: httpx.AsyncClient, enter: Enter
) -> None:
    path = f"{ONE}/scans/new"

    async def send(content: bytes, name: str) -> httpx.Response:
        form = (await clerk.get(path)).text
        data = {"key": key_of(form), "step": "do", "kind": "act"}
        return await clerk.post(path, data=data, files={"file": (name, content, "image/png")})

    assert (await send(b"<script>alert(1)</script>", "a.png")).status_code == 422
    kept = await send(PNG, "акт.exe")
    assert kept.headers["location"] == f"{ONE}/documents?done=scan"
    assert (await send(PNG, "again.png")).status_code == 409
    large = await send(PNG + b"0" * 9_000_000, "large.png")
    assert large.status_code == 303
    assert (await send(PNG + b"0" * 10_000_000, "larger.png")).status_code == 422
    assert (await send(PNG + b"0" * 11_000_000, "largest.png")).status_code == 413
    page = (await clerk.get(f"{ONE}/documents")).text
    scan = re.findall(rf'href="({ONE}/scans/\d+)"', page)[-1]
    got = await clerk.get(scan)
    assert got.content == PNG
    assert got.headers["content-type"] == "image/png"
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "filename*=UTF-8''act-20417.png" in got.headers["content-disposition"]
    assert (await (await enter("cash")).get(scan)).status_code == 403
    assert (await clerk.get(scan.replace("20417", "20418"))).status_code == 404
    assert (await clerk.get(f"{scan}/remove")).status_code == 403
    head = await enter("head")
    assert (await _sent(head, f"{scan}/remove", reason="Не тот абонент")).status_code == 303
    assert (await clerk.get(scan)).status_code == 404
    assert "Не тот абонент" in (await clerk.get(f"{ONE}/documents")).text


async def test_an_account_goes_to_another_owner_after_a_preview(clerk: httpx.AsyncClient) -> None:
    path = f"{ONE}/owner"
    over = {"kind": "person", "name": "Белов Олег Ильич", "phone": "8 903 555-44-33"}
    over |= {"services": "on", "equipment": "on", "balance": "on"}
    form = (await clerk.get(path)).text
    looked = await clerk.post(path, data=over | {"step": "preview"}, headers=HX)
    assert "2026-00001" in looked.text
    assert (await _subscriber()) == (await _subscriber())
    assert "Орлова" in (await clerk.get(ONE)).text
    done = await clerk.post(path, data=over | {"key": key_of(form), "step": "do"})
    assert done.headers["location"] == f"{ONE}/documents?done=owner"
    page = (await clerk.get(done.headers["location"])).text
    assert "Белов Олег Ильич" in page
    assert "Орлова Ирина Олеговна" in page
    act = await clerk.get(f"{ONE}/owners/1.pdf")
    assert act.content.startswith(b"%PDF")


async def test_a_debt_is_refused_with_its_sum_until_it_is_taken_over(
    clerk: httpx.AsyncClient,
) -> None:
    path = "/accounts/20420/owner"
    over = {"kind": "company", "name": "ООО «Новый»", "services": "on", "equipment": "on"}
    refused = await _sent(clerk, path, **over)
    assert refused.status_code == 422
    assert "долг" in plain(refused.text).lower()
    assert 'value="ООО «Новый»"' in refused.text
    assert (await _sent(clerk, path, **over, debt="on")).status_code == 303


async def test_the_contract_is_printed_corrected_and_moved(clerk: httpx.AsyncClient) -> None:
    printed = await clerk.get(f"{ONE}/contract.pdf")
    assert printed.status_code == 200, printed.text
    assert printed.content.startswith(b"%PDF")
    given = {"number": "Д-17", "signed_on": "2026-10-25", "border": "floor", "version": "1"}
    assert (await _sent(clerk, f"{ONE}/contract/edit", **given)).status_code == 303
    move = {"state": "notice", "version": "2"}
    assert (await _sent(clerk, f"{ONE}/contract/state", **move)).status_code == 400
    moved = await _sent(clerk, f"{ONE}/contract/state", **move, ends_on="2026-12-31")
    assert moved.status_code == 303
    head = plain((await clerk.get(ONE)).text)
    assert "Д-17" in head
    assert "Подано уведомление" in head


async def test_the_numbering_of_contracts_is_set_with_an_example(
    provider: None, enter: Enter
) -> None:
    head = await enter("head")
    path = f"/number-plans/main?back={ONE}/documents"
    looked = await head.post(path, data={"pattern": "Д-{yy}/{n:04}"}, headers=HX)
    assert "Д-26/0001" in looked.text
    assert (await _sent(head, path, pattern="без счётчика", version="0")).status_code == 400
    kept = await _sent(head, path, pattern="Д-{yy}/{n:04}", version="0")
    assert kept.headers["location"] == f"{ONE}/documents"
    over = {"kind": "person", "name": "Белов Олег", "services": "on", "balance": "on"}
    assert (await _sent(head, f"{ONE}/owner", **over, equipment="on")).status_code == 303
    assert "Д-26/0001" in (await head.get(ONE)).text


async def test_a_building_is_described(clerk: httpx.AsyncClient) -> None:
    face = await face_of("20417", by=SYSTEM)
    assert face is not None
    one = f"/buildings/{face.place}"
    given = {"kind": "flats", "floors": "9", "manager": "УК «Дом»", "version": "0"}
    assert (await _sent(clerk, f"{one}/edit", **given)).status_code == 303
    entrance = {"no": "2", "first_flat": "70", "last_flat": "90", "door_code": "12К"}
    assert (await _sent(clerk, f"{one}/entrance", **entrance)).status_code == 303
    page = plain((await clerk.get(one)).text)
    assert "УК «Дом»" in page
    assert "Орлова Ирина Олеговна" in page
    assert "12К" in (await clerk.get(f"{ONE}/subscriber")).text
    assert (await clerk.get("/buildings/999999")).status_code == 404


@pytest.mark.parametrize("path", [tab.path for tab in TABS])
async def test_a_tab_asks_the_database_at_most_twelve_times(
    clerk: httpx.AsyncClient, db: Any, path: str
) -> None:
    await clerk.get(f"{ONE}{path}")
    asked: list[str] = []

    def note(record: Any) -> None:
        asked.append(record.query)

    db.add_query_logger(note)
    try:
        assert (await clerk.get(f"{ONE}{path}")).status_code == 200
    finally:
        db.remove_query_logger(note)
    assert 0 < len(asked) <= 12, "\n".join(asked)


async def test_nothing_of_people_opens_without_its_right(provider: None, enter: Enter) -> None:
    officer = await enter("hr")
    for route in PEOPLE_ROUTES:
        path = re.sub(r"\{(\w+):str\}", "20417", re.sub(r"\{(\w+):int\}", "1", route.path))
        method = "POST" if "POST" in (route.methods or ()) else "GET"
        answer = await officer.request(method, path)
        assert answer.status_code == 403, (method, path)
