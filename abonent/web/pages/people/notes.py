"""Notes on the card: written by N, corrected, pinned, taken off."""

from __future__ import annotations

from starlette.requests import Request

from abonent.billing.queries.accounts import look
from abonent.billing.queries.reach import check_exists
from abonent.crm.queries.cards import Note, notes_of
from abonent.crm.service.notes import LONGEST, add_note, change_note, remove_note
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.people.frame import ABOVE, number_of, saying_who, seen
from abonent.web.render import signed_in

_ONE = "/accounts/{number:str}/notes"
_WRITE = "crm.note.write"
_FIELDS = (
    Field(name="text", label=N_("Note"), kind=Kind.AREA, longest=LONGEST),
    Field(
        name="pinned",
        label=N_("Pin it to the head of the card"),
        kind=Kind.TICK,
        required=False,
    ),
)


def _history(request: Request, done: str = "") -> str:
    return f"/accounts/{number_of(request)}/history" + (f"?done={done}" if done else "")


async def _note(request: Request) -> Note:
    loaded = await look(number_of(request))
    for one in await notes_of(loaded.book.account, by=signed_in(request).actor):
        if one.id == request.path_params["note"]:
            return one
    gone = N_("It is not on this card any more: a colleague may have removed it.")
    raise NotFound("NOT_FOUND", gone)


async def _adding(request: Request) -> Opened:
    await check_exists(number_of(request))
    return Opened(back=f"/accounts/{number_of(request)}")


async def _add(request: Request, values: Values) -> str:
    by, number = signed_in(request).actor, number_of(request)
    await add_note(number, by=by, text=values["text"], pinned=values["pinned"])
    return f"/accounts/{number}?done=note" if values["pinned"] else _history(request, "note")


async def _changing(request: Request) -> Opened:
    found = await _note(request)
    given = {
        "text": found.text,
        "pinned": "on" if found.pinned else "",
        "version": str(found.version),
    }
    return Opened(back=_history(request), given=given)


async def _change(request: Request, values: Values) -> str:
    work = change_note(
        number_of(request),
        request.path_params["note"],
        by=signed_in(request).actor,
        seen=await seen(request),
        text=values["text"],
        pinned=values["pinned"],
    )
    await saying_who(work)
    return _history(request, "note")


async def _removing(request: Request) -> Opened:
    found = await _note(request)
    return Opened(back=_history(request), about=found.text)


async def _remove(request: Request, _values: Values) -> str:
    number, note = number_of(request), request.path_params["note"]
    await remove_note(number, note, by=signed_in(request).actor)
    return _history(request, "note-removed")


ADD = Dialog(
    path=f"{_ONE}/new",
    right=_WRITE,
    title=N_("Note"),
    commit=N_("Keep"),
    fields=_FIELDS,
    opened=_adding,
    do=_add,
)
CHANGE = Dialog(
    path=f"{_ONE}/{{note:int}}",
    right=_WRITE,
    title=N_("Change the note"),
    commit=N_("Save"),
    fields=_FIELDS,
    above=ABOVE,
    opened=_changing,
    do=_change,
)
REMOVE = Dialog(
    path=f"{_ONE}/{{note:int}}/remove",
    right=_WRITE,
    title=N_("Take the note off the card"),
    commit=N_("Take it off"),
    opened=_removing,
    do=_remove,
)
