"""What the dialogs of a claim share: the claim they are about and where they lead back to."""

from __future__ import annotations

from starlette.requests import Request

from abonent.crm.queries.claims import Claim, claim_of
from abonent.crm.rules.claims import SUBJECTS
from abonent.kernel.i18n import _
from abonent.web.dialogs import Opened
from abonent.web.render import signed_in

ONE = "/claims/{claim:int}"
_DIGITS = 10


def id_of(request: Request) -> int:
    """The claim in the address."""
    return int(request.path_params["claim"])


async def found_of(request: Request) -> Claim:
    """The claim of the address. Raises ClaimNotFound."""
    return await claim_of(id_of(request), by=signed_in(request).actor)


def back(request: Request, done: str = "") -> str:
    """Where a dialog leads: the claim's page, with what was done."""
    return f"/claims/{id_of(request)}" + (f"?done={done}" if done else "")


def about(found: Claim) -> str:
    """The line under a dialog's title."""
    subject = _(SUBJECTS[found.subject])
    if found.number is None:
        return _("{subject}, account {account}", subject=subject, account=found.account)
    return _(
        "No. {number}: {subject}, account {account}",
        number=found.number,
        subject=subject,
        account=found.account,
    )


def seen(request: Request) -> int | None:
    """The version of the claim on the page that the dialog was opened from."""
    text = request.query_params.get("seen", "")
    return int(text) if text.isdecimal() and len(text) < _DIGITS else None


async def plain(request: Request) -> Opened:
    """Open a dialog that shows nothing but what it is about."""
    return Opened(back=back(request), about=about(await found_of(request)))
