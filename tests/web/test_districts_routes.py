"""Who is confined to districts, against every address: nothing of an account elsewhere is given away."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from abonent.billing.queries.outside.matching import Reason
from abonent.billing.service.cash.shifts import open_shift
from abonent.billing.service.cash.taking import take_at_desk
from abonent.billing.service.entities import set_requisites
from abonent.billing.service.outside.parking import ToPark, park_all
from abonent.crm.quality_form import quality_form
from abonent.crm.queries import face_of
from abonent.crm.queries.people import contacts_of
from abonent.crm.queries.surveys import survey_of_token
from abonent.crm.service.campaigns.drafting import Draft, draft_campaign
from abonent.crm.service.claims.taking import NewClaim, take_claim
from abonent.crm.service.companies import issue_for_account
from abonent.crm.service.consents import Channel, NewConsent, Purpose, give_consent
from abonent.crm.service.conversations import NewCall, check_sound, give_sound, register_call
from abonent.crm.service.equipment import Device, give_equipment
from abonent.crm.service.messages import NewMessage, queue_message
from abonent.crm.service.notes import add_note
from abonent.crm.service.quality import judge
from abonent.crm.service.queue_tickets import take_ticket
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.scripts import begin_run
from abonent.crm.service.surveys import give_survey
from abonent.crm.service.surveys_answering import answer_survey
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Refused
from abonent.kernel.fiscal.receipts import use_fiscal
from abonent.kernel.settings import Settings
from abonent.kernel.storage import storage_of
from abonent.web import service
from abonent.web.access import PUBLIC, PageRoute
from abonent.web.api.operations import PREFIX, ApiRoute
from abonent.web.api.routes import API_ROUTES
from abonent.web.queries import user_actor
from abonent.web.registers.declared import REGISTERS
from abonent.web.rights import WHOLE
from abonent.web.routes import ROUTES
from tests.billing.test_cash import OLGA, make_desks
from tests.crm.queue_office import clerk, make_queue, service_id
from tests.crm.test_conversations import wave
from tests.web.seed import OPEN_DAY, small_provider
from tests.web.seen import plain
from tests.web.test_companies import SELLER, mend

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
ClientOf = Callable[..., httpx.AsyncClient]

OWN, FOREIGN, COMPANY = "20417", "20419", "20420"
TOLD = re.compile(r"Орлов Иван|Лесная|\b20419\b|\b20420\b|Вектор|345.?67.?89|SN-ELSEWHERE|чужая")
"""What stands on a page that says anything of the accounts elsewhere."""

NEVER_ENDS = {"/day/stream"}
OF_NO_ACCOUNT = {
    "entity", "shift", "code", "agreement", "day", "file", "tariff", "year", "key", "since", "view",
    "task", "user", "session", "session_id", "report", "rest", "part", "move", "answer",
    "ticket", "service", "window", "office", "slug",
    "step", "workflow", "absence", "notice", "end",
}  # fmt: skip
"""Parts of addresses that name nothing of an account: what such a page says is read all the same."""


@dataclass(frozen=True)
class World:
    """What there is elsewhere, by the parts of addresses that name it."""

    ids: dict[str, int]
    shift: int

    def part(self, path: str, name: str) -> str | None:
        """What the part is filled with; None where nothing elsewhere could be meant."""
        if name == "number" and path.startswith("/accounts"):
            return OWN if self.deeper(path) else FOREIGN
        if name == "no" and not path.startswith("/cash"):
            return "1"
        return str(self.ids[name]) if name in self.ids else None

    def deeper(self, path: str) -> bool:
        """Tell whether the address goes on to something of an account that has an id of its own."""
        return any(
            f"{{{name}:" in path for name in ("contact", "consent", "device", "note", "scan")
        )


async def a_talk(settings: Settings) -> dict[str, int]:
    """A recorded call elsewhere, judged."""
    call = NewCall(
        number=FOREIGN, kind="call", direction="in", source="exchange", call="c1", actor="user:1",
        phone="74953456789", told=True, began=clock.now(), ended=None,
    )  # fmt: skip
    made = await register_call(call, by=SYSTEM)
    checked = await check_sound(wave(1), settings=settings)
    await give_sound(made, checked, by=SYSTEM, storage=storage_of(settings))
    form = (await quality_form()).value
    whole = {line.code: 100 for line in form.lines}
    return {"conversation": made, "card": await judge(made, by=SYSTEM, shares=whole, notes={})}


@pytest.fixture
async def world(db: Any, database: Settings, tmp_path: Path) -> Any:
    """A small provider with something of everything on accounts outside the district."""
    use_fiscal(on=True)
    await small_provider(db)
    await make_desks()
    shift = await open_shift("К1", by=OLGA)
    done = await take_at_desk(FOREIGN, by=OLGA, amount=5000, source="cash", external_id="e1")
    assert done.receipt
    face = await face_of(FOREIGN, by=SYSTEM)
    assert face
    (contact, *_) = await contacts_of(face.subscriber, by=SYSTEM)
    consent = NewConsent(purpose=Purpose.DEBT, channel=Channel.ANY, proof="анкета")
    device = Device(kind="router", owner="rent", given_on=OPEN_DAY, serial="SN-ELSEWHERE")
    made = await give_equipment(FOREIGN, by=SYSTEM, device=device)
    async with unit_of_work(SYSTEM) as work:
        parked = ToPark("p1", FOREIGN, 700, Reason.NOBODY, OPEN_DAY)
        await park_all(work, "bank", [parked])
    await set_requisites("main", by=SYSTEM, requisites=SELLER)
    await mend()
    documents = (await issue_for_account(COMPANY, by=SYSTEM, language="ru")).documents
    foreign = NewRequest(channel="call", text="чужая беда", account=FOREIGN)
    claim = NewClaim(
        account=FOREIGN, subject="other", asked="чужая", text="чужая", channel="letter"
    )
    office = await make_queue()
    await take_ticket(office, await service_id("А"), by=clerk(1), typed=FOREIGN)
    audited = "SELECT max(id) FROM audit WHERE account_id = $1"
    yield World(
        {
            "contact": contact.id,
            "consent": await give_consent(FOREIGN, by=SYSTEM, new=consent),
            "device": made,
            "note": await add_note(FOREIGN, by=SYSTEM, text="чужая", pinned=True),
            "scan": made,
            "document": documents[0],
            "desk": done.receipt.desk_id,
            "no": done.receipt.no,
            "payment": await db.fetchval("SELECT id FROM billing_parked_payment"),
            "claim": await take_claim(claim, by=SYSTEM),
            "request": (await take_request(foreign, by=SYSTEM)).number,
            "account": face.account_id,
            "message": await _message_to(face.account_id),
            "survey": await _survey_of(FOREIGN),
            "campaign": await _campaign(),
            "hold": made,
            **await a_talk(database.having(home=tmp_path)),
            "place": face.place,
            "run": await begin_run("advance-payment", by=SYSTEM, number=FOREIGN),
            "row": await db.fetchval(audited, face.account_id),
        },
        shift.id,
    )
    use_fiscal(on=False)


async def _message_to(account: int) -> int:
    """A message to somebody elsewhere; its id."""
    async with unit_of_work(SYSTEM) as work:
        new = NewMessage(account_id=account, channel="portal", text="чужая весть")
        queued = await queue_message(work, new)
    assert queued.id is not None
    return queued.id


async def _campaign() -> int:
    """A campaign to whoever lives anywhere; its id."""
    draft = Draft(name="чужая", channel="sms", text="чужая весть")
    return await draft_campaign("", draft, by=SYSTEM)


async def _survey_of(account: str) -> int:
    """A low score given elsewhere, with its request; the survey's id."""
    token = await give_survey(account, by=SYSTEM, kind="relational", about="m", channel="sms")
    assert token
    for step in (1, 2, 3):
        given = {"score": ["1"], "why-detractor": ["чужая"], "callback": ["day"]}
        await answer_survey(token, step, given)
    return (await survey_of_token(token)).id


