"""Secrets lie sealed: not in the tables, not in another row, not without the installation's key."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pyotp
import pytest
from starlette.applications import Starlette

from abonent.billing.queries.outside.agreements import SEALED_KEYS, agreement_of, secrets_of
from abonent.billing.rules.outside.agreement import AgreementKind, AgreementTerms
from abonent.billing.service.outside.agreements import make_agreement, set_key
from abonent.cli.connection import bring_up
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, transaction
from abonent.kernel.sealing import Seal, Unsealable, use_secrets_of
from abonent.kernel.settings import Settings, secret_key
from abonent.web import service
from abonent.web.service.factors import use_code
from tests.web.seen import plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
KEY = "whsec_a-key-nobody-may-read"
OTHER = "o" * 32
TERMS = AgreementTerms(
    code="shop", name="Карты", kind=AgreementKind.CARD, legal_entity="main", processor="stripe"
)
_KEPT = "SELECT value FROM billing_agreement_secret WHERE name = 'key'"
_FACTOR = "SELECT secret FROM web_second_factor"
_OPEN_TABLES = """
ALTER TABLE billing_agreement_secret DROP CONSTRAINT billing_agreement_secret_sealed;
ALTER TABLE web_second_factor DROP CONSTRAINT web_second_factor_sealed;
"""


@pytest.fixture(autouse=True)
def installed_key(database: Settings) -> Iterator[None]:
    """What a test does to the keys of this process is undone."""
    yield
    use_secrets_of(database)


async def _shop() -> None:
    await make_agreement(TERMS, by=SYSTEM)
    await set_key("shop", key=KEY, login="shop-1", by=SYSTEM)


async def _key() -> str:
    return (await secrets_of(await agreement_of("shop")))["key"].text


async def _user_with_factor(login: str = "anna") -> tuple[int, str, tuple[str, ...]]:
    user = await service.add_user(login, name="Анна", role="cash", password="correct horse battery")
    setup = await service.start_setup(user, by=SYSTEM)
    assert setup is not None
    code = pyotp.TOTP(setup.secret).at(clock.now())
    return user, setup.secret, tuple(await service.confirm_setup(user, code, by=SYSTEM))


async def test_no_table_holds_a_secret_that_can_be_read(db: Any) -> None:
    await _shop()
    _, secret, _ = await _user_with_factor()
    for kept, said in ((await db.fetchval(_KEPT), KEY), (await db.fetchval(_FACTOR), secret)):
        text = kept.decode() if isinstance(kept, bytes) else kept
        assert text.startswith("v1:")
        assert said.encode() not in urlsafe_b64decode(text[3:])
    assert await _key() == KEY
    # The same secret set again lies differently: nobody sees that two rows hold the same.
    before = await db.fetchval(_KEPT)
    await set_key("shop", key=KEY, by=SYSTEM)
    assert await db.fetchval(_KEPT) != before


async def test_the_tables_refuse_a_plain_secret(db: Any) -> None:
    await _shop()
    user, _, _ = await _user_with_factor()
    for statement, values in (
        ("UPDATE billing_agreement_secret SET value = $1 WHERE name = 'key'", (b"plain",)),
        ("UPDATE web_second_factor SET secret = $1 WHERE user_id = $2", ("PLAIN", user)),
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            async with transaction() as connection:
                await connection.execute(statement, *values)


def test_what_was_changed_or_moved_does_not_open(database: Settings) -> None:
    seal = Seal("a purpose")
    sealed = seal.close("тайна", row="agreement:1")
    assert seal.open(sealed, row="agreement:1") == "тайна"
    raw = bytearray(urlsafe_b64decode(sealed[3:]))
    changed = []
    for place in (0, 12, len(raw) - 1):
        one = raw.copy()
        one[place] ^= 1
        changed.append("v1:" + urlsafe_b64encode(bytes(one)).decode())
    for wrong in (*changed, "v1:", "v1:AAAA", "v1:я", sealed[:-4], "тайна"):
        with pytest.raises(Unsealable):
            seal.open(wrong, row="agreement:1")
    with pytest.raises(Unsealable):
        seal.open(sealed, row="agreement:2")
    with pytest.raises(Unsealable):
        Seal("another purpose").open(sealed, row="agreement:1")


async def test_a_key_moved_to_another_agreement_is_refused(db: Any) -> None:
    await _shop()
    await make_agreement(TERMS.model_copy(update={"code": "two", "source": "two"}), by=SYSTEM)
    await set_key("two", key="its own", by=SYSTEM)
    ids = [row["id"] for row in await db.fetch("SELECT id FROM billing_agreement ORDER BY id")]
    await db.execute(
        "UPDATE billing_agreement_secret SET value = (SELECT value FROM billing_agreement_secret"
        " WHERE agreement_id = $2 AND name = 'key') WHERE agreement_id = $1 AND name = 'key'",
        *ids,
    )
    with pytest.raises(Unsealable):
        await _key()


@pytest.mark.may_block
async def test_what_lay_plain_before_is_sealed_at_the_first_start(
    fresh_database: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await _shop()
    user, secret, _ = await _user_with_factor()
    async with transaction() as connection:
        await connection.execute(_OPEN_TABLES)
        await connection.execute(
            "UPDATE billing_agreement_secret SET value = $1 WHERE name = 'key'", KEY.encode()
        )
        await connection.execute("UPDATE web_second_factor SET secret = $1", secret)
    with pytest.raises(Unsealable):
        await _key()
    await bring_up(fresh_database)
    async with reading() as connection:
        kept = await connection.fetchval(_KEPT)
        factor = await connection.fetchval(_FACTOR)
    assert KEY.encode() not in kept
    assert secret not in factor
    assert await _key() == KEY
    later = pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30))
    await use_code(user, later, by=SYSTEM)
    await bring_up(fresh_database)
    async with reading() as connection:
        assert await connection.fetchval(_KEPT) == kept
    assert capsys.readouterr().err == ""


@pytest.mark.may_block
async def test_another_secret_key_is_told_at_the_start_and_the_former_one_seals_anew(
    fresh_database: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await _shop()
    was = secret_key(fresh_database).decode()
    changed = fresh_database.having(secret_key=OTHER)
    await bring_up(changed)
    told = capsys.readouterr().err
    assert "ABONENT_SECRET_KEY" in told
    assert "agreement-key" in told
    with pytest.raises(Unsealable):
        await _key()
    await bring_up(changed.having(former_secret_key=was))
    assert capsys.readouterr().err == ""
    use_secrets_of(changed)
    assert await _key() == KEY


async def test_pages_that_need_no_key_work_without_it(enter: Enter, database: Settings) -> None:
    await _shop()
    use_secrets_of(database.having(secret_key=OTHER))
    desk = await enter("admin", login="chief")
    seen = await desk.get("/outside/agreement/shop")
    assert (seen.status_code, "shop-1" in seen.text) == (200, True)
    assert (await desk.get("/outside/agreement/shop/key")).status_code == 200
    # Setting it anew is the way out.
    await set_key("shop", key="set anew", by=SYSTEM)
    assert await _key() == "set anew"


async def test_a_processor_is_asked_to_say_it_again_while_the_key_is_lost(
    app: Starlette, db: Any, database: Settings
) -> None:
    await _shop()
    use_secrets_of(database.having(secret_key=OTHER))
    body = json.dumps({"type": "payment_intent.succeeded"}).encode()
    now = int(clock.now().timestamp())
    mark = hmac.new(KEY.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    transport = httpx.ASGITransport(app=app, client=("185.71.76.5", 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as caller:
        headers = {"stripe-signature": f"t={now},v1={mark}"}
        answer = await caller.post("/pay/card/shop", content=body, headers=headers)
    assert answer.status_code == 503


async def test_who_signs_in_with_a_code_is_told_and_a_recovery_code_still_opens(
    guest: httpx.AsyncClient, database: Settings
) -> None:
    _, secret, recovery = await _user_with_factor()
    use_secrets_of(database.having(secret_key=OTHER))
    form = {"login": "anna", "password": "correct horse battery"}
    assert "/sign-in/code" in (await guest.post("/sign-in", data=form)).headers["location"]
    code = {"code": pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30)), "next": "/"}
    answer = await guest.post("/sign-in/code", data=code)
    assert answer.status_code == 422
    assert "ABONENT_SECRET_KEY" in plain(answer.text)
    answer = await guest.post("/sign-in/code", data={"code": recovery[0], "next": "/"})
    assert answer.status_code == 303


async def test_a_factor_begun_and_not_confirmed_begins_anew(db: Any, database: Settings) -> None:
    user = await service.add_user(
        "anna", name="Анна", role="cash", password="correct horse battery"
    )
    first = await service.start_setup(user, by=SYSTEM)
    assert await service.start_setup(user, by=SYSTEM) == first
    use_secrets_of(database.having(secret_key=OTHER))
    second = await service.start_setup(user, by=SYSTEM)
    assert second != first
    assert await service.start_setup(user, by=SYSTEM) == second


@pytest.mark.may_block
async def test_an_installation_whose_secret_is_empty_says_so_and_goes_on(
    fresh_database: Settings, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    await _shop()
    (tmp_path / "secret").write_text("")
    await bring_up(fresh_database.having(home=tmp_path))
    told = capsys.readouterr().err
    for words in (str(tmp_path / "secret"), "ABONENT_SECRET_KEY", "agreement-key"):
        assert words in told
    assert (await agreement_of("shop")).code == "shop"
    with pytest.raises(Unsealable):
        await _key()
    with pytest.raises(Unsealable):
        SEALED_KEYS.seal.close("x", row="y")
