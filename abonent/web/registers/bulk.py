"""Changing many rows of a register at once: what it would do first, then a task for the worker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.requests import Request

from abonent.kernel.actor import Actor
from abonent.kernel.errors import Refused
from abonent.kernel.i18n import N_
from abonent.kernel.registers.asked import read_asked
from abonent.kernel.registers.declaration import Bulk, Register
from abonent.kernel.registers.reading import own_keys, read_keys
from abonent.web.access import LARGEST
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Values
from abonent.web.registers.tasks import ask_task
from abonent.web.render import signed_in

MOST = 10_000
"""The most rows changed by one task."""
_DIGITS = len(str(LARGEST))
"""No number of a row has more."""


def bulk_dialog(register: Register, action: Bulk) -> Dialog:
    """Return the dialog of a bulk action; the rows stand in its address.

    `key` names rows one by one, `all` stands for everything that the register's state matches.
    """

    async def opened(request: Request) -> Opened:
        by = signed_in(request).actor
        keys = await _keys(register, request, by)
        given = {asked.name: _text(asked.attributes.get("value")) for asked in action.fields}
        choices = {name: await read() for name, read in action.options.items()}
        context = {"rows": len(keys)}
        return Opened(
            back=register.path, given=given, choices=choices, can=bool(keys), context=context
        )

    async def preview(request: Request, values: Values) -> Mapping[str, Any]:
        by = signed_in(request).actor
        keys = await _keys(register, request, by)
        return {"changes": await action.preview(keys, values, by)}

    async def do(request: Request, values: Values) -> str:
        by = signed_in(request).actor
        keys = await _keys(register, request, by)
        given = {name: _plain(value) for name, value in values.items()}
        asked = await read_asked(register, request.query_params.multi_items(), by=by)
        await ask_task(
            "bulk",
            register.code,
            asked=asked.query,
            what=action.code,
            by=by,
            given=given,
            keys=keys,
        )
        return "/tasks"

    return Dialog(
        path=f"{register.path}/bulk/{action.code}",
        right=action.right,
        title=action.label,
        commit=action.commit,
        fields=action.fields,
        opened=opened,
        preview=preview,
        do=do,
        above="register_rows.html",
        below="register_changes.html",
    )


async def _keys(register: Register, request: Request, by: Actor) -> list[Any]:
    """The rows that are meant, read again each time: a row that no longer matches is left out."""
    pairs = request.query_params.multi_items()
    if "all" in request.query_params:
        asked = await read_asked(register, pairs, by=by)
        keys = await read_keys(register, asked, by=by, limit=MOST + 1)
    else:
        texts = [text for name, text in pairs if name == "key"]
        number = register.key_type != "text"
        if number:
            whole = [int(text) for text in texts if text.isdecimal() and len(text) <= _DIGITS]
            named: list[Any] = [key for key in whole if key <= LARGEST]
        else:
            named = list(texts)
        keys = await own_keys(register, named, by=by)
    if len(keys) > MOST:
        many = N_("More than {most} rows at once: narrow the register first.")
        raise Refused("TOO_MANY_ROWS", many, most=MOST)
    return list(dict.fromkeys(keys))


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _plain(value: object) -> object:
    """A value as a task keeps it."""
    return value.isoformat() if isinstance(value, date) else value
