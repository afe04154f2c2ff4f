from __future__ import annotations

from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.audit import audit_trail, erase_personal
from abonent.kernel.db import unit_of_work

CLERK = Actor("user", "7", "Anna", frozenset())


async def rename(number: int, name: str) -> None:
    async with unit_of_work(CLERK) as uow:
        await uow.audit(
            "office:person:renamed", f"person:{number}", account_id=number, after={"v": 2},
            personal={"name": name},
        )  # fmt: skip


async def test_a_trail_is_read_newest_first_and_page_by_page(db):
    before = len(await audit_trail())
    for name in ("А", "Б", "В"):
        await rename(1, name)
    await rename(2, "Г")
    first = await audit_trail(subject="person:1", limit=2)
    assert [row.personal["name"] for row in first] == ["В", "Б"]
    rest = await audit_trail(subject="person:1", older_than=first[-1].id)
    assert [(row.personal["name"], row.after, row.actor_id) for row in rest] == [
        ("А", {"v": 2}, "7")
    ]
    assert [row.subject for row in await audit_trail(account_id=2)] == ["person:2"]
    assert len(await audit_trail()) == before + 4


async def test_erasing_takes_the_personal_values_and_leaves_the_record(db):
    await rename(1, "Иванова")
    await rename(2, "Петрова")
    assert await erase_personal("person:1", by=SYSTEM) == 1
    erased, record = await audit_trail(subject="person:1")
    assert (erased.action, erased.after) == ("kernel:audit_personal:erased", {"rows": 1})
    assert (record.action, record.personal) == ("office:person:renamed", None)
    assert (await audit_trail(subject="person:2"))[0].personal == {"name": "Петрова"}
