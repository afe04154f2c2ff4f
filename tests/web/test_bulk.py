"""Changes of many rows as the worker makes them: on from where it was, by today's rights, refusals told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette

from abonent.billing.service.accounts import set_credit
from abonent.crm.registers.subscribers import SUBSCRIBERS
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Refused
from abonent.kernel.registers.declaration import Bulk, Change
from abonent.web.queries import user_actor
from abonent.web.registers.carrying import carry_out
from abonent.web.registers.tasks import Task, ask_task, task_of
from abonent.web.service import add_user
from tests.web.seed import small_provider

NUMBERS = ["20417", "20418", "20419"]


async def _told(keys: Sequence[Any], _given: Mapping[str, Any], _by: Actor) -> list[Change]:
    return [Change("", len(keys))]


async def _lend(key: str, _given: Mapping[str, Any], by: Actor, _note: str) -> None:
    if key == "20418":
        raise Refused("NOT_HIM", "Not him.")
    await set_credit(key, by=by, limit=700, reason="bulk")


LENDING = Bulk(
    code="lend", label="Lend", commit="Lend", right="billing.credit.set", preview=_told, act=_lend
)
REGISTERS = {"subscribers": replace(SUBSCRIBERS, actions=(LENDING,))}


async def limits(db: Any) -> list[int]:
    text = "SELECT credit_limit FROM billing_account WHERE number = ANY($1) ORDER BY number"
    return [row["credit_limit"] for row in await db.fetch(text, NUMBERS)]


async def carried(app: Starlette, db: Any, role: str, *, done: int = 0) -> Task:
    await small_provider(db)
    by = await user_actor(await add_user("bulk", name="Вера", role=role, password="x" * 12))
    assert by is not None
    task = await ask_task("bulk", "subscribers", asked="", what="lend", by=by, keys=NUMBERS)
    await db.execute("UPDATE register_task SET done = $2 WHERE id = $1", task, done)
    await carry_out(task, app.state.desk.settings, REGISTERS)
    return await task_of(task)


async def test_what_a_rule_refuses_is_told_and_the_rest_is_done(app: Starlette, db: Any) -> None:
    task = await carried(app, db, "admin")
    assert (task.state, task.done) == ("DONE", 3)
    assert [key for key, _why in task.refused] == ["20418"]
    assert await limits(db) == [700, 0, 700]


@pytest.mark.parametrize("done", [1, 2])
async def test_a_broken_task_goes_on_where_it_was(app: Starlette, db: Any, done: int) -> None:
    task = await carried(app, db, "admin", done=done)
    assert task.state == "DONE"
    assert await limits(db) == [0, 0, 700]


async def test_who_has_the_right_no_more_changes_nothing(app: Starlette, db: Any) -> None:
    task = await carried(app, db, "hr")
    assert task.state == "FAILED"
    assert task.done == 0
    assert await limits(db) == [0, 0, 0]
