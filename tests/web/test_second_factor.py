"""The second factor: codes by the clock, each once; recovery codes; roles that ask for it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyotp
import pytest

from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Refused
from abonent.web import service
from abonent.web.codes import new_secret, step_of_code
from abonent.web.errors import NotSignedIn, TooManyAttempts, WrongCode, WrongPassword
from abonent.web.queries import identify
from abonent.web.rules import PER_LOGIN, Stage
from tests.web.seen import plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
PASSWORD = "correct horse battery"
NOON = datetime(2026, 11, 14, 9, 0, 5, tzinfo=UTC)


@pytest.fixture
async def user(db: Any) -> int:
    return await service.add_user("anna", name="Анна", role="cash", password=PASSWORD)


@pytest.fixture
async def secret(user: int) -> str:
    """The user's second factor, set up a day before NOON."""
    with clock.moved(NOON - timedelta(days=1)):
        setup = await service.start_setup(user, by=SYSTEM)
        assert setup is not None
        await service.confirm_setup(user, _code(setup.secret), by=SYSTEM)
    return setup.secret


def _code(secret: str) -> str:
    return pyotp.TOTP(secret).at(clock.now())


async def _waiting() -> str:
    opened = await service.sign_in("anna", password=PASSWORD)
    assert opened.stage is Stage.CODE
    return opened.secret


def test_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B: the secret "12345678901234567890" at 59 seconds; six of its eight digits.
    known = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    at = datetime(1970, 1, 1, 0, 0, 59, tzinfo=UTC)
    assert step_of_code(known, "287 082", now=at) == 1
    assert step_of_code(known, "287082", now=at + timedelta(seconds=30)) == 1
    assert step_of_code(known, "287082", now=at + timedelta(seconds=61)) is None
    assert step_of_code(new_secret(), "", now=at) is None


async def test_a_right_password_alone_opens_nothing(user: int, secret: str) -> None:
    with clock.moved(NOON):
        waiting = await _waiting()
        assert await identify(waiting) is None
        opened = await service.pass_code(waiting, _code(secret))
        assert await identify(opened.secret) is not None
        assert opened.secret != waiting
        with pytest.raises(NotSignedIn):
            await service.pass_code(waiting, _code(secret))


async def test_the_same_code_is_not_taken_twice(user: int, secret: str) -> None:
    with clock.moved(NOON):
        code = _code(secret)
        await service.pass_code(await _waiting(), code)
        with pytest.raises(WrongCode):
            await service.pass_code(await _waiting(), code)
    with clock.moved(NOON + timedelta(seconds=30)):
        await service.pass_code(await _waiting(), _code(secret))


async def test_an_older_code_is_not_taken_after_a_newer_one(user: int, secret: str) -> None:
    with clock.moved(NOON):
        old = _code(secret)
    with clock.moved(NOON + timedelta(seconds=30)):
        await service.pass_code(await _waiting(), _code(secret))
        with pytest.raises(WrongCode):
            await service.pass_code(await _waiting(), old)


async def test_guesses_at_codes_are_slowed_down_as_guesses_at_passwords(
    user: int, secret: str
) -> None:
    with clock.moved(NOON):
        waiting = await _waiting()
        for _attempt in range(PER_LOGIN.free):
            with pytest.raises(WrongCode):
                await service.pass_code(waiting, "000 000")
        with pytest.raises(TooManyAttempts):
            await service.pass_code(waiting, _code(secret))
        # A fresh right password does not give fresh guesses.
        with pytest.raises(TooManyAttempts):
            await service.pass_code(await _waiting(), _code(secret))


async def test_a_recovery_code_lets_in_once(user: int, db: Any) -> None:
    setup = await service.start_setup(user, by=SYSTEM)
    assert setup is not None
    codes = await service.confirm_setup(user, _code(setup.secret), by=SYSTEM)
    assert len(set(codes)) == 10
    stored = await db.fetch("SELECT code_hash FROM web_recovery_code")
    assert all(codes[0].encode() not in row["code_hash"] for row in stored)
    await service.pass_code(await _waiting(), codes[0].upper())
    with pytest.raises(WrongCode):
        await service.pass_code(await _waiting(), codes[0])
    fresh = await service.renew_recovery_codes(user, password=PASSWORD, by=SYSTEM)
    with pytest.raises(WrongCode):
        await service.pass_code(await _waiting(), codes[1])
    await service.pass_code(await _waiting(), fresh[1])


