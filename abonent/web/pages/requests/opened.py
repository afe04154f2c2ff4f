"""What the dialogs of a request share: the request they are about and where they lead back to."""

from __future__ import annotations

from starlette.requests import Request

from abonent.billing.queries.cut_off import CutOff, cut_off_of
from abonent.crm.queries.requests import Request as Found
from abonent.crm.queries.requests import request_of
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import _
from abonent.web.dialogs import Opened
from abonent.web.render import signed_in

ONE = "/requests/{request:int}"
WORK = "crm.request.work"


async def found_of(request: Request) -> Found:
    """The request of the address. Raises RequestNotFound."""
    return await request_of(request.path_params["request"], by=signed_in(request).actor)


def back(request: Request, done: str = "") -> str:
    """Where a dialog leads: the request's page, with what was done."""
    number = request.path_params["request"]
    return f"/requests/{number}" + (f"?done={done}" if done else "")


def about(found: Found) -> str:
    """The line under a dialog's title."""
    return _("No. {number}: {title}", number=found.number, title=found.title)


async def plain(request: Request) -> Opened:
    """Open a dialog that shows nothing but what it is about."""
    return Opened(back=back(request), about=about(await found_of(request)))


async def cut_off_now(found: Found, by: Actor) -> CutOff | None:
    """Whether money is what an open request's account lacks, for who may see money."""
    if not (found.open and found.account and by.may("billing.account.view")):
        return None
    return await cut_off_of(found.account, by=by)
