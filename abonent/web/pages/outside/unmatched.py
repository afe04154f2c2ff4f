"""A payment that nobody could match: who it may be for, and what a person decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.outside.matching import REASON_NAMES, Reason, payer_key
from abonent.billing.queries.outside.unmatched import (
    Unmatched,
    earlier_payments,
    next_unmatched,
    payer_rule,
    unmatched_payment,
)
from abonent.billing.service.outside.unmatched import (
    close_unmatched,
    forget_payer,
    put_aside,
    return_to_payer,
    settle_on_account,
    take_up_again,
    void_taken_back,
)
from abonent.crm.service.proposals import WHY_THIS, propose_accounts
from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import N_
from abonent.web.dialogs import Dialog, Opened
from abonent.web.errors import status_of
from abonent.web.fields import Field, Kind, Values
from abonent.web.forms import by_field, form_of, go_to
from abonent.web.queries import name_of
from abonent.web.render import page_or_block, signed_in

RIGHT = "billing.payment.settle"
_TEMPLATE = "outside/settle.html"
_OTHER = "other"
_ONE = "/parked/{payment:int}"
_DONE = {
    "taken": N_("The payment before is on its account."),
    "returned": N_("The payment before is marked as returned."),
    "closed": N_("The payment before is off the list."),
    "aside": N_("The payment before is put aside."),
}


async def show_unmatched(request: Request) -> Response:
    """Show the payment with its proposals; the likeliest is chosen already where it is sure."""
    return await _answer(request, await _payment(request))


async def settle(request: Request) -> Response:
    """Take the payment to the chosen account and go on to the next one."""
    form, payment = await form_of(request), await _payment(request)
    try:
        await settle_on_account(
            payment.id,
            _chosen(form),
            by=signed_in(request).actor,
            remember=form.get("remember") == "on",
        )
    except Malformed as error:
        return await _answer(request, payment, form, dict(by_field(error.errors)), status=422)
    except DomainError as error:
        if error.field in {"number", "remember"}:
            errors = {"other" if error.field == "number" else "remember": error.text()}
            return await _answer(request, payment, form, errors, status=422)
        status = status_of(error)
        return await _answer(request, payment, form, refusal=error, status=status)
    return go_to(request, await _next(request, payment.id, "taken"))


def _chosen(form: Mapping[str, str]) -> str:
    """The account's number; a number typed beside another one chosen is not guessed at."""
    number, typed = form.get("number", ""), form.get("other", "").strip()
    if number in {"", _OTHER}:
        if not typed:
            message = N_("Choose one of the accounts, or type its number.")
            raise Malformed.of("other", "", message)
        return typed
    if typed and typed != number:
        message = N_(
            "Account {number} is chosen above and another one is typed: leave one of them."
        )
        raise Malformed.of("other", typed, message, number=number)
    return number


async def void(request: Request) -> Response:
    """Void the payment that the bank took back."""
    payment = await _payment(request)
    try:
        await void_taken_back(payment.id, by=signed_in(request).actor)
    except DomainError as error:
        return await _answer(request, payment, refusal=error, status=status_of(error))
    return go_to(request, await _next(request, payment.id, "returned"))


async def take_up(request: Request) -> Response:
    """Put the payment among those that wait again."""
    payment = await _payment(request)
    await take_up_again(payment.id, by=signed_in(request).actor)
    return go_to(request, f"/parked/{payment.id}")


async def forget(request: Request) -> Response:
    """Forget whose account this payer pays for."""
    payment = await _payment(request)
    await forget_payer(payment.id, by=signed_in(request).actor)
    return go_to(request, f"/parked/{payment.id}")


async def _payment(request: Request) -> Unmatched:
    return await unmatched_payment(request.path_params["payment"], by=signed_in(request).actor)


async def _next(request: Request, payment: int, done: str) -> str:
    """Where the work goes on: the next payment that waits, else the day's balance."""
    following = await next_unmatched(payment, by=signed_in(request).actor)
    return f"/parked/{following}?done={done}" if following else f"/outside?done={done}"


async def _answer(
    request: Request,
    payment: Unmatched,
    form: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    refusal: DomainError | None = None,
    *,
    status: int = 200,
) -> Response:
    by = signed_in(request).actor
    proposals = await propose_accounts(payment, by=by)
    rule = await payer_rule(payment, by=by)
    chosen = proposals[0].number if len(proposals) == 1 else ""
    context: dict[str, Any] = {
        "payment": payment,
        "reason": REASON_NAMES[payment.reason],
        "taken_back": payment.reason is Reason.TAKEN_BACK,
        "paid_back": payment.reason is Reason.PART_REFUNDED,
        "proposals": proposals,
        "why": WHY_THIS,
        "earlier": await earlier_payments(payment, by=by),
        "rule": rule,
        "rule_by": await name_of(rule.made_by) if rule else None,
        "rememberable": payer_key(payment.payer_account) is not None,
        "given": form or {"number": chosen},
        "errors": errors or {},
        "refusal": refusal,
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    return page_or_block(request, _TEMPLATE, "work", context, status=status)


async def _opened(request: Request) -> Opened:
    payment = await _payment(request)
    return Opened(back=f"/parked/{payment.id}")


async def _return(request: Request, values: Values) -> str:
    payment = request.path_params["payment"]
    await return_to_payer(payment, by=signed_in(request).actor, remark=values["remark"])
    return await _next(request, payment, "returned")


async def _close(request: Request, values: Values) -> str:
    payment = request.path_params["payment"]
    await close_unmatched(payment, by=signed_in(request).actor, remark=values["remark"])
    return await _next(request, payment, "closed")


async def _aside(request: Request, values: Values) -> str:
    payment = request.path_params["payment"]
    await put_aside(payment, by=signed_in(request).actor, remark=values["remark"])
    return await _next(request, payment, "aside")


def _remark(hint: str) -> tuple[Field, ...]:
    label = N_("What was found and done")
    return (Field(name="remark", label=label, kind=Kind.AREA, longest=1000, hint=hint),)


RETURN = Dialog(
    path=f"{_ONE}/return",
    right=RIGHT,
    title=N_("Return to the payer"),
    commit=N_("Mark as returned"),
    fields=_remark(N_("The transfer itself is made in the bank; here it is noted why.")),
    opened=_opened,
    do=_return,
)
CLOSE = Dialog(
    path=f"{_ONE}/close",
    right=RIGHT,
    title=N_("No money is due"),
    commit=N_("Take off the list"),
    fields=_remark(N_("For example: the bank sent it twice by mistake. No money moves.")),
    opened=_opened,
    do=_close,
)
ASIDE = Dialog(
    path=f"{_ONE}/aside",
    right=RIGHT,
    title=N_("Put aside"),
    commit=N_("Put aside"),
    fields=_remark(N_("What it waits for. It stays on the list under “put aside”.")),
    opened=_opened,
    do=_aside,
)