@pytest.fixture
async def centre(world: World, enter: Enter) -> httpx.AsyncClient:
    """All rights, in one district of three."""
    return await enter("admin", "anna", districts=["Центр"])


def _pages() -> Iterator[tuple[str, str, list[str]]]:
    """Every page with its method and the names of the parts of its address."""
    for route in ROUTES:
        if isinstance(route, PageRoute) and route.right != PUBLIC and route.path not in NEVER_ENDS:
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, route.path, re.findall(r"\{(\w+)", route.path)


def test_every_part_of_an_address_is_known_to_be_of_an_account_or_not() -> None:
    known = OF_NO_ACCOUNT | {
        "number", "no", "contact", "consent", "device", "note", "scan", "document", "desk",
        "payment", "place", "row", "request", "run", "conversation", "card", "claim",
        "account", "hold", "message", "survey", "campaign",
    }  # fmt: skip
    assert {name for _, _, names in _pages() for name in names} - known == set()


async def test_no_address_that_names_something_elsewhere_is_answered(
    centre: httpx.AsyncClient, world: World
) -> None:
    wrong, tried = [], 0
    for method, path, names in _pages():
        if not any(world.part(path, name) for name in names):
            continue
        address = path
        for name in names:
            address = re.sub(rf"\{{{name}(:\w+)?\}}", world.part(path, name) or "1", address)
        tried += 1
        answer = await centre.request(method, address)
        # A form is refused for what it lacks before what it is about is looked for: no answer either.
        refused = {403, 404} | ({400, 422} if method == "POST" and world.deeper(path) else set())
        text = plain(answer.text)
        said = TOLD.findall(text.replace(FOREIGN, "") if FOREIGN in address else text)
        if answer.status_code not in refused or said:
            wrong.append((method, address, answer.status_code, said))
    assert tried > 100
    assert wrong == []