async def test_a_waiting_sign_in_ends_by_itself(user: int, secret: str) -> None:
    with clock.moved(NOON):
        waiting = await _waiting()
    with clock.moved(NOON + timedelta(minutes=11)), pytest.raises(NotSignedIn):
        await service.pass_code(waiting, _code(secret))


async def test_a_role_that_asks_for_it_ends_sessions_without_it(user: int, db: Any) -> None:
    opened = await service.sign_in("anna", password=PASSWORD)
    assert await identify(opened.secret) is not None
    await db.execute("UPDATE web_role SET second_factor = true WHERE code = 'cash'")
    assert await identify(opened.secret) is None
    again = await service.sign_in("anna", password=PASSWORD)
    assert again.stage is Stage.SETUP
    setup = await service.start_setup(user, by=SYSTEM)
    assert setup is not None
    with pytest.raises(WrongCode):
        await service.pass_setup(again.secret, "000000")
    whole, codes = await service.pass_setup(again.secret, _code(setup.secret))
    assert await identify(whole.secret) is not None
    assert codes


async def test_it_is_turned_off_by_the_password_unless_the_role_asks_for_it(
    user: int, secret: str, db: Any
) -> None:
    by = Actor("user", str(user), "Анна", frozenset())
    with pytest.raises(WrongPassword):
        await service.turn_off_second_factor(user, password="wrong", by=by)
    await db.execute("UPDATE web_role SET second_factor = true WHERE code = 'cash'")
    with pytest.raises(Refused) as refusal:
        await service.turn_off_second_factor(user, password=PASSWORD, by=by)
    assert refusal.value.code == "SECOND_FACTOR_REQUIRED"
    await db.execute("UPDATE web_role SET second_factor = false")
    await service.turn_off_second_factor(user, password=PASSWORD, by=by)
    assert (await service.sign_in("anna", password=PASSWORD)).stage is Stage.OPEN


async def test_the_pages_lead_from_the_password_over_the_code_to_the_page_asked_for(
    guest: httpx.AsyncClient, user: int, secret: str
) -> None:
    with clock.moved(NOON):
        form = {"login": "anna", "password": PASSWORD, "next": "/profile"}
        answer = await guest.post("/sign-in", data=form)
        assert answer.headers["location"] == "/sign-in/code?next=%2Fprofile"
        assert (await guest.get("/profile")).status_code == 303
        page = await guest.get(answer.headers["location"])
        assert "Код с телефона" in plain(page.text)
        wrong = await guest.post("/sign-in/code", data={"code": "123", "next": "/profile"})
        assert wrong.status_code == 422
        assert "Код неверен" in plain(wrong.text)
        form = {"code": _code(secret), "next": "/profile"}
        answer = await guest.post("/sign-in/code", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/profile")
        assert "Анна" in (await guest.get("/profile")).text


async def test_the_pages_set_a_second_factor_up_where_the_role_asks_for_it(
    guest: httpx.AsyncClient, user: int, db: Any
) -> None:
    await db.execute("UPDATE web_role SET second_factor = true WHERE code = 'cash'")
    answer = await guest.post("/sign-in", data={"login": "anna", "password": PASSWORD})
    page = (await guest.get(answer.headers["location"])).text
    assert "<svg" in page
    key = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert key
    code = _code(key[1].replace(" ", ""))
    done = await guest.post("/sign-in/setup", data={"code": code, "next": "/"})
    assert done.status_code == 200
    assert len(re.findall(r"<code>[a-z2-7-]{19}</code>", done.text)) == 10
    assert (await guest.get("/profile")).status_code == 200


async def test_a_user_turns_it_on_and_off_in_the_profile(enter: Enter, db: Any) -> None:
    browser = await enter("cash", "vera")
    page = (await browser.get("/profile/second-factor")).text
    key = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert key
    form = {"code": _code(key[1].replace(" ", "")), "password": "wrong"}
    refused = await browser.post("/profile/second-factor", data=form)
    assert refused.status_code == 422
    assert 'id="factor-password-error"' in refused.text
    done = await browser.post("/profile/second-factor", data=form | {"password": PASSWORD})
    assert "Запасные коды" in plain(done.text)
    assert (await service.sign_in("vera", password=PASSWORD)).stage is Stage.CODE
