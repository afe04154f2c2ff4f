"""Dialogs of the account itself: fees, bonuses, refunds, credit, billing day, voided payments."""

from __future__ import annotations

from starlette.requests import Request

from abonent.billing.queries.accounts import look
from abonent.billing.queries.books import Loaded
from abonent.billing.queries.reach import check_exists
from abonent.billing.rules.changes import refundable
from abonent.billing.service.accounts import change_billing_day, set_credit
from abonent.billing.service.cash.taking import refund_at_desk, take_back
from abonent.billing.service.payments import charge_fee, give_bonus
from abonent.kernel.i18n import N_, _
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.money.trying import BELOW, done, number_of, opened, previewed, view
from abonent.web.render import signed_in, written_money

_ACCOUNT = "/accounts/{number:str}"
_AMOUNT = Field(name="amount", label=N_("Amount"), kind=Kind.AMOUNT)
_REASON = Field(name="reason", label=N_("Reason"), longest=200)
FEES = (
    ("visit", N_("visit of a technician")),
    ("equipment", N_("equipment")),
    ("reconnection", N_("reconnection")),
    ("document", N_("copy of a document")),
    ("other", N_("other")),
)
METHODS = (
    ("cash", N_("cash")),
    ("bank", N_("to a bank account")),
    ("card", N_("to the card")),
)


async def _empty(request: Request) -> Opened:
    await check_exists(number_of(request))
    return opened(request, given={})


async def _fee_opened(request: Request) -> Opened:
    await check_exists(number_of(request))
    return opened(request, given={"kind": "visit"})


async def _fee(request: Request, values: Values) -> Loaded:
    taken = await charge_fee(
        number_of(request),
        by=signed_in(request).actor,
        amount=values["amount"],
        kind=values["kind"],
        reason=values["reason"],
        into_debt=values["into_debt"],
    )
    return taken.loaded


FEE = Dialog(
    path=f"{_ACCOUNT}/fee",
    right="billing.fee.charge",
    title=N_("Charge a fee"),
    commit=N_("Charge it"),
    fields=(
        _AMOUNT,
        Field(name="kind", label=N_("What for"), kind=Kind.CHOICE, choices=FEES),
        _REASON,
        Field(
            name="into_debt",
            label=N_("Charge even if it makes a debt"),
            kind=Kind.TICK,
            required=False,
        ),
    ),
    opened=_fee_opened,
    preview=previewed(_fee),
    do=done(_fee, "fee"),
    below=BELOW,
)


async def _bonus(request: Request, values: Values) -> Loaded:
    taken = await give_bonus(
        number_of(request),
        by=signed_in(request).actor,
        amount=values["amount"],
        reason=values["reason"],
    )
    return taken.loaded


BONUS = Dialog(
    path=f"{_ACCOUNT}/bonus",
    right="billing.bonus.give",
    title=N_("Give a bonus"),
    commit=N_("Give"),
    fields=(
        Field(
            name="amount",
            label=N_("Amount"),
            kind=Kind.AMOUNT,
            hint=N_("It is spent first and never paid out."),
        ),
        _REASON,
    ),
    opened=_empty,
    preview=previewed(_bonus),
    do=done(_bonus, "bonus"),
    below=BELOW,
)


async def _refund_opened(request: Request) -> Opened:
    loaded = await look(number_of(request))
    free = refundable(loaded.book)
    about = _("{amount} can be paid back.", amount=written_money(free))
    given = {"amount": written_money(free, currency=False) if free > 0 else "", "method": "cash"}
    back = f"/accounts/{number_of(request)}"
    return Opened(back=back, given=given, about=about, can=free > 0)


async def _refund(request: Request, values: Values) -> Loaded:
    taken = await refund_at_desk(
        number_of(request),
        by=signed_in(request).actor,
        amount=values["amount"],
        method=values["method"],
    )
    return taken.loaded


REFUND = Dialog(
    path=f"{_ACCOUNT}/refund",
    right="billing.refund.give",
    identity="refund",
    title=N_("Pay money back"),
    commit=N_("Pay back"),
    fields=(
        _AMOUNT,
        Field(name="method", label=N_("How"), kind=Kind.SEGMENTS, choices=METHODS),
    ),
    opened=_refund_opened,
    preview=previewed(_refund),
    do=done(_refund, "refund"),
    below=BELOW,
)


async def _credit_opened(request: Request) -> Opened:
    account = await view(request)
    return opened(request, given={"limit": written_money(account.credit_limit, currency=False)})


async def _credit(request: Request, values: Values) -> Loaded:
    by, reason = signed_in(request).actor, values["reason"]
    return await set_credit(number_of(request), by=by, limit=values["limit"], reason=reason)


CREDIT = Dialog(
    path=f"{_ACCOUNT}/credit",
    right="billing.credit.set",
    title=N_("Credit limit"),
    commit=N_("Set"),
    fields=(
        Field(
            name="limit",
            label=N_("Credit limit"),
            kind=Kind.AMOUNT,
            least=0,
            hint=N_("How far below zero services go on; 0 takes it away."),
        ),
        _REASON,
    ),
    opened=_credit_opened,
    preview=previewed(_credit),
    do=done(_credit, "credit"),
    below=BELOW,
)


async def _billing_day_opened(request: Request) -> Opened:
    account = await view(request)
    return opened(request, given={"day": str(account.billing_day)})


async def _billing_day(request: Request, values: Values) -> Loaded:
    by = signed_in(request).actor
    return await change_billing_day(
        number_of(request), by=by, day=values["day"], start=values["from"]
    )


BILLING_DAY = Dialog(
    path=f"{_ACCOUNT}/billing-day",
    right="billing.account.edit",
    title=N_("Billing day"),
    commit=N_("Change"),
    fields=(
        Field(
            name="day",
            label=N_("Periods start on day"),
            kind=Kind.NUMBER,
            least=1,
            most=31,
            half=True,
        ),
        Field(
            name="from",
            label=N_("From the period that starts on"),
            kind=Kind.DAY,
            half=True,
        ),
    ),
    opened=_billing_day_opened,
    preview=previewed(_billing_day),
    do=done(_billing_day, "billing-day"),
    below=BELOW,
    names={"start": "from"},
)


async def _void(request: Request, values: Values) -> Loaded:
    by, no = signed_in(request).actor, request.path_params["no"]
    # It is tried before the reason is typed, so that its outcome is seen; none is kept without one.
    reason = values["reason"] or "—"
    return (await take_back(number_of(request), no, by=by, reason=reason)).loaded


VOID = Dialog(
    path=f"{_ACCOUNT}/entries/{{no:int}}/void",
    right="billing.payment.reverse",
    title=N_("Void the payment"),
    commit=N_("Void"),
    fields=(
        Field(
            name="reason",
            label=N_("Reason"),
            longest=200,
            hint=N_("The payment stays in the books, and an entry takes it back."),
        ),
    ),
    opened=_empty,
    preview=previewed(_void),
    do=done(_void, "void"),
    below=BELOW,
)

ACCOUNT_DIALOGS = (FEE, BONUS, REFUND, CREDIT, BILLING_DAY, VOID)