async def test_no_page_says_anything_of_accounts_elsewhere(
    centre: httpx.AsyncClient, world: World
) -> None:
    wrong, read = [], 0
    given = {"shift": str(world.shift), "day": f"{OPEN_DAY:%Y-%m-%d}", "year": "2026"}
    for method, path, names in _pages():
        if method != "GET" or any(world.part(path, name) for name in names):
            continue
        address = re.sub(r"\{(\w+)[^}]*\}", lambda part: given.get(part[1], "1"), path)
        answer = await centre.get(address)
        read += answer.status_code == 200
        if answer.status_code >= 500 or TOLD.search(plain(answer.text)):
            wrong.append((address, answer.status_code, TOLD.findall(plain(answer.text))))
    assert read > 50
    assert wrong == []


async def test_no_filter_or_search_leads_elsewhere(centre: httpx.AsyncClient, world: World) -> None:
    asked = [
        f"{register.path}{part}?{query}"
        for register in REGISTERS.values()
        for part in ("", "/print")
        for query in (
            f"q={FOREIGN}", "q=орлов", "q=лесная", f"account={FOREIGN}", "district=Заречье",
            f"building={world.ids['place']}", "q=345-67-89",
        )
    ]  # fmt: skip
    days = "from=2026-10-25&through=2026-11-14"
    asked += [
        f"/turnover?{days}&by={level}{within}"
        for level in ("building", "account", "entry")
        for within in (
            "", f"&account={FOREIGN}", "&district=Заречье", f"&building={world.ids['place']}",
        )
    ]  # fmt: skip
    asked += [f"/find?q={query}" for query in ("Орлов", FOREIGN, f"{FOREIGN}-1", "SN-ELSEWHERE")]
    wrong = []
    for address in asked:
        answer = await centre.get(address)
        # What was asked for stands in the field again, and in what is said not to be there.
        text = plain(re.sub(r'value="[^"]*"|<option[^<]*|<title>.*?</title>', "", answer.text))
        said = [one for one in TOLD.findall(text) if one.lower() not in address.lower()]
        links = re.findall(rf'href="/accounts/(?:{FOREIGN}|{COMPANY})', answer.text)
        if answer.status_code >= 500 or said or links:
            wrong.append((address, answer.status_code, said, links))
    assert wrong == []


async def test_the_same_pages_say_it_to_who_is_confined_to_nothing(
    world: World, enter: Enter
) -> None:
    """Else the two tests above would be passed by pages that say nothing to anybody."""
    head = await enter("admin", "head")
    for path in (
        f"/cash/receipts/{world.ids['desk']}/{world.ids['no']}", f"/cash/shifts/{world.shift}",
        f"/documents/{world.ids['document']}", f"/parked/{world.ids['payment']}",
        f"/audit/{world.ids['row']}", "/receipts", "/fiscal", "/parked", "/payments", "/documents",
    ):  # fmt: skip
        answer = await head.get(path)
        assert (answer.status_code, bool(TOLD.search(plain(answer.text)))) == (200, True), path


async def test_the_work_over_the_whole_provider_is_not_offered(
    centre: httpx.AsyncClient, world: World
) -> None:
    page = (await centre.get("/")).text
    for path in ("/parked", "/outside", "/turnover?from"):
        assert f'href="{path}' not in page, path
    assert "Платежи открытого дня" not in plain(page)
    refused = await centre.get("/parked")
    assert (refused.status_code, "ограничена районами" in plain(refused.text)) == (403, True)
    day = plain((await centre.get("/day")).text)
    assert "Начислено" not in day
    whole = [r for r in ROUTES if isinstance(r, PageRoute) and r.right in WHOLE]
    assert len(whole) > 20


