"""What every money dialog of an account shares: how it opens, and its preview by trying."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request

from abonent.billing.queries.accounts import AccountView, look, view_of
from abonent.billing.queries.books import Loaded
from abonent.billing.service.previews import tried
from abonent.kernel.i18n import _
from abonent.web.dialogs import Opened
from abonent.web.fields import Choices, Values
from abonent.web.render import signed_in, written_day, written_money

Act = Callable[[Request, Values], Awaitable[Loaded]]
"""A use case on the account in the address, with what its form says."""

BELOW = "act_outcome.html"


def number_of(request: Request) -> str:
    """The account in the address."""
    return str(request.path_params["number"])


async def view(request: Request) -> AccountView:
    """The account as it stands on the open day."""
    return view_of(await look(number_of(request)))


def opened(
    request: Request, *, given: Mapping[str, str], choices: Mapping[str, Choices] | None = None
) -> Opened:
    """A dialog that closes to the card."""
    back = f"/accounts/{number_of(request)}"
    return Opened(back=back, given=given, choices=choices or {})


def previewed(act: Act) -> Callable[[Request, Values], Awaitable[Mapping[str, Any]]]:
    """The preview of a use case: it is done and rolled back."""

    async def preview(request: Request, values: Values) -> Mapping[str, Any]:
        by = signed_in(request).actor
        return {"preview": await tried(number_of(request), lambda: act(request, values), by=by)}

    return preview


def done(act: Act, code: str) -> Callable[[Request, Values], Awaitable[str]]:
    """Carries the use case out and leads to the card, which says what was done."""

    async def do(request: Request, values: Values) -> str:
        await act(request, values)
        return f"/accounts/{number_of(request)}?done={code}"

    return do


def service_choices(account: AccountView, *, ended: bool = False) -> Choices:
    """The account's services to choose from, in words."""
    return [
        (str(s.no), _("{name}, {fee} a month", name=s.name, fee=written_money(s.fee)))
        if s.state != "ended"
        else (
            str(s.no),
            _("{name}, ended on {day}", name=s.name, day=written_day(s.end or account.day)),
        )
        for s in account.services
        if ended or s.state != "ended"
    ]
