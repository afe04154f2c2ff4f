"""Messages through a centre that speaks SMPP, with every fault: each is sent once or reported."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from abonent.crm.service.delivering import message_handler
from abonent.crm.service.messages import KIND
from abonent.crm.service.receipts import HOOKS
from abonent.kernel.db import transaction
from abonent.kernel.outbox import Handler, deliver_due
from abonent.kernel.sending import NotSentError
from abonent.kernel.settings import Settings
from abonent.kernel.sms import pdu, smpp
from abonent.kernel.sms.gateway import Sms
from abonent.kernel.sms.smpp import SmppGateway
from tests.outside.sending import queue, rows, run_outbox, states
from tests.outside.smsc import Centre
from tests.web.seed import small_provider

PATIENCE = 60


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(smpp, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(smpp, "LONGEST_PAUSE", 0.05)


@pytest.fixture
async def centre() -> Centre:
    return Centre()


@pytest.fixture
async def port(centre: Centre) -> AsyncIterator[int]:
    server = await asyncio.start_server(centre.serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
async def gateway(port: int) -> AsyncIterator[SmppGateway]:
    made = SmppGateway(f"smpp://isp:secret@127.0.0.1:{port}", "ISP")
    listening = asyncio.create_task(made.listen(HOOKS))
    yield made
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


@pytest.fixture
def handler(fresh_database: Settings, gateway: SmppGateway) -> Handler:
    return message_handler(fresh_database.having(sms_rate=10_000), gateway)


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await happened():
            """Each question is a round trip to the database, so the loop is not a busy one."""


async def test_a_message_arrives_in_russian_and_its_receipt_comes_back(
    handler: Handler, centre: Centre
) -> None:
    await queue(["79160000001"])
    await run_outbox(handler)
    (taken,) = centre.taken
    assert (taken.text, taken.coding) == ("Завтра с 10 до 12 придёт мастер", 8)
    assert taken.sender == "ISP"

    async def delivered() -> bool:
        return await states() == {"79160000001": "delivered"}

    await until(delivered)


async def test_a_long_message_goes_in_parts_that_join_on_the_telephone(
    handler: Handler, centre: Centre
) -> None:
    text = "Ваш дом отключат на час: меняем кабель в подвале. " * 4
    await queue(["79160000001"], text=text)
    await run_outbox(handler)
    assert "".join(part.text for part in centre.taken) == text.strip()
    heads = [part.payload[:6] for part in centre.taken]
    assert [head[4:] for head in heads] == [bytes([3, n]) for n in (1, 2, 3)]
    assert len({head[3] for head in heads}) == 1

    async def delivered() -> bool:
        return await states() == {"79160000001": "delivered"}

    await until(delivered)
    assert [r["part"] for r in await rows("SELECT part FROM crm_message_part ORDER BY 1")] == [
        1,
        2,
        3,
    ]


async def test_each_of_two_hundred_is_sent_once_or_reported_whatever_the_centre_does(
    handler: Handler, centre: Centre
) -> None:
    ends = ["00", "11", "22", "33", "66", "55", "66", "77", "88", "99"]
    numbers = [f"7916{number:05}{ends[number % 10]}" for number in range(195)]
    numbers[40:40] = [f"7917{number:05}44" for number in range(5)]
    await queue(numbers)
    await run_outbox(handler)

    async def settled() -> bool:
        return "sent" not in (await states()).values()

    await until(settled)
    became = await states()
    print(Counter((number[-2:], state) for number, state in became.items()))
    arrived = Counter(part.to for part in centre.taken)
    assert max(centre.seen.values()) == 1  # nothing was given to the centre twice
    for number, state in became.items():
        wanted = {"00": "rejected", "11": "undelivered", "33": "unknown", "44": "unknown"}
        # A cut takes along whatever was under way side by side: reported, and given once at most.
        assert state in {wanted.get(number[-2:], "delivered"), "unknown"}
        assert arrived[number] == 1 or state in {"rejected", "unknown"}
    certain = sum(state != "unknown" for state in became.values())
    # Silences, what five cuts took along, and what was on its way when one of them was noticed.
    assert certain >= 200 - 20 - 6 * smpp.WINDOW
    assert await rows("SELECT 1 FROM outbox WHERE state = 'WAITING'") == []


async def test_throttling_alone_loses_nothing(handler: Handler, centre: Centre) -> None:
    numbers = [f"7916{number:05}22" for number in range(30)]
    await queue(numbers)
    await run_outbox(handler)
    assert sorted(part.to for part in centre.taken) == numbers


async def test_a_centre_that_is_away_is_tried_again(handler: Handler, centre: Centre) -> None:
    await asyncio.wait_for(centre.bound.wait(), PATIENCE)
    for writer in centre.writers:
        writer.close()
    numbers = [f"7916{number:05}66" for number in range(10)]
    await queue(numbers)
    await run_outbox(handler)
    became = await states()
    assert set(became.values()) <= {"sent", "delivered", "unknown"}
    assert all(count == 1 for count in Counter(part.to for part in centre.taken).values())


async def test_what_a_person_writes_is_kept_once_and_acknowledged(
    handler: Handler, centre: Centre
) -> None:
    del handler
    await asyncio.wait_for(centre.bound.wait(), PATIENCE)
    centre.tell(sender="79161234567", text="Баланс")

    async def kept() -> bool:
        return bool(await rows("SELECT 1 FROM crm_message_inbound") and centre.acknowledged[0])

    await until(kept)
    (row,) = await rows("SELECT sender, recipient, text FROM crm_message_inbound")
    assert tuple(row) == ("79161234567", "7878", "Баланс")


async def test_a_wrong_password_is_no_fault_of_the_message(port: int) -> None:
    gateway = SmppGateway(f"smpp://isp:wrong@127.0.0.1:{port}", "ISP")

    async def accepted(part: int, provider_id: str) -> None:
        raise AssertionError((part, provider_id))

    with pytest.raises(NotSentError, match="bind refused"):
        await gateway.send(Sms(1, "79160000001", "x"), accepted)


async def test_a_worker_killed_in_the_middle_sends_nothing_twice(
    fresh_database: Settings, centre: Centre, port: int
) -> None:
    numbers = [f"7916{number:05}66" for number in range(40)]
    await queue(numbers)
    centre.stop_after = 10  # from the eleventh on it takes and says nothing: then comes the kill
    assert fresh_database.database_url is not None
    script = Path(__file__).with_name("deliver_all.py")
    url = f"smpp://isp:secret@127.0.0.1:{port}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), fresh_database.database_url, url
    )

    await asyncio.wait_for(centre.silent.wait(), PATIENCE)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    centre.stop_after = 0
    gateway = SmppGateway(url, "ISP")
    await run_outbox(message_handler(fresh_database.having(sms_rate=10_000), gateway))
    became = await states()
    print(Counter(became.values()))
    assert set(became.values()) <= {"sent", "delivered", "unknown"}
    assert max(centre.seen.values()) == 1
    given = {to for to, _payload in centre.seen}
    for number, state in became.items():
        assert number in given or state == "unknown"
    assert sum(state == "unknown" for state in became.values()) <= 20  # what one round had in hand


def test_texts_are_cut_as_telephones_join_them() -> None:
    assert [len(p.payload) for p in pdu.parts_of_text("a" * 160, 1)] == [160]
    assert [len(p.payload) for p in pdu.parts_of_text("a" * 161, 1)] == [159, 14]
    assert [len(p.payload) for p in pdu.parts_of_text("я" * 70, 1)] == [140]
    assert [len(p.payload) for p in pdu.parts_of_text("я" * 71, 1)] == [140, 14]
    torn = pdu.parts_of_text("я" * 66 + "😀" + "я" * 10, 1)
    assert torn[1].payload[6:].decode("utf-16-be").startswith("😀")


async def test_a_dialogue_ends_with_a_promised_payment(handler: Handler, centre: Centre) -> None:
    async with transaction() as connection:
        await small_provider(connection)
        await connection.execute(
            "UPDATE crm_contact SET confirmed_at = now() WHERE value = '79120001122'"
        )
    heard: list[str] = []

    async def says(text: str) -> str:
        """Write from the telephone; the answer as it comes to it."""
        before = len(centre.taken)
        centre.tell(sender="79120001122", text=text)

        async def answered() -> bool:
            await deliver_due({KIND: handler})
            return len(centre.taken) > before

        await until(answered)
        heard.append("".join(part.text for part in centre.taken[before:]))
        return heard[-1].replace("\N{NO-BREAK SPACE}", " ")

    await centre.bound.wait()
    assert "20418" in await says("БАЛАНС")
    offer = await says("обещ")
    code = re.search(r"ответьте (\d{6})", offer)
    assert code, offer
    assert "не подошёл" in await says(f"{(int(code[1]) + 1) % 1_000_000:06}")
    assert "Обещанный платёж до" in await says(code[1])
    promises = "SELECT amount FROM billing_promise p JOIN billing_account a USING (account_id)"
    assert len(await rows(promises + " WHERE a.number = '20418' AND NOT p.automatic")) == 1
    assert "принято" in await says("второй день не работает телевизор")
    (request,) = await rows("SELECT channel, reply_to, topic FROM crm_request")
    assert (request["channel"], request["reply_to"]) == ("sms", "79120001122")
    assert all(count == 1 for count in centre.seen.values())