async def test_an_account_is_opened_and_a_service_begun_in_ones_own_districts_alone(
    app: Starlette, world: World, client_of: ClientOf, db: Any
) -> None:
    token = await service.create_token("kassa", rights=["*"], districts=["Центр"])
    new = {"number": "30001", "billing_day": 1}
    async with client_of(app, Authorization=f"Bearer {token}") as program:

        async def opened(address: Any) -> int:
            body = new | {
                "subscriber": {"name": "Новый Пётр", "kind": "person", "address": address}
            }
            return (await program.post(f"{PREFIX}/accounts", json=body)).status_code

        before = await db.fetchval("SELECT count(*) FROM billing_place")
        assert await opened("Заречье, Лесная, 3") == 422
        assert await opened({"district": "Нигде", "street": "Лесная", "house": "9"}) == 422
        assert (await program.post(f"{PREFIX}/accounts", json=new)).status_code == 422
        assert await db.fetchval("SELECT count(*) FROM billing_place") == before
        assert await opened("Центр, Мира, 9") == 200
        for place in (world.ids["place"], "Заречье, Лесная, 3"):
            body = {"tariff": "tv", "place": place}
            answer = await program.post(f"{PREFIX}/accounts/30001/services", json=body)
            assert (answer.status_code, answer.json()["code"]) == (422, "DISTRICT_NOT_HELD")
        assert (await program.post(f"{PREFIX}/day/close", json={})).status_code == 403


async def test_no_call_of_the_interface_says_anything_of_accounts_elsewhere(
    app: Starlette, world: World, client_of: ClientOf
) -> None:
    token = await service.create_token("kassa", rights=["*"], districts=["Центр"])
    wrong = []
    async with client_of(app, Authorization=f"Bearer {token}") as program:
        for route in API_ROUTES:
            if not isinstance(route, ApiRoute):
                continue
            path = route.operation.path.replace("{number}", FOREIGN)
            path = re.sub(r"\{[^}]+\}", "1", path)
            asked = {"from": "2026-10-25", "to": "2026-12-01", "level": "account"}
            method = route.operation.method
            answer = await program.request(
                method, PREFIX + path, params=asked if path == "/turnover" else None
            )
            text = answer.text.replace(FOREIGN, "") if answer.status_code == 404 else answer.text
            if answer.status_code >= 500 or TOLD.search(text):
                wrong.append((method, path, answer.status_code, answer.text[:200]))
            if FOREIGN in path and answer.status_code not in {403, 404}:
                wrong.append((method, path, answer.status_code, ""))
    assert wrong == []


async def test_rows_named_by_hand_are_not_changed_elsewhere(
    centre: httpx.AsyncClient, world: World, db: Any
) -> None:
    document = world.ids["document"]
    shown = plain((await centre.get(f"/documents/bulk/print?key={document}")).text)
    assert not TOLD.search(shown)
    posted = await centre.post(f"/documents/bulk/print?key={document}", data={"step": "do"})
    assert not TOLD.search(plain(posted.text))
    kept = await db.fetch("SELECT keys FROM register_task")
    assert all(str(document) not in str(row["keys"]) for row in kept)


async def test_nobody_elsewhere_becomes_an_owner(centre: httpx.AsyncClient, world: World) -> None:
    form = {"account": FOREIGN, "kind": "person", "step": "preview"}
    answer = await centre.post(f"/accounts/{OWN}/owner", data=form)
    assert not re.search(r"Орлов Иван|Лесная", plain(answer.text))
    assert answer.status_code in {400, 422}


async def test_who_is_confined_still_appoints_people_there(world: World, db: Any) -> None:
    user = await service.add_user(
        "chief", name="Вера", role="admin", password="correct horse battery", districts=["Центр"]
    )
    assert user
    rights = await db.fetchval("SELECT rights FROM web_role WHERE code = 'office'")
    assert set(rights) & WHOLE
    clerk = await service.add_user(
        "clerk", name="Анна", role="office", password="correct horse battery",
        districts=["Центр"], by=await _actor("chief", db),
    )  # fmt: skip
    assert clerk
    with pytest.raises(Refused):
        await service.add_user(
            "other", name="Анна", role="office", password="correct horse battery",
            districts=["Заречье"], by=await _actor("chief", db),
        )  # fmt: skip


async def _actor(login: str, db: Any) -> Any:
    return await user_actor(await db.fetchval("SELECT id FROM web_user WHERE login = $1", login))
