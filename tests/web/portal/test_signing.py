"""Entering the portal: codes, passwords, sessions; what a guesser learns and how he is slowed down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from abonent.kernel import clock
from abonent.web.portal.codes import ask_sign_in_code
from abonent.web.portal.errors import CodeOver, WrongCode
from abonent.web.portal.rules import CODE_LIFE, MOST_TRIES
from abonent.web.portal.sessions import enter_by_code
from abonent.web.rules import secret_hash
from tests.web.portal.conftest import PHONE, last_code, sent

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
Browse = Callable[[], httpx.AsyncClient]


async def ask(client: httpx.AsyncClient, number: str, way: str = "phone") -> httpx.Response:
    return await client.post("/my/sign-in", data={"number": number, "way": way})


async def type_code(client: httpx.AsyncClient, code: str) -> httpx.Response:
    return await client.post("/my/sign-in/code", data={"code": code})


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


@pytest.mark.parametrize("number", ["20417", "2026/20417", " 20417 "])
async def test_an_account_or_a_contract_number_and_the_code_of_an_sms_let_in(
    browse: Browse, db: Any, number: str
) -> None:
    client = browse()
    assert (await client.get("/my/20417")).headers["location"].startswith("/my/sign-in?next=")
    await ask(client, number)
    (message,) = await sent(db)
    assert (message["kind"], message["to"]) == ("sms", PHONE)
    answer = await type_code(client, message["text"][:6])
    assert (answer.status_code, answer.headers["location"]) == (303, "/my")
    assert (await client.get("/my")).headers["location"] == "/my/20417"
    assert (await client.get("/my/20417")).status_code == 200


async def test_a_code_comes_by_mail_where_that_is_asked_for(browse: Browse, db: Any) -> None:
    await ask(browse(), "20417", way="email")
    (message,) = await sent(db)
    assert (message["kind"], message["to"]) == ("mail", ["petr@mail.example"])


async def test_an_unknown_number_is_answered_like_a_known_one_and_no_code_fits(
    browse: Browse, db: Any
) -> None:
    known, unknown = browse(), browse()
    first, second = await ask(known, "20417"), await ask(unknown, "999999")
    assert (first.status_code, first.headers["location"]) == (
        second.status_code,
        second.headers["location"],
    )
    assert len(await sent(db)) == 1
    wrong = other(await last_code(db))
    told = [await type_code(client, wrong) for client in (known, unknown)]
    assert {answer.status_code for answer in told} == {422}
    assert len({_plain(answer.text) for answer in told}) == 1


def _plain(text: str) -> str:
    return text.partition("<main")[2]


async def test_only_digests_of_codes_and_cookies_are_stored(enter: Enter, db: Any) -> None:
    client = await enter()
    secret = client.cookies["abonent_my"]
    assert await db.fetchval(
        "SELECT 1 FROM portal_session WHERE secret_hash = $1", secret_hash(secret)
    )
    row = await db.fetchrow("SELECT * FROM portal_code")
    assert (await last_code(db)).encode() not in b"".join(
        value for value in row.values() if isinstance(value, bytes)
    )


async def test_the_code_is_good_for_the_browser_that_asked_alone(browse: Browse, db: Any) -> None:
    await ask(browse(), "20417")
    thief = browse()
    await ask(thief, "20418")
    code = str((await sent(db))[0]["text"])[:6]
    if code != await last_code(db):
        assert (await type_code(thief, code)).status_code == 422
    assert (await thief.get("/my/20417")).status_code == 303


async def test_a_code_holds_once(browse: Browse, db: Any) -> None:
    client = browse()
    asked = (await ask(client, "20417")).cookies["abonent_my_asked"]
    code = await last_code(db)
    await enter_by_code(asked, code=code)
    with pytest.raises(CodeOver):
        await enter_by_code(asked, code=code)


async def test_a_code_is_over_after_ten_minutes(provider: None, db: Any) -> None:
    asked = await ask_sign_in_code("20417", way="phone", ip="")
    await db.execute("UPDATE portal_code SET expires_at = $1", clock.now() - timedelta(seconds=1))
    assert timedelta(minutes=10) >= CODE_LIFE
    with pytest.raises(CodeOver):
        await enter_by_code(asked, code=await last_code(db))


async def test_a_code_is_over_after_five_wrong_guesses_and_the_number_has_to_wait(
    browse: Browse, db: Any
) -> None:
    client = browse()
    asked = (await ask(client, "20417")).cookies["abonent_my_asked"]
    code = await last_code(db)
    for _try in range(MOST_TRIES):
        with pytest.raises(WrongCode):
            await enter_by_code(asked, code=other(code))
    answer = await type_code(client, code)
    assert answer.status_code == 429
    await db.execute("DELETE FROM web_throttle")
    assert (await type_code(client, code)).status_code == 422
    assert (await client.get("/my/20417")).status_code == 303


async def test_codes_are_not_sent_without_end(browse: Browse, db: Any) -> None:
    client = browse()
    answers = [await ask(client, "20417") for _time in range(7)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [429] * 2
    assert len(await sent(db)) == 5


async def test_a_code_goes_to_a_confirmed_contact_where_there_is_one(
    enter: Enter, browse: Browse, db: Any
) -> None:
    await enter()  # the telephone is confirmed by that
    await ask(browse(), "20417", way="email")
    assert (await sent(db))[-1]["kind"] == "sms"


async def test_a_contact_that_is_not_confirmed_gets_no_code(enter: Enter, db: Any) -> None:
    client = await enter()
    page = (await client.get("/my/20417/profile")).text
    key = page.partition('name="key" value="')[2].partition('"')[0]
    new = {"key": key, "kind": "phone", "value": "8 999 000-00-01"}
    assert (await client.post("/my/20417/contacts", data=new)).status_code == 303
    await ask(client, "20417")
    assert (await sent(db))[-1]["to"] == PHONE


async def test_a_password_set_after_a_code_lets_in(enter: Enter, browse: Browse, db: Any) -> None:
    first, second = await enter(), await enter()
    new = {"new": "long enough", "again": "long enough"}
    answer = await first.post("/my/20417/password", data=new)
    assert answer.status_code == 303, answer.text
    assert (await second.get("/my/20417")).status_code == 303  # other sessions are over
    assert (await first.get("/my/20417")).status_code == 200
    client = browse()
    for number, password, status in (
        ("20417", "wrong", 422),
        ("999999", "long enough", 422),
        ("20418", "long enough", 422),
        ("20417", "long enough", 303),
    ):
        data = {"number": number, "password": password}
        assert (await client.post("/my/sign-in/password", data=data)).status_code == status
    # Not opened by a code: the present password is asked for.
    answer = await client.post("/my/20417/password", data=new)
    assert answer.status_code == 422
    answer = await client.post("/my/20417/password", data=new | {"old": "long enough"})
    assert answer.status_code == 303
    stored = await db.fetchval("SELECT password_hash FROM portal_access")
    assert stored.startswith("$argon2id$")


async def test_guesses_of_a_password_are_slowed_down(browse: Browse) -> None:
    client, data = browse(), {"number": "20417", "password": "wrong"}
    codes = [(await client.post("/my/sign-in/password", data=data)).status_code for _ in range(7)]
    assert codes == [422] * 5 + [429] * 2


async def test_signing_out_ends_this_session_and_everywhere_ends_all(enter: Enter) -> None:
    first, second, third = await enter(), await enter(), await enter()
    secret = first.cookies["abonent_my"]
    assert (await first.post("/my/sign-out")).headers["location"] == "/my/sign-in"
    first.cookies.set("abonent_my", secret)
    assert (await first.get("/my/20417")).status_code == 303
    assert (await second.get("/my/20417")).status_code == 200
    await second.post("/my/sign-out-everywhere")
    assert (await third.get("/my/20417")).status_code == 303


async def test_a_session_unseen_for_long_has_ended(enter: Enter, db: Any) -> None:
    client = await enter()
    await db.execute(
        "UPDATE portal_session SET last_seen_at = $1", clock.now() - timedelta(days=15)
    )
    assert (await client.get("/my/20417")).status_code == 303


async def test_the_language_stays_with_the_contract(enter: Enter, browse: Browse) -> None:
    client = await enter()
    assert 'lang="ru"' in (await client.get("/my/20417")).text
    answer = await client.post("/my/language", data={"language": "en", "next": "/my/20417"})
    assert answer.headers["location"] == "/my/20417"
    again = await enter()
    assert '<html lang="en">' in (await again.get("/my/20417")).text
    assert (await client.post("/my/language", data={"language": "xx"})).status_code == 400


@pytest.mark.parametrize("back", ["//evil.example", "/accounts/20417", "https://evil.example"])
async def test_signing_in_leads_nowhere_but_to_the_portal(
    browse: Browse, db: Any, back: str
) -> None:
    client = browse()
    await ask(client, "20417")
    data = {"code": await last_code(db), "next": back}
    assert (await client.post("/my/sign-in/code", data=data)).headers["location"] == "/my"


async def test_the_page_that_was_asked_for_opens_after_signing_in(browse: Browse, db: Any) -> None:
    client = browse()
    asked = "/my/20417/tariff?service=1&tariff=opt50"
    where = (await client.get(asked)).headers["location"]
    page = (await client.get(where)).text
    assert 'value="/my/20417/tariff?service=1&amp;tariff=opt50"' in page
    data = {"number": "20417", "way": "phone", "next": asked}
    answer = await client.post("/my/sign-in", data=data)
    page = (await client.get(answer.headers["location"])).text
    assert 'value="/my/20417/tariff?service=1&amp;tariff=opt50"' in page
    data = {"code": await last_code(db), "next": asked}
    assert (await client.post("/my/sign-in/code", data=data)).headers["location"] == asked
