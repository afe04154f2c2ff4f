"""Who is away: set by oneself or the head, and what their colleagues see of their work meanwhile."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from abonent.crm.queries.absences import away_now
from abonent.crm.queries.claims import waiting_claims
from abonent.crm.queries.requests import people_of, waiting_requests, whole_request
from abonent.crm.service.requests.taking import NewRequest, Taken, take_request
from abonent.crm.service.requests.working import pass_request, take_to_work
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import transaction
from abonent.kernel.errors import Forbidden, Malformed, NotFound, Refused
from abonent.kernel.i18n import time_zone
from abonent.kernel.settings import Settings
from abonent.web.service import add_user, call_absence_off, set_absence, sign_in
from tests.web.seed import small_provider
from tests.web.seen import key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
PASSWORD = "correct horse battery"
ACCOUNT = "20417"


def today() -> date:
    return clock.now().astimezone(time_zone()).date()


def of(user: int) -> Actor:
    return Actor("user", str(user), "X", frozenset({"crm.request.*"}))


async def staff(name: str, role: str = "office") -> int:
    """Somebody who is at the desk now."""
    made = await add_user(name.lower(), name=name, role=role, password=PASSWORD)
    await sign_in(name.lower(), password=PASSWORD)
    return made


async def away(user: int, *, substitute: int | None = None, days: int = 3, after: int = 0) -> int:
    first = today() + timedelta(after)
    last = first + timedelta(days - 1)
    return await set_absence(
        user, first=first, last=last, reason="holiday", substitute=substitute, by=SYSTEM
    )


async def taken(text: str = "Как оплатить картой?") -> Taken:
    return await take_request(
        NewRequest(channel="call", text=text, topic="payment-ways", account=ACCOUNT), by=SYSTEM
    )


async def owned_by(user: int) -> Taken:
    made = await taken()
    await pass_request(made.number, by=SYSTEM, team="office", owner=user, note="")
    return made


@pytest.fixture
async def provider(db: Any) -> Any:
    await small_provider(db)
    return db


async def test_who_is_away_gets_nothing_new_and_those_who_are_there_do(provider: Any) -> None:
    anna, olga = await staff("Анна"), await staff("Ольга")
    await away(anna)
    for _ in range(3):
        made = await taken()
        assert (await whole_request(made.number, by=SYSTEM)).request.owner == olga


async def test_an_absence_begins_and_ends_by_itself(provider: Any) -> None:
    anna = await staff("Анна")
    await away(anna, days=2, after=1)
    assert await away_now(anna) is None
    with clock.moved(clock.now() + timedelta(days=1)):
        found = await away_now(anna)
        assert found is not None
        assert found.until == today() + timedelta(1)
    with clock.moved(clock.now() + timedelta(days=3)):
        assert await away_now(anna) is None


async def test_the_substitute_has_the_work_as_their_own_and_the_owner_stays(provider: Any) -> None:
    anna, olga = await staff("Анна"), await staff("Ольга")
    made = await owned_by(anna)
    assert (await waiting_requests(olga)).mine == 0
    await away(anna, substitute=olga)
    assert (await waiting_requests(olga)).mine == 1
    assert (await waiting_requests(anna)).mine == 1
    await take_to_work(made.number, by=of(olga))
    found = (await whole_request(made.number, by=SYSTEM)).request
    assert (found.owner, found.state) == (anna, "in_work")


async def test_where_the_substitute_is_away_too_the_team_has_the_work(provider: Any) -> None:
    anna, olga, vera = await staff("Анна"), await staff("Ольга"), await staff("Вера")
    made = await owned_by(anna)
    await away(anna, substitute=olga)
    await away(olga, substitute=vera)
    assert (await waiting_requests(olga)).mine == 0
    assert [(await waiting_requests(who)).free for who in (olga, vera)] == [1, 1]
    found = await away_now(anna)
    assert found is not None
    assert found.stand_in is None
    await take_to_work(made.number, by=of(vera))
    assert (await whole_request(made.number, by=SYSTEM)).request.owner == vera


async def test_who_is_away_cannot_stand_in_and_who_stands_in_is_told(
    provider: Any, enter: Enter
) -> None:
    anna, olga, vera = await staff("Анна"), await staff("Ольга"), await staff("Вера")
    await away(olga, days=2, after=2)
    with pytest.raises(Malformed) as refused:
        await away(anna, substitute=olga)
    [wrong] = refused.value.errors
    assert wrong.field == "substitute"
    assert "Ольга" in wrong.text("ru")
    await away(anna, substitute=olga, days=2)
    await away(vera, substitute=anna, days=2, after=2)
    head = await enter("head")
    asked = {"first": today() + timedelta(3), "last": today() + timedelta(3), "reason": "illness"}
    typed = {name: str(value) for name, value in asked.items()}
    opened = await head.get(f"/staff/{anna}/absence")
    done = await head.post(
        f"/staff/{anna}/absence", data={"key": key_of(opened.text), "step": "do", **typed}
    )
    told = plain((await head.get(done.headers["location"])).text)
    day = f"{today() + timedelta(3):%d.%m.%Y}"
    assert "работу ведёт команда" in told
    assert f"Вера: {day} – {day}" in told
    assert "Вера" not in plain((await head.get(f"/staff/{anna}")).text)


async def test_of_two_who_name_one_another_at_the_same_moment_one_is_refused(
    fresh_database: Settings,
) -> None:
    async with transaction() as connection:
        await small_provider(connection)
    for turn in range(5):
        pair = [await staff(f"Anna{turn}"), await staff(f"Olga{turn}")]
        ends = await asyncio.gather(
            away(pair[0], substitute=pair[1]), away(pair[1], substitute=pair[0]),
            return_exceptions=True,
        )  # fmt: skip
        assert sorted(type(one).__name__ for one in ends) == ["Malformed", "int"]


async def test_days_that_overlap_are_refused_and_free_ones_are_not(provider: Any) -> None:
    anna = await staff("Анна")
    first = await away(anna, days=5)
    with pytest.raises(Refused) as refused:
        await away(anna, days=5, after=4)
    assert "Анна" in refused.value.text("ru")
    await away(anna, days=2, after=5)
    await call_absence_off(anna, first, by=SYSTEM)
    await away(anna, days=5)
    with pytest.raises(NotFound):
        await call_absence_off(anna, first, by=SYSTEM)


async def test_what_cannot_be_is_said_at_its_field(provider: Any) -> None:
    anna = await staff("Анна")
    given = {"first": today(), "last": today(), "reason": "holiday", "substitute": None}
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"last": today() - timedelta(1)}, "last"),
        ({"first": today() - timedelta(5), "last": today() - timedelta(1)}, "last"),
        ({"last": today() + timedelta(400)}, "last"),
        ({"reason": "weather"}, "reason"),
        ({"substitute": anna}, "substitute"),
        ({"substitute": 7}, "substitute"),
    )
    for change, field in wrong:
        with pytest.raises(Malformed) as malformed:
            await set_absence(anna, **(given | change), by=SYSTEM)
        assert malformed.value.errors[0].field == field


async def test_one_sets_ones_own_and_not_that_of_others(provider: Any) -> None:
    anna, olga = await staff("Анна"), await staff("Ольга")
    given: dict[str, Any] = {"first": today(), "last": today(), "reason": "illness"}
    made = await set_absence(anna, **given, substitute=None, by=of(anna))
    with pytest.raises(Forbidden):
        await set_absence(olga, **given, substitute=None, by=of(anna))
    with pytest.raises(Forbidden):
        await call_absence_off(anna, made, by=of(olga))


async def test_the_choice_of_people_tells_who_is_away(provider: Any) -> None:
    anna, olga = await staff("Анна"), await staff("Ольга")
    await away(anna)
    named = dict(await people_of("office"))
    assert named[str(olga)] == "Ольга"
    assert named[str(anna)] != "Анна"


async def test_claims_of_an_absent_owner_are_the_substitutes(provider: Any) -> None:
    anna, olga = await staff("Анна"), await staff("Ольга")
    before = (await waiting_claims(olga)).mine
    await provider.execute(_CLAIM, anna, ACCOUNT, clock.now(), today())
    assert (await waiting_claims(olga)).mine == before
    await away(anna, substitute=olga)
    assert (await waiting_claims(olga)).mine == before + 1


async def test_the_head_is_told_of_claims_whose_owner_is_away_with_nobody_instead(
    provider: Any, enter: Enter
) -> None:
    head = await enter("head")
    anna, olga = await staff("Анна"), await staff("Ольга")
    await provider.execute(_CLAIM, anna, ACCOUNT, clock.now(), today())
    absence = await away(anna)
    assert (await waiting_claims(olga)).deserted == 1
    assert "ответственный отсутствует: 1" in plain((await head.get("/")).text)
    await call_absence_off(anna, absence, by=SYSTEM)
    await away(anna, substitute=olga)
    assert (await waiting_claims(olga)).deserted == 0
    assert "ответственный отсутствует" not in plain((await head.get("/")).text)


_CLAIM = """
INSERT INTO crm_claim (account_id, id, legal_entity_id, subject, asked, text, channel, reply_by, state,
    received_on, received_at, received_by, register_by, alarm_on, owner)
