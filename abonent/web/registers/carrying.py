"""Carrying out the tasks that users left: the worker's side of files and bulk changes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl

import structlog

from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import DomainError
from abonent.kernel.i18n import _, speaking
from abonent.kernel.registers.asked import read_asked
from abonent.kernel.registers.declaration import Bulk, Register, Row
from abonent.kernel.registers.reading import Totals, own_keys, read_all, read_totals
from abonent.kernel.settings import Settings
from abonent.web.queries import user_actor
from abonent.web.registers.files import XLSX_ROWS, Maker, make
from abonent.web.registers.tasks import Task, finish_task, note_progress, task_of

STEP = 20
"""Rows of a bulk change between two notes of its progress."""

_log = structlog.get_logger(__name__)


async def carry_out(task_id: int, settings: Settings, registers: Mapping[str, Register]) -> None:
    """Do a task with the rights its user has now; its outcome stands in its row."""
    task = await task_of(task_id)
    if not task.under_way:
        return
    actor = await user_actor(task.user_id)
    register = registers.get(task.register)
    if actor is None or register is None:
        await finish_task(task.id, "FAILED", by=SYSTEM, error="gone")
        return
    with speaking(task.language):
        try:
            if task.kind == "export":
                await _export(task, register, actor, settings)
            else:
                await _change(task, register, actor, settings)
        except DomainError as refused:
            await finish_task(task.id, "FAILED", by=SYSTEM, error=refused.text())


def folder_of(settings: Settings) -> Path:
    """Return where made files lie until they are old."""
    folder = settings.home / "made"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


async def _export(task: Task, register: Register, actor: Actor, settings: Settings) -> None:
    asked = await read_asked(register, parse_qsl(task.asked), by=actor)
    totals = await read_totals(register, asked, by=actor)
    name = f"{task.id}.{task.what}"
    path = await asyncio.to_thread(folder_of, settings) / name
    begun = path.with_suffix(".part")
    title, zone = _(register.label), settings.timezone
    maker = await asyncio.to_thread(make, begun, task.what, asked.columns, title=title, zone=zone)
    try:
        done = await _fill(task, maker, read_all(register, asked, by=actor), totals)
    finally:
        await asyncio.to_thread(maker.close)
    if done is None:
        await asyncio.to_thread(begun.unlink)
        return
    await asyncio.to_thread(os.replace, begun, path)
    size = (await asyncio.to_thread(path.stat)).st_size
    await note_progress(task.id, done, by=SYSTEM, total=done)
    await finish_task(task.id, "DONE", by=SYSTEM, file=name, size=size)


async def _fill(
    task: Task, maker: Maker, batches: AsyncIterator[list[Row]], totals: Totals | None
) -> int | None:
    """Write every batch; answers the number of rows, or None when the task was stopped."""
    done = 0
    async for rows in batches:
        room = XLSX_ROWS - done if task.what == "xlsx" else len(rows)
        await asyncio.to_thread(maker.write, rows[:room])
        done += min(room, len(rows))
        total = totals.rows if totals else None
        if not await note_progress(task.id, done, by=SYSTEM, total=total):
            return None
        if room < len(rows):
            break
    return done


async def _change(task: Task, register: Register, actor: Actor, settings: Settings) -> None:
    action = next(a for a in register.actions if a.code == task.what)
    actor.require(action.right)
    keys = list(task.keys or ())
    own = await own_keys(register, keys, by=actor)
    if action.file is not None:
        made = await action.file(own, task.given, actor, settings)
        name = f"{task.id}.pdf"
        path = await asyncio.to_thread(folder_of, settings) / name
        await asyncio.to_thread(path.write_bytes, made)
        await note_progress(task.id, len(keys), by=SYSTEM)
        await finish_task(task.id, "DONE", by=SYSTEM, file=name, size=len(made))
        return
    refused = list(task.refused)
    for place in range(task.done, len(keys)):
        if keys[place] in own:
            await _change_one(task, action, keys[place], actor, refused)
        else:
            refused.append((str(keys[place]), _("It is in no district of yours.")))
        last = place + 1 == len(keys)
        if (place + 1) % STEP == 0 or last:
            going = await note_progress(task.id, place + 1, by=SYSTEM, refused=refused)
            if not going:
                return
    await finish_task(task.id, "DONE", by=SYSTEM)


async def _change_one(
    task: Task, action: Bulk, key: object, actor: Actor, refused: list[tuple[str, str]]
) -> None:
    # A worker that died between two notes does some rows again: the note makes it once.
    assert action.act is not None  # noqa: S101  an action does rows or makes a file
    try:
        await action.act(key, task.given, actor, f"{task.id}:{key}")
    except DomainError as error:
        told = str(key) if action.named is None else await action.named(key)
        refused.append((told, error.text()))
        _log.info("bulk.refused", task=task.id, key=str(key), code=error.code)
