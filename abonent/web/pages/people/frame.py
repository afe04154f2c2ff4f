"""What the tabs and dialogs of people share: the card's frame, versions, what was just done."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.day import day_state
from abonent.crm.errors import ChangedMeanwhile, NobodyNamed
from abonent.crm.queries import Face, face_of
from abonent.kernel.actor import SYSTEM
from abonent.kernel.i18n import N_, _
from abonent.web.fields import Choices
from abonent.web.pages.accounts import Card, card_of
from abonent.web.pages.accounts import words as account_words
from abonent.web.pages.people import words
from abonent.web.queries import name_of
from abonent.web.render import page, signed_in

Done = TypeVar("Done")

ABOVE = "people/above.html"
"""The part of a dialog that carries the version and shows what a colleague changed."""

_DONE = {
    "contact": N_("The contact is kept"),
    "contact-removed": N_("The contact is taken off"),
    "consent": N_("The consent is recorded"),
    "withdrawn": N_("The consent is withdrawn and holds no more"),
    "subscriber": N_("The particulars are kept"),
    "identity": N_("The document is written down"),
    "flat": N_("The address is corrected"),
    "contract": N_("The contract is changed"),
    "owner": N_("The account has a new owner"),
    "equipment": N_("The device is on the card"),
    "returned": N_("The device is taken back"),
    "scan": N_("The scan is kept"),
    "scan-removed": N_("The scan is deleted"),
    "note": N_("The note is kept"),
    "note-removed": N_("The note is taken off"),
}


def number_of(request: Request) -> str:
    """Return the account's number from the address."""
    return str(request.path_params["number"])


async def face(request: Request) -> Face:
    """Return whose the account of the address is. Raises NobodyNamed."""
    number = number_of(request)
    found = await face_of(number, by=signed_in(request).actor)
    if found is None:
        raise NobodyNamed(number)
    return found


async def card_page(
    request: Request, template: str, tab: str, context: Mapping[str, Any], *, card: Card | None
) -> Response:
    """Render a tab of the card with its head."""
    number = number_of(request)
    known = card or await card_of(number, by=signed_in(request).actor)
    done = _DONE.get(request.query_params.get("done", ""))
    shown = {"card": known, "tab": tab, "told": done, "w": words}
    return page(request, template, account_words() | shown | dict(context))


async def seen(request: Request) -> int | None:
    """Return the version that the form was opened with."""
    text = (await request.form()).get("version", "")
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 10 else None


async def saying_who(work: Awaitable[Done]) -> Done:
    """Await a change; where a colleague was faster, the refusal gets their name."""
    try:
        return await work
    except ChangedMeanwhile as conflict:
        conflict.params["who"] = await name_of(conflict.params["actor"])
        raise


def choices(table: Mapping[str, Any], *, without: tuple[str, ...] = ()) -> Choices:
    """Return a table of words as choices; a word may stand in a pair with its tone."""
    return [
        (code, _(word[0] if isinstance(word, tuple) else word))
        for code, word in table.items()
        if code not in without
    ]


async def open_day() -> Any:
    """Return the open business day."""
    state = await day_state(by=SYSTEM)
    assert state is not None  # noqa: S101  an account exists, so the day has begun
    return state.day