SELECT account_id, 1, legal_entity_id, 'quality', 'Пересчёт', 'Нет связи', 'visit', 'paper', 'received',
    $4::date, $3, 'user:1', $4, $4, $1
FROM billing_account WHERE number = $2
"""


async def _send(browser: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    opened = await browser.get(path)
    assert opened.status_code == 200, opened.text
    return await browser.post(path, data={"key": key_of(opened.text), "step": "do"} | form)


async def test_the_head_sets_it_and_it_stands_on_the_page_and_in_the_request(
    provider: Any, enter: Enter
) -> None:
    browser = await enter("admin", "root")
    anna, olga = await staff("Анна"), await staff("Ольга")
    made = await owned_by(anna)
    form = {"first": f"{today()}", "last": f"{today() + timedelta(4)}", "reason": "holiday"}
    answer = await _send(browser, f"/staff/{anna}/absence", **form, substitute=str(olga))
    assert answer.status_code == 303, plain(answer.text)
    page = plain((await browser.get(answer.headers["location"])).text)
    assert "Ольга" in page
    assert "Отпуск" in page
    shown = plain((await browser.get(f"/requests/{made.number}")).text)
    assert "замещает Ольга" in shown
    listed = plain((await browser.get(f"/requests?owner={olga}")).text)
    assert "картой" in listed
    again = await _send(browser, f"/staff/{anna}/absence", **form, substitute="")
    assert 'id="act-first-error"' in again.text


async def test_one_says_it_on_ones_own_page_and_takes_it_back(provider: Any, enter: Enter) -> None:
    browser = await enter("office", "anna")
    form = {"first": f"{today()}", "last": f"{today()}", "reason": "illness", "substitute": ""}
    answer = await _send(browser, "/profile/absence", **form)
    assert answer.headers["location"] == "/profile?done=away"
    page = (await browser.get("/profile")).text
    end = re.search(r'action="(/profile/absences/\d+/end)"', page)
    assert end
    assert (await browser.post(end[1])).status_code == 303
    assert "/profile/absences/" not in (await browser.get("/profile")).text
