"""The day's balance with each bank and processor, and one day of one of them."""

from __future__ import annotations

from datetime import date, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.outside.agreements import agreement_of
from abonent.billing.queries.outside.balance import (
    MOST_ROWS,
    balance_of_days,
    open_business_day,
    rows_of_day,
)
from abonent.billing.queries.outside.unmatched import waiting_sum
from abonent.billing.rules.outside.agreement import KIND_NAMES
from abonent.kernel.i18n import N_
from abonent.web.render import page, signed_in

WEEK = timedelta(6)
LONGEST = timedelta(92)
ROW_STATES = {
    "taken": (N_("on its account"), "good"),
    "waiting": (N_("waits for a person"), "warn"),
    "returned": (N_("returned"), "info"),
    "closed": (N_("no money is due"), ""),
    "left": (N_("not taken"), "bad"),
}


async def show_balance(request: Request) -> Response:
    """Show each day with each agreement, the latest first: the last week unless asked otherwise."""
    by = signed_in(request).actor
    today = await open_business_day(by=by)
    last = _day(request, "through") or today
    first = _day(request, "from") or last - WEEK
    if first > last or last - first > LONGEST:
        first = last - WEEK
    context = {
        "days": await balance_of_days(first, last, by=by),
        "waiting": await waiting_sum(by=by),
        "first": first,
        "last": last,
        "kinds": KIND_NAMES,
        "done": "done" in request.query_params,
    }
    return page(request, "outside/balance.html", context)


async def show_balance_of_day(request: Request) -> Response:
    """Show what they name on a day and what became of it, the unexplained first."""
    by = signed_in(request).actor
    agreement = await agreement_of(request.path_params["agreement"])
    try:
        day = date.fromisoformat(request.path_params["day"])
    except ValueError:
        raise HTTPException(404) from None
    found = [
        one for one in await balance_of_days(day, day, by=by) if one.agreement == agreement.code
    ]
    theirs, ours = await rows_of_day(agreement.code, day, by=by)
    context = {
        "agreement": agreement,
        "day": day,
        "balance": found[0] if found else None,
        "theirs": theirs,
        "ours": ours,
        "states": ROW_STATES,
        "most": MOST_ROWS,
    }
    return page(request, "outside/balance_day.html", context)


def _day(request: Request, name: str) -> date | None:
    try:
        return date.fromisoformat(request.query_params.get(name, ""))
    except ValueError:
        return None
