"""Fiscal receipts against a real server of ours that fails, delays and repeats like a real one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.books import Loaded
from abonent.billing.queries.fiscal import FiscalDocument, failed_count, fiscal_of_entry
from abonent.billing.service.entities import set_requisites
from abonent.billing.service.fiscal.making import ask_sooner, fiscal_handler, make_again
from abonent.billing.service.fiscal.owing import KIND
from abonent.billing.service.payments import refund, reverse_payment, take_payment
from abonent.billing.service.previews import tried
from abonent.crm.queries.reaching import receipt_contact
from abonent.crm.service.owners import TakeOver, change_owner
from abonent.crm.service.subscribers import NewSubscriber
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import reading
from abonent.kernel.errors import Conflict, Forbidden, NotFound
from abonent.kernel.fiscal.atol import AtolOnline
from abonent.kernel.fiscal.choosing import cash_register
from abonent.kernel.fiscal.files import FileRegister
from abonent.kernel.fiscal.receipts import use_fiscal
from abonent.kernel.outbox import ATTEMPTS, deliver_due
from abonent.kernel.requisites import Requisites
from abonent.kernel.settings import Settings, SettingsError, load_settings
from tests.web.seed import small_provider

OURS = Requisites(
    name="ООО «Сеть»", inn="7707083893", email="noreply@isp.example", tax_system="usn_income"
)


@dataclass
class CloudRegister:
    """A cloud cash register: what it was sent, and how it shall misbehave."""

    login: str = "shop"
    password: str = "se cret"
    tokens: list[str] = field(default_factory=list)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    broken: int = 0
    waits: int = 0
    failing: str = ""
    refusing: str = ""

    def routes(self) -> list[Route]:
        base = "/possystem/v4"
        return [
            Route(f"{base}/getToken", self.get_token, methods=["POST"]),
            Route(f"{base}/main/report/{{uuid}}", self.report),
            Route(f"{base}/main/{{kind}}", self.register, methods=["POST"]),
        ]

    async def get_token(self, request: Request) -> Response:
        self.calls.append("token")
        given = orjson.loads(await request.body())
        if given != {"login": self.login, "pass": self.password}:
            return _json({"error": {"code": 12, "text": "wrong login"}, "token": ""}, 401)
        self.tokens.append(f"token-{len(self.tokens)}")
        return _json({"error": None, "token": self.tokens[-1]})

    def _refused(self, request: Request) -> Response | None:
        if self.broken:
            self.broken -= 1
            return PlainTextResponse("<html>Bad gateway</html>", 502)
        if not self.tokens or request.headers.get("token") != self.tokens[-1]:
            return _json({"error": {"code": 11, "text": "token expired"}}, 401)
        return None

    async def register(self, request: Request) -> Response:
        self.calls.append(request.path_params["kind"])
        if refused := self._refused(request):
            return refused
        if self.refusing:
            return _json({"uuid": "", "error": {"code": 32, "text": self.refusing}}, 400)
        document = orjson.loads(await request.body())
        name = document["external_id"]
        if name in self.receipts:
            error = {"code": 33, "text": "known external_id"}
            return _json({"uuid": f"uuid-{name}", "error": error, "status": "wait"}, 400)
        self.receipts[name] = document | {"kind": request.path_params["kind"]}
        return _json({"uuid": f"uuid-{name}", "error": None, "status": "wait"})

    async def report(self, request: Request) -> Response:
        self.calls.append("report")
        if refused := self._refused(request):
            return refused
        if self.waits:
            self.waits -= 1
            return _json({"status": "wait", "error": None, "payload": None})
        if self.failing:
            return _json({"status": "fail", "error": {"code": 3, "text": self.failing}})
        marks = {
            "fn_number": "9999078900004792",
            "fiscal_document_number": 133,
            "fiscal_document_attribute": 3449555941,
            "total": 560.5,
        }
        return _json({"status": "done", "error": None, "payload": marks})


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


@asynccontextmanager
async def serving(cloud: CloudRegister) -> AsyncIterator[str]:
    app = Starlette(routes=cloud.routes())
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://shop:se%20cret@127.0.0.1:{listening.getsockname()[1]}/possystem/v4/main"
        finally:
            server.should_exit = True
            await task


@pytest.fixture
async def cloud() -> CloudRegister:
    return CloudRegister()


@pytest.fixture
async def address(cloud: CloudRegister) -> AsyncIterator[str]:
    async with serving(cloud) as address:
        yield address


@pytest.fixture
def giving() -> Iterator[None]:
    """An installation that gives fiscal receipts."""
    use_fiscal(on=True)
    yield
    use_fiscal(on=False)


@pytest.fixture
async def provider(db: Any, giving: None) -> int:
    """A provider whose earlier payments owe nothing any more; answers the account's id."""
    use_fiscal(on=False)
    await small_provider(db)
    await set_requisites("main", by=SYSTEM, requisites=OURS)
    use_fiscal(on=True)
    return int(await db.fetchval("SELECT account_id FROM billing_account WHERE number = '20418'"))


