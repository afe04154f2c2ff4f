"""Disputed payments: the same source and number with other contents, waiting for a person."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.today import Parked, parked_payment, parked_payments, parked_sum
from abonent.billing.service.parked import settle_parked
from abonent.kernel.errors import Conflict, Malformed
from abonent.web.forms import by_field, form_of, go_to
from abonent.web.render import page, page_or_block, signed_in

PAGE = 50


async def show_parked(request: Request) -> Response:
    """Show what waits, in the order it came; `after` is the last one of the page before."""
    actor = signed_in(request).actor
    after = request.query_params.get("after", "")
    start = int(after) if after.isdecimal() and len(after) < 19 else 0
    found = await parked_payments(by=actor, after=start, limit=PAGE + 1)
    context = {
        "parked": found[:PAGE],
        "next": found[PAGE - 1].id if len(found) > PAGE else None,
        "whole": await parked_sum(by=actor),
        "done": request.query_params.get("done") == "1",
    }
    return page(request, "parked.html", context)


async def show_settling(request: Request) -> Response:
    """Show the dialog in which one is settled."""
    payment = await _payment(request)
    return page_or_block(request, "parked_settle.html", "dialog", _asked(payment))


async def settle(request: Request) -> Response:
    """Settle one; what is wrong comes back beside its field."""
    form, actor = await form_of(request), signed_in(request).actor
    payment = await _payment(request)
    remark = form.get("remark", "")
    context = _asked(payment) | {"remark": remark}
    try:
        await settle_parked(payment.id, by=actor, remark=remark)
    except Malformed as error:
        context["errors"] = by_field(error.errors)
        return page_or_block(request, "parked_settle.html", "dialog", context, status=422)
    except Conflict as error:
        context["refusal"] = error
        return page_or_block(request, "parked_settle.html", "dialog", context, status=409)
    return go_to(request, "/parked?done=1")


async def _payment(request: Request) -> Parked:
    return await parked_payment(request.path_params["parked"], by=signed_in(request).actor)


def _asked(payment: Parked) -> dict[str, object]:
    return {"payment": payment, "remark": "", "errors": {}, "refusal": None}
