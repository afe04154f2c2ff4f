"""A subscriber touches the own accounts alone, whatever stands in an address or a form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest

from abonent.billing.errors import AccountNotFound
from abonent.billing.queries.accounts import read_account
from abonent.billing.service.freezes import end_freeze, freeze_account
from abonent.billing.service.payments import take_payment
from abonent.billing.service.promises import give_promise
from abonent.billing.service.services import change_tariff
from abonent.crm.queries import face_of
from abonent.crm.queries.people import consents_of, contacts_of
from abonent.crm.service.consents import Channel, NewConsent, Purpose, give_consent
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import DomainError, Forbidden
from abonent.web.portal.queries import actor_of
from abonent.web.portal.routes import PORTAL_ROUTES
from abonent.web.service import add_user, sign_in
from tests.web.portal.conftest import NUMBER, OTHER, TODAY

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
ADDRESSES = sorted(
    (method, route.path)
    for route in PORTAL_ROUTES
    if "{number" in route.path
    for method in (route.methods or set()) - {"HEAD"}
)


async def state(db: Any) -> list[Any]:
    """Everything that an attack could change."""
    return [
        await db.fetch("SELECT * FROM billing_account ORDER BY 1"),
        await db.fetch("SELECT * FROM billing_promise ORDER BY 1"),
        await db.fetch("SELECT * FROM billing_freeze ORDER BY 1"),
        await db.fetch("SELECT * FROM billing_service_tariff ORDER BY 1"),
        await db.fetch("SELECT * FROM crm_contact ORDER BY 1"),
        await db.fetch("SELECT * FROM crm_consent ORDER BY 1"),
        await db.fetch("SELECT * FROM portal_intent ORDER BY 1"),
        await db.fetch("SELECT * FROM portal_access ORDER BY 1"),
    ]


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
async def test_the_account_of_another_does_not_exist(
    enter: Enter, db: Any, method: str, path: str
) -> None:
    client = await enter()
    before = await state(db)
    for part in ("no", "intent", "contact", "consent", "document"):
        path = path.replace(f"{{{part}:int}}", "1")
    data = {
        "key": "attack", "offer": "short", "service": "1", "tariff": "opt50", "on": "asap",
        "from": "2026-11-10", "to": "2026-11-30", "amount": "500", "new": "12345678",
        "again": "12345678", "kind": "phone", "value": "89990000001", "consent": "advertising:sms",
        "account": OTHER, "number": OTHER,
    }  # fmt: skip
    for number in (OTHER, "999999", "20417%20", "%2e%2e"):
        address = path.replace("{number:str}", number)
        answer = await client.request(method, address, data=data if method == "POST" else None)
        assert answer.status_code in {404, 405}, f"{address}: {answer.status_code}"
        assert "Орлова" not in answer.text
    assert await state(db) == before


async def test_contacts_and_consents_of_another_cannot_be_touched_through_an_own_account(
    enter: Enter, db: Any
) -> None:
    face = await face_of(OTHER, by=SYSTEM)
    assert face is not None
    contact = (await contacts_of(face.subscriber, by=SYSTEM))[0].id
    new = NewConsent(purpose=Purpose.ADVERTISING, channel=Channel.SMS, proof="paper")
    await give_consent(OTHER, by=SYSTEM, new=new)
    consent = (await consents_of(face.subscriber, by=SYSTEM))[0].id
    client = await enter()
    before = await state(db)
    base = f"/my/{NUMBER}"
    for path in (
        f"{base}/contacts/{contact}/remove",
        f"{base}/contacts/{contact}/code",
        f"{base}/contacts/{contact}/confirm",
        f"{base}/consents/{consent}/withdraw",
    ):
        answer = await client.post(path, data={"key": path[-20:], "code": "000000"})
        assert answer.status_code in {404, 409, 422}, path
    assert (await client.get(f"{base}/contacts/{contact}/confirm")).status_code == 404
    assert await state(db) == before


async def test_a_number_in_a_form_changes_nothing_elsewhere(enter: Enter, db: Any) -> None:
    client = await enter()
    other = await read_account(OTHER, by=SYSTEM)
    data = {"key": "k", "offer": "short", "number": OTHER, "account": OTHER}
    assert (await client.post(f"/my/{NUMBER}/promise", data=data)).status_code == 303
    assert await read_account(OTHER, by=SYSTEM) == other
    assert (await read_account(NUMBER, by=SYSTEM)).promise is not None


async def test_the_use_cases_themselves_know_no_other_account(provider: None, db: Any) -> None:
    contract = await db.fetchval("SELECT contract_id FROM crm_account WHERE number = $1", NUMBER)
    by = await actor_of(contract)
    assert (by.kind, by.accounts) == ("subscriber", frozenset({NUMBER}))
    acts = (
        give_promise(OTHER, by=by, offer="short", channel="portal"),
        freeze_account(OTHER, by=by, start=TODAY.replace(day=9), end=TODAY.replace(day=30)),
        end_freeze(OTHER, 1, by=by),
        change_tariff(OTHER, 1, by=by, tariff="opt50"),
    )
    for act in acts:
        with pytest.raises(AccountNotFound):
            await act


async def test_a_subscriber_has_no_right_of_the_desk(provider: None, db: Any) -> None:
    contract = await db.fetchval("SELECT contract_id FROM crm_account WHERE number = $1", NUMBER)
    by: Actor = await actor_of(contract)
    for act in (
        take_payment(NUMBER, by=by, amount=100, source="cash", external_id="x"),
        give_promise(NUMBER, by=by, amount=100_000, days=30),
        give_promise(NUMBER, by=by, offer="short", override=True),
    ):
        with pytest.raises(Forbidden):
            await act
    assert not by.may("desk.open")


async def test_an_offer_of_the_office_is_not_given_on_the_portal(enter: Enter, db: Any) -> None:
    client = await enter()
    data = {"key": "k", "offer": "office"}
    answer = await client.post(f"/my/{NUMBER}/promise", data=data)
    assert answer.status_code == 422
    assert (await read_account(NUMBER, by=SYSTEM)).promise is None


async def test_the_portals_cookie_opens_neither_desk_nor_api(enter: Enter) -> None:
    client = await enter()
    secret = client.cookies["abonent_my"]
    everywhere = {"Cookie": f"abonent_my={secret}; abonent_session={secret}"}
    for path in ("/", f"/accounts/{NUMBER}", f"/accounts/{OTHER}/promise", "/subscribers"):
        answer = await client.get(path, headers=everywhere)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/sign-in")
    for token in (secret, "", "abn_" + secret):
        bearer = {"Authorization": f"Bearer {token}", **everywhere}
        answer = await client.get(f"/api/v1/accounts/{NUMBER}", headers=bearer)
        assert answer.status_code == 401


async def test_the_desks_cookie_opens_no_page_of_the_portal(
    browse: Callable[[], httpx.AsyncClient], db: Any
) -> None:
    await add_user("boss", name="Босс", role="admin", password="correct horse")
    secret = (await sign_in("boss", password="correct horse")).secret
    cookies = {"Cookie": f"abonent_session={secret}; abonent_my={secret}"}
    answer = await browse().get(f"/my/{NUMBER}", headers=cookies)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/my/sign-in")


async def test_nobody_of_the_desk_gets_the_subscribers_role(provider: None) -> None:
    with pytest.raises((DomainError, asyncpg.CheckViolationError)):
        await add_user("sub", name="Никто", role="sub", password="correct horse")


async def test_a_form_of_another_site_is_not_carried_out(enter: Enter, db: Any) -> None:
    client = await enter()
    data = {"key": "k", "offer": "short"}
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    answer = await client.post(f"/my/{NUMBER}/promise", data=data, headers=foreign)
    assert answer.status_code == 403
    assert (await read_account(NUMBER, by=SYSTEM)).promise is None