async def pay(key: str = "a", source: str = "cash", amount: int = 56050) -> int:
    done = await take_payment("20418", by=SYSTEM, amount=amount, source=source, external_id=key)
    return done.entry_no


async def deliver(register: Any, settings: Settings, *, turns: int = 1) -> None:
    """Let the worker deliver, a day further on at each turn."""
    handler = fiscal_handler(settings, register=register, contact_of=receipt_contact)
    start = clock.now()
    for turn in range(turns):
        with clock.moved(start + timedelta(days=turn)):
            # One by one: the test's transaction has a single connection.
            while await deliver_due({KIND: handler}, limit=1):
                pass


async def document(account: int, entry: int) -> FiscalDocument:
    found = await fiscal_of_entry(account, entry, by=SYSTEM)
    assert found is not None
    return found


async def test_a_payment_in_cash_is_made_out_as_an_advance(
    provider: int, database: Settings, cloud: CloudRegister, address: str
) -> None:
    entry = await pay()
    assert (await document(provider, entry)).state == "WAITING"
    await deliver(AtolOnline(address), database.having(public_url="https://isp.example"))
    made = await document(provider, entry)
    assert (made.state, made.uuid) == ("DONE", f"uuid-20418-{entry}")
    assert made.marks["fiscal_document_number"] == 133
    (sent,) = cloud.receipts.values()
    assert sent["kind"] == "sell"
    receipt = sent["receipt"]
    assert receipt["company"] == {
        "email": "noreply@isp.example",
        "sno": "usn_income",
        "inn": "7707083893",
        "payment_address": "https://isp.example",
    }
    assert receipt["client"] == {"email": "post@mail.example"}
    assert receipt["total"] == 560.5
    assert receipt["payments"] == [{"type": 0, "sum": 560.5}]
    (item,) = receipt["items"]
    assert (item["payment_method"], item["payment_object"]) == ("advance", "payment")
    assert item["vat"] == {"type": "vat122"}
    assert item["name"] == "Услуги связи, л/с 20418"
    assert sent["service"]["callback_url"] == "https://isp.example/hooks/fiscal"


async def test_sums_are_written_from_their_digits(
    provider: int, database: Settings, cloud: CloudRegister, address: str
) -> None:
    raw: list[bytes] = []
    original = cloud.register

    async def keep(request: Request) -> Response:
        raw.append(await request.body())
        return await original(request)

    cloud.register = keep  # type: ignore[method-assign]
    async with serving(cloud) as other:
        await pay(amount=100_000_000_000_10)
        await deliver(AtolOnline(other), database)
    assert b'"sum":100000000000.10' in raw[0]


async def test_sources_that_give_their_own_receipts_are_left_alone(provider: int) -> None:
    bank = await pay("b", "bank")
    card = await pay("c", "card")
    assert await fiscal_of_entry(provider, bank, by=SYSTEM) is None
    assert (await document(provider, card)).state == "WAITING"


async def test_where_no_receipts_are_given_none_is_owed(provider: int) -> None:
    use_fiscal(on=False)
    assert await fiscal_of_entry(provider, await pay(), by=SYSTEM) is None


async def test_a_payment_taken_back_is_made_out_as_a_refund(
    provider: int, database: Settings, cloud: CloudRegister, address: str
) -> None:
    entry = await pay()
    back = await reverse_payment("20418", entry, by=SYSTEM, reason="Ошибка")
    await deliver(AtolOnline(address), database)
    assert [one["kind"] for one in cloud.receipts.values()] == ["sell", "sell_refund"]
    made = await document(provider, back.entry_no)
    assert (made.kind, made.state, made.amount) == ("sell_refund", "DONE", 56050)


async def test_a_payment_without_a_receipt_gets_no_refund_of_one(provider: int) -> None:
    entry = await pay("b", "bank")
    back = await reverse_payment("20418", entry, by=SYSTEM, reason="Ошибка")
    assert await fiscal_of_entry(provider, back.entry_no, by=SYSTEM) is None


