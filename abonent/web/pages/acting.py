"""What every dialog of an account shares: reading its fields, saying what is wrong, ending well."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.errors import FreezeLimit, NotEnoughFunds, TooEarly, TooLate
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Conflict, DomainError, Malformed, Refused
from abonent.kernel.i18n import N_, _, ngettext
from abonent.kernel.idempotency import LONGEST_KEY, remember, remembered
from abonent.kernel.money import LARGEST, installed_currency, parse_amount
from abonent.web.errors import status_of
from abonent.web.fields import day_of
from abonent.web.forms import by_field
from abonent.web.render import fragment, page, wants_fragment

WHOLE = "form"
"""The key under which an error stands that belongs to no field."""

_DO = "do"


def new_key() -> str:
    """Return a key for a form: what is sent under it twice is done once."""
    return uuid4().hex


def amount_in(form: Mapping[str, str], name: str, *, largest: int = LARGEST) -> int:
    """Return the amount of a field in minor units. Raises Malformed unless it is above zero."""
    text = form.get(name, "").strip()
    if not text:
        raise Malformed.of(name, text, N_("Give an amount."))
    try:
        amount = parse_amount(text, installed_currency().digits)
    except ValueError:
        wrong = N_("An amount is written in digits, such as 560 or 560,50.")
        raise Malformed.of(name, text, wrong) from None
    if amount <= 0:
        raise Malformed.of(name, text, N_("An amount is larger than zero."))
    if amount > largest:
        raise Malformed.of(name, text, N_("So large an amount is a slip of the hand."))
    return amount


def day_in(form: Mapping[str, str], name: str) -> date:
    """Return the day of a field. Raises Malformed."""
    text = form.get(name, "").strip()
    try:
        return day_of(text)
    except ValueError:
        raise Malformed.of(name, text, N_("Give a day.")) from None


def number_in(form: Mapping[str, str], name: str, *, least: int, most: int) -> int:
    """Return the whole number of a field. Raises Malformed."""
    text = form.get(name, "").strip()
    if not text.isdecimal() or len(text) > 9 or not least <= int(text) <= most:
        wrong = N_("Give a whole number from {least} to {most}.")
        raise Malformed.of(name, text, wrong, least=least, most=most)
    return int(text)


def said(error: DomainError, fields: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong by the form's field; `fields` are its names by the error's.

    What belongs to no field of the form stands under WHOLE.
    """
    if isinstance(error, Malformed):
        return dict(by_field(error.errors))
    return {fields.get(error.field or "", WHOLE): _words(error)}


def _words(error: DomainError) -> str:
    """The error as the desk says it: beside its field, without the names that programs use."""
    if isinstance(error, TooEarly):
        return _("Too early: the first possible day is {day}.", day=error.allowed_from)
    if isinstance(error, TooLate):
        return _("Too late: it ended on {day}.", day=error.params["ended"])
    if isinstance(error, NotEnoughFunds):
        return _("{missing:money} is missing.", missing=error.params["missing"])
    if isinstance(error, FreezeLimit):
        least, left = error.params["shortest"], error.params["left"]
        shortest = ngettext("At least {number} day.", "At least {number} days.", least)
        rest = ngettext(
            "{number} day is left this year.", "{number} days are left this year.", left
        )
        return f"{shortest} {rest}"
    return error.text()


def carries_out(form: Mapping[str, str]) -> bool:
    """Tell whether the form was sent to be carried out, not only to be looked at."""
    return form.get("step") == _DO


async def once(key: str, *, by: Actor, request: str, work: Callable[[], Awaitable[str]]) -> str:
    """Do the work of a form once; the same form sent again answers with the first result.

    `request` is everything that the form asks for.
    """
    scope = f"{by.kind}:{by.id}"
    async with unit_of_work(by) as unit:
        known = await remembered(unit.connection, key=key, scope=scope, request=request.encode())
        if known is not None:
            return str(known.body)
        result = await work()
        await remember(unit.connection, key=key, scope=scope, status=200, body=result)
    return result


async def asked_once(
    request: Request, form: Mapping[str, str], *, by: Actor, work: Callable[[], Awaitable[str]]
) -> str:
    """Do the work of a form once; sent again it answers the same. Raises Malformed without a key."""
    key = form.get("key", "")
    if not key or len(key) > LONGEST_KEY:
        raise Malformed.of("form", "", N_("Open the form again: it has lost its key."))
    asked = "\n".join(f"{name}={text}" for name, text in sorted(form.items()))
    return await once(key, by=by, request=f"{request.url.path}\n{asked}", work=work)


def answer(
    request: Request, template: str, context: Mapping[str, Any], *, error: DomainError | None
) -> Response:
    """Return the dialog's form, in place when a script asks, else as a page of its own."""
    status = 200 if error is None else status_of(error)
    if wants_fragment(request):
        block = "form" if request.method == "POST" else "dialog"
        return fragment(request, template, block, context, status=status)
    return page(request, template, context, status=status)


ANSWERED_IN_PLACE = (Malformed, Refused, Conflict)
"""What comes back into the form; anything else gets its own page."""
