"""Signing in: sessions, throttling, tokens, users."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.errors import Malformed
from abonent.kernel.settings import Settings
from abonent.web import passwords, service
from abonent.web.errors import LoginTaken, NotSignedIn, TooManyAttempts, UnknownRole, WrongPassword
from abonent.web.queries import identify, open_sessions
from abonent.web.rules import PER_LOGIN, device_name, secret_hash

PASSWORD = "correct horse battery"

Enter = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def user(db: Any) -> int:
    return await service.add_user("Anna", name="Анна", role="cash", password=PASSWORD)


async def test_the_right_password_opens_a_session_that_identifies_the_user(user: int) -> None:
    opened = await service.sign_in(" ANNA ", password=PASSWORD, ip="198.51.100.1")
    identity = await identify(opened.secret)
    assert identity is not None
    assert identity.user_id == user
    assert identity.actor.may("billing.payment.take")
    assert not identity.actor.may("billing.day.close")


async def test_only_hashes_of_passwords_and_cookies_are_stored(user: int, db: Any) -> None:
    opened = await service.sign_in("anna", password=PASSWORD)
    stored = await db.fetchval("SELECT password_hash FROM web_user WHERE id = $1", user)
    assert stored.startswith("$argon2id$")
    assert await db.fetchval(
        "SELECT count(*) FROM web_session WHERE secret_hash = $1", secret_hash(opened.secret)
    )


@pytest.mark.parametrize("login", ["anna", "nobody"])
async def test_a_wrong_password_and_an_unknown_login_are_refused_alike(
    user: int, login: str
) -> None:
    with pytest.raises(WrongPassword) as refusal:
        await service.sign_in(login, password="wrong")
    assert refusal.value.code == "WRONG_PASSWORD"


async def test_an_unknown_login_costs_a_password_check_too(
    user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = []
    verify = passwords._verify
    monkeypatch.setattr(
        passwords, "_verify", lambda stored, typed: checks.append(stored) or verify(stored, typed)
    )
    for login in ("anna", "nobody"):
        with pytest.raises(WrongPassword):
            await service.sign_in(login, password="wrong")
    assert len(checks) == 2
    assert all(stored.startswith("$argon2id$") for stored in checks)


async def test_a_switched_off_user_cannot_enter_and_loses_the_session(user: int) -> None:
    opened = await service.sign_in("anna", password=PASSWORD)
    await service.deactivate_user("anna", by=SYSTEM)
    assert await identify(opened.secret) is None
    with pytest.raises(WrongPassword):
        await service.sign_in("anna", password=PASSWORD)


async def _fail(times: int, login: str = "anna") -> None:
    for _attempt in range(times):
        with pytest.raises(WrongPassword):
            await service.sign_in(login, password="wrong", ip="198.51.100.9")


@pytest.mark.parametrize("login", ["anna", "nobody"])
async def test_after_five_failures_even_the_right_password_has_to_wait(
    user: int, login: str
) -> None:
    await _fail(PER_LOGIN.free, login)
    with pytest.raises(TooManyAttempts) as refusal:
        await service.sign_in(login, password=PASSWORD)
    assert refusal.value.text("en") == "Too many attempts. Try again in 1 min."


async def test_after_the_wait_the_right_password_opens_and_clears_the_count(user: int) -> None:
    await _fail(PER_LOGIN.free)
    with clock.moved(clock.now() + timedelta(seconds=61)):
        await service.sign_in("anna", password=PASSWORD)
        await _fail(PER_LOGIN.free - 1)
        await service.sign_in("anna", password=PASSWORD)


async def test_failures_of_one_login_do_not_lock_another(user: int) -> None:
    await service.add_user("boris", name="Борис", role="cash", password=PASSWORD)
    await _fail(PER_LOGIN.free)
    assert (await service.sign_in("boris", password=PASSWORD)).secret


async def test_one_address_guessing_many_logins_is_slowed_down(
    db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails_at_once(stored: str | None, password: str) -> bool:
        return False

    monkeypatch.setattr(passwords, "password_matches", fails_at_once)
    for number in range(30):
        await _fail(1, f"guess-{number}")
    with pytest.raises(TooManyAttempts):
        await service.sign_in("guess-31", password="x", ip="198.51.100.9")


async def test_whoever_has_a_network_of_ipv6_is_slowed_down_as_one(
    db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails_at_once(stored: str | None, password: str) -> bool:
        return False

    monkeypatch.setattr(passwords, "password_matches", fails_at_once)
    for number in range(30):
        with pytest.raises(WrongPassword):
            await service.sign_in(f"guess-{number}", password="x", ip=f"2001:db8:1:2::{number:x}")
    with pytest.raises(TooManyAttempts):
        await service.sign_in("guess-31", password="x", ip="2001:db8:1:2:ffff::1")
    with pytest.raises(WrongPassword):
        await service.sign_in("guess-32", password="x", ip="2001:db8:1:3::1")


async def test_guesses_sent_at_once_are_counted_one_after_another(fresh_database: Settings) -> None:
    tries = [service.sign_in("nobody", password="x", ip="198.51.100.9") for _ in range(12)]
    refused = [type(error) for error in await asyncio.gather(*tries, return_exceptions=True)]
    assert refused.count(WrongPassword) == PER_LOGIN.free
    assert refused.count(TooManyAttempts) == 12 - PER_LOGIN.free


def test_each_further_failure_doubles_the_block_up_to_the_longest() -> None:
    minutes = [PER_LOGIN.block(failures) for failures in (4, 5, 6, 7, 8, 9, 500)]
    assert minutes == [None, *(timedelta(minutes=count) for count in (1, 2, 4, 8, 15, 15))]


async def test_a_session_ends_by_itself_when_idle_and_after_its_life(user: int) -> None:
    opened = await service.sign_in("anna", password=PASSWORD)
    with clock.moved(clock.now() + timedelta(hours=13)):
        assert await identify(opened.secret) is None
    identity = await identify(opened.secret)
    assert identity is not None
    with clock.moved(clock.now() + timedelta(days=14, hours=-1)):
        await service.touch_session(identity.session_id)
        assert await identify(opened.secret) is not None
    with clock.moved(clock.now() + timedelta(days=14, hours=1)):
        assert await identify(opened.secret) is None


async def test_ending_a_session_on_another_device_keeps_ones_own(user: int) -> None:
    own = await service.sign_in("anna", password=PASSWORD)
    other = await service.sign_in("anna", password=PASSWORD)
    identity = await identify(own.secret)
    assert identity is not None
    lines = await open_sessions(user)
    (other_id,) = [line.id for line in lines if line.id != identity.session_id]
    await service.revoke_session(other_id, user_id=user, by=identity.actor)
    assert await identify(other.secret) is None
    assert await identify(own.secret) is not None


async def test_a_new_password_ends_the_other_sessions(user: int) -> None:
    own = await service.sign_in("anna", password=PASSWORD)
    other = await service.sign_in("anna", password=PASSWORD)
    identity = await identify(own.secret)
    assert identity is not None
    await service.change_password(
        user,
        old=PASSWORD,
        new="another long phrase",
        session_id=identity.session_id,
        by=identity.actor,
    )
    assert await identify(own.secret) is not None
    assert await identify(other.secret) is None
    assert (await service.sign_in("anna", password="another long phrase")).user_id == user


async def test_users_are_checked_when_added(user: int) -> None:
    with pytest.raises(LoginTaken):
        await service.add_user("anna", name="Анна", role="cash", password=PASSWORD)
    with pytest.raises(UnknownRole):
        await service.add_user("vera", name="Вера", role="king", password=PASSWORD)
    with pytest.raises(Malformed) as refusal:
        await service.add_user("two words", name="", role="cash", password="short")
    assert [error.field for error in refusal.value.errors] == ["login", "name", "password"]


async def test_a_token_acts_with_its_rights_until_revoked(db: Any) -> None:
    token = await service.create_token("kassa", ["billing.payment.take"])
    actor = await service.authenticate_token(token)
    assert (actor.kind, actor.name) == ("token", "kassa")
    assert actor.may("billing.payment.take")
    assert not actor.may("billing.day.close")
    await service.revoke_token(int(actor.id), by=SYSTEM)
    for unknown in (token, "", "abn_", "abn_guess"):
        with pytest.raises(NotSignedIn):
            await service.authenticate_token(unknown)


async def test_sign_in_and_changes_leave_audit_rows(user: int, db: Any) -> None:
    await service.sign_in("anna", password=PASSWORD)
    actions = await db.fetch("SELECT action FROM audit ORDER BY id")
    assert [row["action"] for row in actions] == ["web:user:add", "web:user:sign_in"]


async def test_the_form_leads_to_where_the_user_wanted_to_go(
    guest: httpx.AsyncClient, user: int
) -> None:
    answer = await guest.get("/profile")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fprofile"
    form = {"login": "anna", "password": PASSWORD, "next": "/profile"}
    answer = await guest.post("/sign-in", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/profile")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "Анна" in (await guest.get("/profile")).text


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil", ""])
async def test_the_form_never_leads_to_another_site(
    guest: httpx.AsyncClient, user: int, target: str
) -> None:
    form = {"login": "anna", "password": PASSWORD, "next": target}
    answer = await guest.post("/sign-in", data=form)
    assert answer.headers["location"] == "/"


async def test_a_wrong_password_keeps_the_login_and_says_what_is_wrong(
    guest: httpx.AsyncClient, user: int
) -> None:
    answer = await guest.post("/sign-in", data={"login": "anna", "password": "wrong"})
    assert answer.status_code == 422
    assert 'value="anna"' in answer.text
    assert "Неверный логин или пароль." in answer.text
    assert "wrong" not in answer.text


async def test_signing_out_ends_the_session_and_not_only_the_cookie(enter: Enter) -> None:
    browser = await enter("office")
    secret = browser.cookies["abonent_session"]
    assert (await browser.post("/sign-out")).headers["location"] == "/sign-in"
    assert await identify(secret) is None


async def test_language_and_theme_are_kept_with_the_user(enter: Enter) -> None:
    browser = await enter("office")
    assert 'lang="ru"' in (await browser.get("/")).text
    await browser.post("/display", data={"language": "en", "next": "/"})
    await browser.post("/display", data={"theme": "dark", "next": "/"})
    text = (await browser.get("/")).text
    assert 'lang="en" data-theme="dark" data-bs-theme="dark"' in text
    assert "Waiting for you" in text


def test_devices_are_named_as_people_would() -> None:
    chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"
    assert device_name(chrome) == "Chrome, Linux"
    assert device_name("curl/8.0") == "curl/8.0"