async def test_money_paid_back_is_made_out_as_a_refund_of_the_advance(
    provider: int, database: Settings, cloud: CloudRegister, address: str
) -> None:
    account = await account_of("20421")
    paid = await refund("20421", by=SYSTEM, amount=10050, method="cash")
    card = await refund("20421", by=SYSTEM, amount=100, method="card")
    bank = await refund("20421", by=SYSTEM, amount=100, method="bank")
    assert (await document(account, paid.entry_no)).state == "WAITING"
    assert await fiscal_of_entry(account, bank.entry_no, by=SYSTEM) is None
    await deliver(AtolOnline(address), database)
    made = await document(account, paid.entry_no)
    assert (made.kind, made.state, made.amount) == ("sell_refund", "DONE", 10050)
    cash, other = cloud.receipts.values()
    assert [cash["kind"], other["kind"]] == ["sell_refund", "sell_refund"]
    assert cash["receipt"]["payments"] == [{"type": 0, "sum": 100.5}]
    assert other["receipt"]["payments"] == [{"type": 1, "sum": 1}]
    (item,) = cash["receipt"]["items"]
    assert (item["payment_method"], item["payment_object"]) == ("advance", "payment")
    assert item["vat"] == {"type": "vat122"}
    assert (await document(account, card.entry_no)).state == "DONE"


async def test_a_refund_that_is_only_tried_owes_nothing(provider: int, db: Any) -> None:
    await tried("20421", lambda: _paid_back("20421"), by=SYSTEM)
    assert await db.fetchval("SELECT count(*) FROM fiscal_document") == 0
    assert await db.fetchval("SELECT count(*) FROM outbox WHERE kind = $1", KIND) == 0


async def test_a_receipt_goes_to_whose_money_it_was_though_the_account_has_another_owner(
    provider: int, database: Settings, cloud: CloudRegister, address: str
) -> None:
    new = NewSubscriber("Новый Владелец", email="new@mail.example")
    over = TakeOver(owner=new, services=False, balance=False)
    done = await change_owner("20421", by=SYSTEM, over=over)
    assert done.refunded
    await take_payment("20421", by=SYSTEM, amount=100, source="cash", external_id="n")
    await deliver(AtolOnline(address), database)
    back, later = cloud.receipts.values()
    assert (back["kind"], back["receipt"]["client"]) == (
        "sell_refund",
        {"email": "post@mail.example"},
    )
    assert (later["kind"], later["receipt"]["client"]) == ("sell", {"email": "new@mail.example"})


async def _paid_back(number: str) -> Loaded:
    return (await refund(number, by=SYSTEM, amount=100, method="cash")).loaded


async def account_of(number: str) -> int:
    return (await read_account(number, by=SYSTEM)).account


async def test_what_is_sent_again_is_made_out_once(
    provider: int, database: Settings, cloud: CloudRegister, address: str, db: Any
) -> None:
    entry = await pay()
    register = AtolOnline(address)
    await deliver(register, database)
    # The worker died after sending and before writing it down.
    await db.execute(
        "UPDATE fiscal_document SET state = 'WAITING', uuid = NULL, marks = NULL, done_at = NULL"
    )
    await db.execute("UPDATE outbox SET state = 'WAITING', done_at = NULL, due_at = created_at")
    await deliver(register, database)
    assert len(cloud.receipts) == 1
    assert (await document(provider, entry)).state == "DONE"


async def test_a_service_that_is_down_is_tried_again(
    provider: int, database: Settings, cloud: CloudRegister, address: str
) -> None:
    entry = await pay()
    cloud.broken = 2
    register = AtolOnline(address)
    await deliver(register, database)
    waiting = await document(provider, entry)
    assert waiting.state == "WAITING"
    assert "502" in (waiting.error or "")
    await deliver(register, database, turns=3)
    made = await document(provider, entry)
    assert (made.state, made.error) == ("DONE", None)


async def test_a_receipt_not_made_out_yet_is_asked_after(
    provider: int, database: Settings, cloud: CloudRegister, address: str
) -> None:
    entry = await pay()
    cloud.waits = 2
    register = AtolOnline(address)
    await deliver(register, database)
    assert (await document(provider, entry)).state == "SENT"
    await deliver(register, database, turns=3)
    assert (await document(provider, entry)).state == "DONE"
    assert cloud.calls.count("sell") == 1
    assert cloud.calls.count("report") == 3


async def test_the_word_of_the_service_only_makes_us_ask_sooner(
    provider: int, database: Settings, cloud: CloudRegister, address: str
) -> None:
    entry = await pay()
    cloud.waits = 1
    register = AtolOnline(address)
    await deliver(register, database)
    handler = fiscal_handler(database, register=register, contact_of=receipt_contact)
    assert await deliver_due({KIND: handler}) == 0
    await ask_sooner("uuid-somebody-else")
    assert await deliver_due({KIND: handler}) == 0
    await ask_sooner(f"uuid-20418-{entry}")
    assert await deliver_due({KIND: handler}) == 1
    assert (await document(provider, entry)).state == "DONE"


async def test_the_token_is_kept_and_asked_for_anew_when_refused(
    provider: int, database: Settings, cloud: CloudRegister, address: str
) -> None:
    register = AtolOnline(address)
    await pay("a")
    await deliver(register, database)
    await pay("b")
    await deliver(register, database)
    assert cloud.calls.count("token") == 1
    cloud.tokens.append("revoked")
    entry = await pay("c")
    await deliver(register, database)
    assert cloud.calls.count("token") == 2
    assert (await document(provider, entry)).state == "DONE"


