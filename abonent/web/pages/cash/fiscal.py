"""Fiscal receipts at the desk: what stands on the receipt, and the word of the cash register."""

from __future__ import annotations

from contextlib import suppress

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from abonent.billing.queries.fiscal import fiscal_of_entry
from abonent.billing.service.fiscal.making import ask_sooner
from abonent.kernel.actor import Actor
from abonent.kernel.fiscal.receipts import gives_fiscal
from abonent.kernel.i18n import _

_LONGEST = 100


async def fiscal_line(account: int, entry: int, *, by: Actor) -> str | None:
    """Return what a receipt says of its fiscal one; None where the provider gives none."""
    found = await fiscal_of_entry(account, entry, by=by)
    if found is None:
        return _("This receipt does not replace the fiscal one.") if gives_fiscal() else None
    marks = found.marks
    if "fiscal_document_number" in marks:
        return _(
            "Fiscal drive {drive}, document {number}, sign {sign}",
            drive=marks.get("fn_number", ""),
            number=marks["fiscal_document_number"],
            sign=marks.get("fiscal_document_attribute", ""),
        )
    return _("The fiscal receipt is sent to the subscriber by itself.")


async def take_word(request: Request) -> Response:
    """Take the word of the cash register that a receipt is ready: it is asked for, not believed."""
    with suppress(orjson.JSONDecodeError):
        given = orjson.loads(await request.body())
        uuid = given.get("uuid") if isinstance(given, dict) else None
        if isinstance(uuid, str) and 0 < len(uuid) <= _LONGEST and "\x00" not in uuid:
            await ask_sooner(uuid)
    return PlainTextResponse("ok")
