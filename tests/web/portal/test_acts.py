"""What a subscriber does: looked at before it is done, done once, refused in words."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from abonent.billing.queries.accounts import read_account
from abonent.billing.service.payments import take_payment
from abonent.kernel.actor import SYSTEM
from tests.web.portal.conftest import NUMBER, last_code, sent

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
BASE = f"/my/{NUMBER}"


def fields_of(text: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with an action, as a browser would send them."""
    form = re.search(
        rf'<form[^>]*method="post" action="{re.escape(action)}"[^>]*>(.*?)</form>', text, re.DOTALL
    )
    assert form is not None, text
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[1])
    return dict(found)


async def account() -> Any:
    return await read_account(NUMBER, by=SYSTEM)


async def test_a_promise_is_looked_at_then_given_once(enter: Enter, db: Any) -> None:
    client = await enter()
    page = (await client.get(f"{BASE}/promise")).text
    assert "На 5 дней" in page
    assert "Только в офисе" not in page
    page = (await client.get(f"{BASE}/promise?offer=short")).text
    assert (await account()).promise is None
    form = fields_of(page, f"{BASE}/promise")
    for _time in range(2):
        answer = await client.post(f"{BASE}/promise", data=form)
        assert answer.headers["location"] == f"{BASE}?done=promise"
    assert await db.fetchval("SELECT count(*) FROM billing_promise") == 1
    row = await db.fetchrow("SELECT channel, amount FROM billing_promise")
    assert tuple(row) == ("portal", 34467)
    home = (await client.get(f"{BASE}?done=promise")).text
    assert '<div class="notice good" role="status">' in home
    actor = await db.fetchval("SELECT actor_kind FROM audit WHERE action = 'billing:promise:given'")
    assert actor == "subscriber"
    again = await client.get(f"{BASE}/promise")
    assert 'method="post" action="/my/20417/promise"' not in again.text


async def test_a_refusal_names_the_rule_and_the_day(enter: Enter, db: Any) -> None:
    client = await enter()
    form = fields_of((await client.get(f"{BASE}/promise?offer=short")).text, f"{BASE}/promise")
    await take_payment(NUMBER, by=SYSTEM, amount=90000, source="cash", external_id="late")
    answer = await client.post(f"{BASE}/promise", data=form)
    assert answer.status_code == 422
    assert "Сегодня средств хватает." in answer.text


async def test_a_tariff_is_compared_then_changed(enter: Enter, db: Any) -> None:
    client = await enter()
    page = (await client.get(f"{BASE}/tariff?service=1&tariff=opt50&on=next-period")).text
    assert "Оптима 100" in page
    assert "Оптима 50" in page
    form = fields_of(page, f"{BASE}/tariff")
    answer = await client.post(f"{BASE}/tariff", data=form)
    assert answer.headers["location"] == f"{BASE}?done=tariff"
    ((since, tariff),) = (await account()).services[0].scheduled
    assert (since.isoformat(), tariff) == ("2026-12-01", "opt50")


async def test_a_tariff_that_money_does_not_cover_says_how_much_is_missing(
    enter: Enter, db: Any
) -> None:
    client = await enter()
    page = await client.get(f"{BASE}/tariff?service=1&tariff=opt50")
    assert "не хватает" in page.text
    assert 'name="seen"' not in page.text


async def test_a_tariff_changed_meanwhile_is_not_changed_over(enter: Enter, db: Any) -> None:
    client = await enter()
    path = f"{BASE}/tariff?service=1&tariff=opt50&on=next-period"
    first = fields_of((await client.get(path)).text, f"{BASE}/tariff")
    second = fields_of((await client.get(path)).text, f"{BASE}/tariff")
    await client.post(f"{BASE}/tariff", data=first)
    answer = await client.post(f"{BASE}/tariff", data=second)
    assert answer.status_code == 409
    assert "сменился" in answer.text


async def test_a_tariff_that_is_not_offered_is_refused(enter: Enter, db: Any) -> None:
    client = await enter()
    form = {"key": "k", "service": "1", "tariff": "nothing", "on": "asap", "seen": ""}
    assert (await client.post(f"{BASE}/tariff", data=form)).status_code == 400


