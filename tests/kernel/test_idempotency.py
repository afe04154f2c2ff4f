from __future__ import annotations

import asyncio

import pytest

from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import reading, transaction, unit_of_work
from abonent.kernel.errors import Conflict, Malformed, Refused
from abonent.kernel.idempotency import StoredAnswer, remember, remembered


async def call(key: str, request: bytes, *, fail: bool = False) -> StoredAnswer:
    """A use case as the edge runs it: claim, work, remember, in one transaction."""
    async with unit_of_work(SYSTEM) as uow:
        before = await remembered(uow.connection, key=key, scope="token:1", request=request)
        if before is not None:
            return before
        await uow.audit("api:thing:done", "thing")
        if fail:
            raise Refused("NO", "No.")
        body = {"text": request.decode()}
        await remember(uow.connection, key=key, scope="token:1", status=201, body=body)
        return StoredAnswer(201, body)


async def times_done() -> int:
    async with reading() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM audit"))


async def test_the_same_key_and_request_answer_with_the_first_result(db):
    first = await call("k", b"a")
    assert await call("k", b"a") == first == StoredAnswer(201, {"text": "a"})
    assert await times_done() == 1


async def test_the_same_key_with_another_request_is_refused(db):
    await call("k", b"a")
    with pytest.raises(Conflict) as caught:
        await call("k", b"b")
    assert caught.value.code == "KEY_REUSED"


async def test_two_callers_may_use_the_same_key(db):
    await call("k", b"a")
    async with transaction() as connection:
        assert await remembered(connection, key="k", scope="token:2", request=b"other") is None


async def test_a_call_that_failed_may_be_made_again(db):
    with pytest.raises(Refused):
        await call("k", b"a", fail=True)
    assert (await call("k", b"a")).status == 201


async def test_a_key_must_have_a_sensible_length(db):
    for key in ("", "k" * 201):
        with pytest.raises(Malformed):
            await call(key, b"a")


async def test_ten_equal_calls_at_once_do_the_work_once(fresh_database):
    answers = await asyncio.gather(*(call("k", b"a") for _number in range(10)))
    assert set(map(str, answers)) == {str(answers[0])}
    assert await times_done() == 1


async def test_a_call_waits_for_the_first_and_works_when_that_fails(fresh_database):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with unit_of_work(SYSTEM) as uow:
            await remembered(uow.connection, key="k", scope="token:1", request=b"a")
            begun.set()
            await go_on.wait()
            raise Refused("NO", "No.")

    failing = asyncio.create_task(first())
    await begun.wait()
    second = asyncio.create_task(call("k", b"a"))
    go_on.set()
    with pytest.raises(Refused):
        await failing
    assert (await second).status == 201
    assert await times_done() == 1
