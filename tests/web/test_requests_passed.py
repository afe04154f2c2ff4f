"""Many requests passed on at once: chosen in the register, moved by the worker, refusals by number."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from abonent.crm.queries.requests import whole_request
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.requests.working import drop_request
from abonent.kernel.actor import SYSTEM
from abonent.web.registers.carrying import carry_out
from abonent.web.registers.declared import REGISTERS
from abonent.web.registers.tasks import Task, task_of
from abonent.web.service import add_user
from tests.web.seed import small_provider
from tests.web.seen import key_of, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
NOTE = "Разобрать до обеда"


@pytest.fixture
async def numbers(db: Any) -> list[int]:
    await small_provider(db)
    made = []
    for text in ("Как платить?", "Где чек?", "Спам"):
        new = NewRequest(channel="email", text=text, topic="payment-ways", who="Пётр")
        made.append((await take_request(new, by=SYSTEM)).number)
    return made


async def _ids(db: Any, numbers: list[int]) -> list[int]:
    rows = await db.fetch(
        "SELECT id FROM crm_request WHERE number = ANY($1) ORDER BY number", numbers
    )
    return [row["id"] for row in rows]


async def _passed(
    browser: httpx.AsyncClient, db: Any, ids: list[int], whom: str, **form: str
) -> int:
    """Send the dialog for these rows; answers the task it leaves."""
    path = "/requests/bulk/pass?" + "&".join(f"key={one}" for one in ids)
    opened = await browser.get(path)
    assert opened.status_code == 200, opened.text
    given = {"key": key_of(opened.text), "step": "do", "whom": whom, "note": NOTE} | form
    answer = await browser.post(path, data=given)
    assert answer.status_code == 303, plain(answer.text)
    return int(await db.fetchval("SELECT max(id) FROM register_task"))


async def _done(app: Starlette, task: int) -> Task:
    await carry_out(task, app.state.desk.settings, REGISTERS)
    return await task_of(task)


async def test_those_chosen_go_to_a_person_with_the_note(
    numbers: list[int], db: Any, enter: Enter, app: Starlette
) -> None:
    browser = await enter("office", "anna")
    ilya = await add_user("ilya", name="Илья", role="coord", password="correct horse battery")
    ids = await _ids(db, numbers[:2])
    offered = plain((await browser.get(f"/requests/bulk/pass?key={ids[0]}")).text)
    assert "Координаторы: Илья" in offered
    task = await _done(app, await _passed(browser, db, ids, f"coord:{ilya}"))
    assert (task.state, task.done, list(task.refused)) == ("DONE", 2, [])
    for number in numbers[:2]:
        whole = await whole_request(number, by=SYSTEM)
        assert (whole.request.team, whole.request.owner) == ("coord", ilya)
        (line,) = [one for one in whole.lines if one.kind == "passed"]
        assert line.text == NOTE
    left = (await whole_request(numbers[2], by=SYSTEM)).request
    assert left.team == "office"
    audits = await db.fetch(
        "SELECT subject FROM audit WHERE action = 'crm:request:passed' ORDER BY subject"
    )
    assert [row["subject"] for row in audits] == sorted(f"request:{one}" for one in ids)


async def test_what_is_refused_is_told_by_its_number(
    numbers: list[int], db: Any, enter: Enter, app: Starlette
) -> None:
    browser = await enter("office", "anna")
    left = await _passed(browser, db, await _ids(db, numbers), "cash")
    await drop_request(numbers[2], by=SYSTEM, reason="spam")  # meanwhile, before the worker comes
    task = await _done(app, left)
    assert [told for told, _why in task.refused] == [str(numbers[2])]
    assert (await whole_request(numbers[0], by=SYSTEM)).request.team == "cash"
    assert str(numbers[2]) in plain((await browser.get("/tasks")).text)


async def test_a_task_that_is_done_again_says_nothing_twice(
    numbers: list[int], db: Any, enter: Enter, app: Starlette
) -> None:
    browser = await enter("office", "anna")
    task = await _passed(browser, db, await _ids(db, numbers[:1]), "cash")
    await _done(app, task)
    await db.execute("UPDATE register_task SET state = 'RUNNING', done = 0 WHERE id = $1", task)
    await _done(app, task)
    lines = (await whole_request(numbers[0], by=SYSTEM)).lines
    assert len([one for one in lines if one.kind == "passed"]) == 1


@pytest.mark.parametrize("whom", ["", "nobody", "coord:x", "office:7"])
async def test_nobody_else_is_chosen(numbers: list[int], db: Any, enter: Enter, whom: str) -> None:
    browser = await enter("office", "anna")
    path = f"/requests/bulk/pass?key={(await _ids(db, numbers))[0]}"
    opened = await browser.get(path)
    given = {"key": key_of(opened.text), "step": "do", "whom": whom, "note": ""}
    answer = await browser.post(path, data=given)
    assert answer.status_code in {400, 422}
    assert 'id="act-whom-error"' in answer.text