async def test_a_freeze_until_the_end_of_reckoning_is_refused(enter: Enter) -> None:
    browser = await enter()
    form = {"key": "k", "from": "9999-12-31", "to": "9999-12-31"}
    assert (await browser.post(f"{BASE}/freeze", data=form)).status_code == 400
    assert (await browser.get(f"{BASE}/freeze", params=form)).status_code == 400


async def test_a_freeze_is_set_and_ended(enter: Enter, db: Any) -> None:
    client = await enter()
    page = (await client.get(f"{BASE}/freeze?from=2026-11-10&to=2026-11-29")).text
    form = fields_of(page, f"{BASE}/freeze")
    answer = await client.post(f"{BASE}/freeze", data=form)
    assert answer.headers["location"] == f"{BASE}?done=freeze", answer.text
    ((no, start, end),) = (await account()).freezes
    assert (start.isoformat(), end.isoformat()) == ("2026-11-10", "2026-11-30")
    assert f"{BASE}/freezes/{no}/end" in (await client.get(BASE)).text
    page = (await client.get(f"{BASE}/freezes/{no}/end?on=2026-11-20")).text
    answer = await client.post(
        f"{BASE}/freezes/{no}/end", data=fields_of(page, f"{BASE}/freezes/{no}/end")
    )
    assert answer.headers["location"] == f"{BASE}?done=freeze-end", answer.text
    assert (await account()).freezes[0][2].isoformat() == "2026-11-20"


async def test_what_was_typed_wrongly_comes_back_with_words(enter: Enter) -> None:
    client = await enter()
    page = await client.get(f"{BASE}/freeze?from=2026-11-20&to=2026-11-10")
    assert page.status_code == 400
    assert 'value="2026-11-20"' in page.text
    page = await client.get(f"{BASE}/pay?amount=много")
    assert page.status_code == 400
    assert 'value="много"' in page.text


async def test_a_contact_is_added_confirmed_by_a_code_and_the_last_way_in_stays(
    enter: Enter, db: Any
) -> None:
    client = await enter()
    page = (await client.get(f"{BASE}/profile")).text
    new = fields_of(page, f"{BASE}/contacts") | {"kind": "phone", "value": "8 999 000-00-01"}
    for _time in range(2):
        assert (await client.post(f"{BASE}/contacts", data=new)).status_code == 303
    row = await db.fetchrow("SELECT id, confirmed_at FROM crm_contact WHERE value = '79990000001'")
    assert row["confirmed_at"] is None
    path = f"{BASE}/contacts/{row['id']}"
    answer = await client.post(f"{path}/code")
    assert answer.headers["location"] == f"{path}/confirm"
    assert (await sent(db))[-1]["to"] == "79990000001"
    code = await last_code(db)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert (await client.post(f"{path}/confirm", data={"code": wrong})).status_code == 422
    answer = await client.post(f"{path}/confirm", data={"code": f"{code[:3]} {code[3:]}"})
    assert answer.headers["location"] == f"{BASE}/profile?done=confirmed"
    first = await db.fetchval("SELECT id FROM crm_contact WHERE value = '79123456789'")
    answer = await client.post(f"{path}/remove", data={"key": "a"})
    assert answer.status_code == 303
    answer = await client.post(f"{BASE}/contacts/{first}/remove", data={"key": "b"})
    assert answer.status_code == 409
    assert "только на этот контакт" in answer.text


async def test_a_contact_that_is_none_is_refused_and_kept_in_the_field(enter: Enter) -> None:
    client = await enter()
    new = {"key": "k", "kind": "phone", "value": "двести"}
    answer = await client.post(f"{BASE}/contacts", data=new)
    assert answer.status_code == 400
    assert 'value="двести"' in answer.text


async def test_a_consent_is_given_and_withdrawn(enter: Enter, db: Any) -> None:
    client = await enter()
    page = (await client.get(f"{BASE}/profile")).text
    form = fields_of(page, f"{BASE}/consents") | {"consent": "advertising:email"}
    assert (await client.post(f"{BASE}/consents", data=form)).status_code == 303
    row = await db.fetchrow("SELECT * FROM crm_consent")
    assert (row["purpose"], row["channel"]) == ("advertising", "email")
    assert row["proof"]
    path = f"{BASE}/consents/{row['id']}/withdraw"
    page = (await client.get(f"{BASE}/profile")).text
    assert (await client.post(path, data=fields_of(page, path))).status_code == 303
    assert await db.fetchval("SELECT withdrawn_at IS NOT NULL FROM crm_consent")
