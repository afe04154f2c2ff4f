"""The page of one's files and bulk changes: how far they are, what came of them."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_, _
from abonent.web.access import SIGNED_IN, PageRoute
from abonent.web.forms import go_to
from abonent.web.registers.carrying import folder_of
from abonent.web.registers.declared import REGISTERS
from abonent.web.registers.tasks import Task, stop_task, task_of, tasks_of
from abonent.web.render import desk_of, page_or_block, signed_in

_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
}


async def show_tasks(request: Request) -> Response:
    """Show the latest tasks; the list asks for itself again while one is under way."""
    tasks = await tasks_of(by=signed_in(request).actor)
    context = {"tasks": tasks, "title_of": _title, "live": any(task.under_way for task in tasks)}
    return page_or_block(request, "tasks.html", "list", context)


def _title(task: Task) -> str:
    register = REGISTERS.get(task.register)
    label = _(register.label) if register else task.register
    if task.kind == "export" or register is None:
        return label
    action = next((a for a in register.actions if a.code == task.what), None)
    return f"{label}: {_(action.label)}" if action else label


async def download(request: Request) -> Response:
    """Hand the made file to who asked for it, while the right to its register lasts."""
    by = signed_in(request).actor
    task = await task_of(request.path_params["task"], by=by)
    register = REGISTERS.get(task.register)
    if register is None or task.file is None:
        raise NotFound("NO_FILE", N_("The file is not there any more."))
    by.require(register.right)
    path = await asyncio.to_thread(folder_of, desk_of(request).settings) / task.file
    if not await asyncio.to_thread(path.is_file):
        raise NotFound("NO_FILE", N_("The file is not there any more."))
    ending = path.suffix.removeprefix(".")
    name = f"{register.code}-{task.created_at:%Y-%m-%d}.{ending}"
    headers = {"Cache-Control": "no-store"}
    return FileResponse(path, filename=name, media_type=_TYPES[ending], headers=headers)


async def stop(request: Request) -> Response:
    """Stop a task that is under way."""
    await stop_task(request.path_params["task"], by=signed_in(request).actor)
    return go_to(request, "/tasks")


TASK_ROUTES = (
    PageRoute("/tasks", show_tasks, right=SIGNED_IN, name="tasks"),
    PageRoute("/tasks/{task:int}/file", download, right=SIGNED_IN),
    PageRoute("/tasks/{task:int}/stop", stop, right=SIGNED_IN, methods=("POST",)),
)
