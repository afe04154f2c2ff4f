"""Messages on the pages: writing from the card, the register, templates, holds, what gateways call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from abonent.billing.queries.accounts import read_account
from abonent.crm.service.messages import NewMessage, queue_message
from abonent.crm.service.receipts import keep_part, settle_message
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import unit_of_work
from abonent.kernel.settings import secret_key
from abonent.kernel.sms.choosing import hook_key
from tests.web.seed import small_provider
from tests.web.seen import HX, key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
CARD = "/accounts/20417/messages"


@pytest.fixture
async def clerk(db: Any, enter: Enter) -> httpx.AsyncClient:
    await small_provider(db)
    await db.execute("UPDATE crm_subscriber SET phone = '79123456789'")
    return await enter("head")


async def _send(clerk: httpx.AsyncClient, path: str, **given: str) -> httpx.Response:
    opened = await clerk.get(path, headers=HX)
    form = {"key": key_of(opened.text), "step": "do"} | given
    return await clerk.post(path, data=form, headers=HX)


async def _write(clerk: httpx.AsyncClient, **given: str) -> httpx.Response:
    words = {"channel": "sms", "template": "", "text": "Зайдите за договором", "purpose": "service"}
    return await _send(clerk, f"{CARD}/new", **(words | {"subject": ""} | given))


async def test_the_dialog_says_what_it_comes_to_before_it_is_sent(
    clerk: httpx.AsyncClient,
) -> None:
    opened = await clerk.get(f"{CARD}/new", headers=HX)
    given = {"key": key_of(opened.text), "channel": "sms", "template": "", "purpose": "service"}
    told = await clerk.post(f"{CARD}/new", data=given | {"text": "я" * 71}, headers=HX)
    assert "2 части SMS, 71 знак" in plain(told.text)
    ad = given | {"text": "Скидка", "purpose": "ad"}
    told = await clerk.post(f"{CARD}/new", data=ad, headers=HX)
    assert "Это сообщение не уйдёт" in plain(told.text)
    assert "Без согласия на рекламу" in plain(told.text)


async def test_what_is_sent_stands_on_the_card_and_in_the_register(
    clerk: httpx.AsyncClient, db: Any
) -> None:
    done = await _write(clerk)
    assert done.status_code == 204, done.text
    card = plain((await clerk.get(done.headers["hx-redirect"])).text)
    assert "Сообщение поставлено на отправку" in card
    assert "Зайдите за договором" in card
    assert "20417" in plain((await clerk.get("/messages")).text)
    row = await db.fetchrow("SELECT account_id, id FROM crm_message")
    shown = plain((await clerk.get(f"/messages/{row['account_id']}/{row['id']}")).text)
    assert "Ждёт отправки" in shown
    assert await db.fetchval("SELECT count(*) FROM outbox WHERE kind = 'message'") == 1


@pytest.mark.parametrize(
    ("template", "channel", "link"),
    [("nps", "sms", "/my/s/aB3-x_9kQ"), ("request-answered", "email", "/my/r/aB3-x_9kQ")],
)
async def test_a_client_s_own_link_is_not_shown_to_who_is_rated_by_it(
    clerk: httpx.AsyncClient, db: Any, template: str, channel: str, link: str
) -> None:
    account = await db.fetchval("SELECT account_id FROM billing_account WHERE number = '20417'")
    values = {"url": link, "request": "17", "answer": "Порт перезапущен"}
    async with unit_of_work(SYSTEM) as work:
        message = NewMessage(
            account_id=account, to="" if channel == "sms" else "p@mail.example", channel=channel,
            template=template, values=values,
        )  # fmt: skip
        queued = await queue_message(work, message)
    assert queued.id
    assert link in await db.fetchval("SELECT text FROM crm_message_text")
    for page in (CARD, f"/messages/{account}/{queued.id}"):
        shown = (await clerk.get(page)).text
        assert link.rsplit("/", 1)[0] in shown
        assert "aB3-x_9kQ" not in shown


async def test_a_forbidden_message_is_refused_and_what_was_typed_stays(
    clerk: httpx.AsyncClient, db: Any
) -> None:
    refused = await _write(clerk, purpose="ad", text="Скидка на год")
    assert refused.status_code != 204
    assert "Скидка на год" in refused.text
    assert "Без согласия на рекламу" in plain(refused.text)
    assert await db.fetchval("SELECT count(*) FROM outbox WHERE kind = 'message'") == 0


async def test_a_hold_is_noted_kept_to_and_lifted(clerk: httpx.AsyncClient, db: Any) -> None:
    given = {"kind": "silence", "proof": "Обращение 17"}
    assert (await _send(clerk, f"{CARD}/holds/new", **given)).status_code == 204
    assert "просил ему не писать" in plain((await _write(clerk)).text)
    hold = await db.fetchval("SELECT id FROM crm_contact_hold")
    assert (await _send(clerk, f"{CARD}/holds/{hold}/lift")).status_code == 204
    assert (await _write(clerk)).status_code == 204


async def test_a_template_gets_words_of_ones_own_and_mistakes_are_named(
    clerk: httpx.AsyncClient,
) -> None:
    path = "/messages/templates/paid"
    wrong = await _send(clerk, path, text="Получили {сумма}", subject="", body="")
    assert "«{сумма}» не заполняется" in plain(wrong.text)
    wrong = await _send(clerk, path, text="Спасибо! " * 20, subject="", body="")
    assert "допустимо не больше 1" in plain(wrong.text)
    done = await _send(clerk, path, text="Спасибо за {amount}", subject="", body="")
    assert done.status_code == 204
    assert "Спасибо за {amount}" in plain((await clerk.get("/messages/templates")).text)
    assert (await _send(clerk, path, text="", subject="", body="")).status_code == 204
    assert "Спасибо за {amount}" not in plain((await clerk.get("/messages/templates")).text)


async def test_the_measure_is_set(clerk: httpx.AsyncClient) -> None:
    given = {"opens": "10:00", "closes": "9:00", "cap": "3", "part_price": "2,50"}
    assert "Конец раньше начала" in plain((await _send(clerk, "/messages/measure", **given)).text)
    done = await _send(clerk, "/messages/measure", **(given | {"closes": "20:00"}))
    assert done.status_code == 204
    shown = plain((await clerk.get("/messages/templates")).text)
    assert "с 10:00 до 20:00" in shown
    assert "Скоро спишется плата" in shown
    assert "pre-due" not in shown


async def test_addresses_are_masked_for_who_may_not_see_contacts(
    clerk: httpx.AsyncClient, enter: Enter
) -> None:
    await _write(clerk)
    shift = await enter("shift")
    shown = (await shift.get("/messages")).text
    assert "79123456789" not in shown


async def test_receipts_come_by_http_to_who_knows_the_key(
    clerk: httpx.AsyncClient, guest: httpx.AsyncClient, app: Starlette, db: Any
) -> None:
    await _write(clerk)
    row = await db.fetchrow("SELECT account_id, id FROM crm_message")
    key = (row["account_id"], row["id"])
    await db.execute("UPDATE crm_message SET state = 'sending'")
    await keep_part(key, 1, "kannel", "17")
    await settle_message(*key)
    own = hook_key(await asyncio.to_thread(secret_key, app.state.desk.settings))
    wrong = await guest.get(f"/hooks/sms/{'0' * 32}/kannel/receipt?id=17&state=1")
    assert wrong.status_code == 404
    for state in ("8", "1", "1"):
        told = await guest.get(f"/hooks/sms/{own}/kannel/receipt?id=17&state={state}")
        assert (told.status_code, told.text) == (200, "")
    assert await db.fetchval("SELECT state FROM crm_message") == "delivered"
    said = {"phone": "79161234567", "mes": "Баланс", "to": "7878", "id": "5"}
    for _time in range(2):
        assert (await guest.post(f"/hooks/sms/{own}/smsc/inbound", data=said)).status_code == 200
    found = await db.fetch("SELECT sender, text FROM crm_message_inbound")
    assert [tuple(one) for one in found] == [("79161234567", "Баланс")]


async def test_a_message_of_another_district_does_not_exist(
    clerk: httpx.AsyncClient, enter: Enter, db: Any
) -> None:
    await _write(clerk)
    row = await db.fetchrow("SELECT account_id, id FROM crm_message")
    far = await enter("office", districts=["Нигде"])
    assert (await far.get(f"/messages/{row['account_id']}/{row['id']}")).status_code == 404
    assert (await far.get(CARD)).status_code == 404
    assert await read_account("20417", by=SYSTEM)


async def test_what_the_program_writes_by_itself_is_switched_on_and_off(
    clerk: httpx.AsyncClient,
) -> None:
    shown = plain((await clerk.get("/messages/templates")).text)
    assert "Программа пишет сама" in shown
    done = await _send(clerk, "/messages/notices/paid", active="yes", way="sms")
    assert done.headers["hx-redirect"].endswith("?done=notice-on")
    path = "/messages/notices-ahead/pre-due"
    wrong = await _send(clerk, path, active="yes", way="email", days="40")
    assert wrong.status_code != 204
    done = await _send(clerk, path, active="yes", way="email", days="5")
    assert done.status_code == 204, done.text
    shown = plain((await clerk.get("/messages/templates")).text)
    assert "(5 дней)" in shown
    done = await _send(clerk, "/messages/notices/paid", active="no", way="sms")
    assert done.headers["hx-redirect"].endswith("?done=notice-off")
    assert (await clerk.get("/messages/notices/welcome")).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/messages/notices/paid", "/messages/notices-ahead/pre-due", "/messages/measure",
     "/messages/templates/debt"],
)  # fmt: skip
async def test_what_everybody_is_written_is_not_set_by_who_is_confined_to_districts(
    db: Any, enter: Enter, path: str
) -> None:
    await small_provider(db)
    confined = await enter("head", districts=["Центр"])
    for refused in (await confined.get(path), await confined.post(path, data={"step": "do"})):
        assert refused.status_code == 403
        assert "ограничена районами" in plain(refused.text)
    assert (await confined.get("/messages/templates")).status_code == 200
    assert (await (await enter("head")).get(path)).status_code == 200