async def test_a_wrong_password_keeps_the_receipt_waiting(
    provider: int, database: Settings, cloud: CloudRegister, address: str
) -> None:
    entry = await pay()
    await deliver(AtolOnline(address.replace("se%20cret", "wrong")), database)
    found = await document(provider, entry)
    assert found.state == "WAITING"
    assert "wrong login" in (found.error or "")
    assert "wrong:" not in (found.error or "")


async def test_a_refused_receipt_fails_where_a_person_sees_it_and_is_sent_again(
    provider: int, database: Settings, cloud: CloudRegister, address: str
) -> None:
    entry = await pay()
    cloud.refusing = "inn is not registered"
    register = AtolOnline(address)
    await deliver(register, database)
    failed = await document(provider, entry)
    assert failed.state == "FAILED"
    assert "inn is not registered" in (failed.error or "")
    assert await failed_count(by=SYSTEM) == 1
    cashier = Actor("user", "1", "Ольга", frozenset({"billing.payment.take"}))
    with pytest.raises(Forbidden):
        await make_again(failed.external_id, by=cashier)
    cloud.refusing = ""
    await make_again(failed.external_id, by=SYSTEM)
    await deliver(register, database)
    assert (await document(provider, entry)).state == "DONE"
    assert list(cloud.receipts) == [f"20418-{entry}-t2"]
    with pytest.raises(Conflict):
        await make_again(failed.external_id, by=SYSTEM)
    with pytest.raises(NotFound):
        await make_again("ghost", by=SYSTEM)


async def test_a_receipt_the_register_could_not_print_fails_too(
    provider: int, database: Settings, cloud: CloudRegister, address: str
) -> None:
    entry = await pay()
    cloud.failing = "the fiscal drive is full"
    await deliver(AtolOnline(address), database)
    found = await document(provider, entry)
    assert (found.state, "drive is full" in (found.error or "")) == ("FAILED", True)


async def test_after_the_last_attempt_it_counts_as_failed(
    provider: int, database: Settings
) -> None:
    entry = await pay()
    nobody = AtolOnline("http://a:b@127.0.0.1:1/possystem/v4/main")
    await deliver(nobody, database, turns=ATTEMPTS - 1)
    assert (await document(provider, entry)).state == "WAITING"
    await deliver(nobody, database, turns=ATTEMPTS + 1)
    assert (await document(provider, entry)).state == "FAILED"


async def test_the_file_twin_writes_what_would_be_sent(
    provider: int, database: Settings, tmp_path: Path
) -> None:
    entry = await pay()
    await deliver(FileRegister(tmp_path / "fiscal"), database)
    made = await document(provider, entry)
    assert (made.state, made.marks) == ("DONE", {"file": f"20418-{entry}.json"})
    path = tmp_path / "fiscal" / f"20418-{entry}.json"
    written = orjson.loads(await asyncio.to_thread(path.read_bytes))
    assert (written["kind"], written["receipt"]["total"]) == ("sell", 560.5)


async def test_a_payment_that_is_undone_owes_nothing(provider: int) -> None:
    async with reading() as connection:
        before = await connection.fetchval("SELECT count(*) FROM outbox")
        undone = connection.transaction()
        await undone.start()
        await pay()
        await undone.rollback()
        assert await connection.fetchval("SELECT count(*) FROM outbox") == before
        assert await connection.fetchval("SELECT count(*) FROM fiscal_document") == 0


def test_the_setting_chooses_the_register(tmp_path: Path) -> None:
    base = {"ABONENT_HOME": str(tmp_path), "ABONENT_FISCAL": "atol"}
    url = "https://shop:secret@online.example/possystem/v5/main"
    chosen = cash_register(load_settings(base | {"ABONENT_FISCAL_URL": url}))
    assert isinstance(chosen, AtolOnline)
    assert (chosen.base, chosen.version, chosen.group) == (
        "https://online.example/possystem/v5", "v5", "main",
    )  # fmt: skip
    assert isinstance(cash_register(load_settings(base | {"ABONENT_FISCAL": "file"})), FileRegister)
    for wrong in ({}, {"ABONENT_FISCAL_URL": "https://secret@host/v4"}):
        with pytest.raises(SettingsError, match="ABONENT_FISCAL_URL") as told:
            load_settings(base | wrong)
        assert "secret" not in str(told.value)
    assert "shop:secret" not in repr(load_settings(base | {"ABONENT_FISCAL_URL": url}))
    assert isinstance(load_settings(base | {"ABONENT_FISCAL_URL": url}).fiscal_url, SecretStr)
