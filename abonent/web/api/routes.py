"""Every call of the API with the right its caller must hold."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route

from abonent.kernel.i18n import _, speaking
from abonent.web.access import PUBLIC
from abonent.web.api import accounts, corrections, days, money, promises, services, tariffs
from abonent.web.api.answers import (
    AccountAnswer,
    ClosedAnswer,
    CompensationAnswer,
    CorrectionAnswer,
    DayAnswer,
    DiscountAnswer,
    EntryAnswer,
    FreezeAnswer,
    MeAnswer,
    OfferList,
    PaymentAnswer,
    PromiseAnswer,
    ServiceAnswer,
    ServiceEnded,
    TariffAnswer,
    TariffChanged,
    VersionAnswer,
)
from abonent.web.api.inputs import (
    Because,
    BillingDay,
    CloseDay,
    Compensation,
    Correction,
    Credit,
    EndOn,
    NewAccount,
    NewDiscount,
    NewFee,
    NewFreeze,
    NewPrice,
    NewPromise,
    NewRefund,
    NewService,
    NewTariff,
    Payment,
    Suspension,
    TariffChange,
)
from abonent.web.api.operations import ANYONE, PREFIX, ApiRoute, Operation, asked_language
from abonent.web.api.problems import answer_problem, problem

READS = (400, 401, 403, 404)
ACTS = (400, 401, 403, 404, 409, 422)

ACCOUNT = "/accounts/{number}"
SERVICE = "/accounts/{number}/services/{service}"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="GET",
        path="/me",
        name="me",
        summary="Whose token it is and what it may do",
        right=ANYONE,
        do=accounts.who_am_i,
        answer=MeAnswer,
        refusals=(400, 401),
    ),
    Operation(
        method="GET",
        path="/day",
        name="show_day",
        summary="The open business day",
        right="billing.day.view",
        do=days.show_day,
        answer=DayAnswer,
        refusals=(400, 401, 403, 409),
    ),
    Operation(
        method="POST",
        path="/day/close",
        name="close_day",
        summary="Close business days through one; answers when every account was reached",
        right="billing.day.close",
        do=days.close_day,
        given=CloseDay,
        answer=ClosedAnswer,
        refusals=(400, 401, 403, 409, 422),
        own_key=True,
    ),
    Operation(
        method="POST",
        path="/tariffs",
        name="create_tariff",
        summary="Put a tariff on sale with its first price",
        right="billing.tariff.edit",
        do=tariffs.create_tariff,
        given=NewTariff,
        answer=TariffAnswer,
        refusals=(400, 401, 403, 409),
    ),
    Operation(
        method="POST",
        path="/tariffs/{code}/versions",
        name="add_version",
        summary="Set a price from a day on, for new services or with the existing ones",
        right="billing.tariff.edit",
        do=tariffs.add_version,
        given=NewPrice,
        answer=VersionAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path="/accounts",
        name="open_account",
        summary="Open an account",
        right="billing.account.edit",
        do=accounts.open_account,
        given=NewAccount,
        answer=AccountAnswer,
        refusals=(400, 401, 403, 409),
    ),
    Operation(
        method="GET",
        path=ACCOUNT,
        name="show_account",
        summary="An account on the open day",
        right="billing.account.view",
        do=accounts.show_account,
        answer=AccountAnswer,
        refusals=READS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/services",
        name="add_service",
        summary="Start a service",
        right="billing.service.edit",
        do=services.add_service,
        given=NewService,
        answer=ServiceAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{SERVICE}/tariff",
        name="change_tariff",
        summary="Change a service's tariff",
        right="billing.tariff.change",
        do=services.change_tariff,
        given=TariffChange,
        answer=TariffChanged,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{SERVICE}/end",
        name="end_service",
        summary="End a service",
        right="billing.service.edit",
        do=services.end_service,
        given=EndOn,
        answer=ServiceEnded,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{SERVICE}/discounts",
        name="grant_discount",
        summary="Give a discount on a service",
        right="billing.discount.grant",
        do=services.grant_discount,
        given=NewDiscount,
        answer=DiscountAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{SERVICE}/suspension",
        name="suspend_service",
        summary="Suspend a postpaid service by hand, or serve it again",
        right="billing.service.edit",
        do=services.suspend_service,
        given=Suspension,
        answer=AccountAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/payments",
        name="take_payment",
        summary="Take a payment, once per source and external id",
        right="billing.payment.take",
        do=money.take_payment,
        given=Payment,
        answer=PaymentAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/payments/{{payment}}/reversal",
        name="reverse_payment",
        summary="Take a payment back by a correcting entry",
        right="billing.payment.reverse",
        do=money.reverse_payment,
        given=Because,
        answer=PaymentAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/promises",
        name="give_promise",
        summary="Give a promised payment",
        right="billing.promise.give",
        do=promises.give_promise,
        given=NewPromise,
        answer=PromiseAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="GET",
        path=f"{ACCOUNT}/promises/offers",
        name="list_offers",
        summary="Offers of promised payments for this account today",
        right="billing.account.view",
        do=promises.list_offers,
        answer=OfferList,
        refusals=READS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/freezes",
        name="freeze_account",
        summary="Freeze the account on [from, to)",
        right="billing.freeze.set",
        do=promises.freeze_account,
        given=NewFreeze,
        answer=FreezeAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/freezes/{{freeze}}/end",
        name="end_freeze",
        summary="Let a freeze end early",
        right="billing.freeze.set",
        do=promises.end_freeze,
        given=EndOn,
        answer=FreezeAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/credit",
        name="set_credit",
        summary="Set the credit limit",
        right="billing.credit.set",
        do=accounts.set_credit,
        given=Credit,
        answer=AccountAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/fees",
        name="charge_fee",
        summary="Charge a one-off fee",
        right="billing.fee.charge",
        do=money.charge_fee,
        given=NewFee,
        answer=EntryAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/refunds",
        name="refund",
        summary="Pay the subscriber's own unspent money back",
        right="billing.refund.give",
        do=money.refund,
        given=NewRefund,
        answer=EntryAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/billing-day",
        name="change_billing_day",
        summary="Change the billing day from a period's start on",
        right="billing.account.edit",
        do=accounts.change_billing_day,
        given=BillingDay,
        answer=AccountAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/corrections",
        name="recalculate",
        summary="What past days should have cost; posted when confirmed",
        right="billing.account.view",
        do=corrections.recalculate,
        given=Correction,
        answer=CorrectionAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path="/compensations",
        name="compensate",
        summary="What an outage gives back; posted when confirmed",
        right="billing.account.view",
        do=corrections.compensate,
        given=Compensation,
        answer=CompensationAnswer,
        refusals=ACTS,
    ),
)


async def _nowhere(request: Request) -> Response:
    """Answer for an address that is no call, or a call by another method."""
    with speaking(asked_language(request)):
        methods = sorted(
            route.operation.method
            for route in _CALLS
            if route.matches({**request.scope, "path_params": {}})[0] is Match.PARTIAL
        )
        if not methods:
            return answer_problem(problem(404, "NOT_FOUND", _("There is no such call.")))
        detail = _("Here only: {methods}.", methods=", ".join(methods))
        response = answer_problem(problem(405, "METHOD_NOT_ALLOWED", detail))
        response.headers["Allow"] = ", ".join(methods)
        return response


class _Nowhere(Route):
    """Catches what no call answers, so that it is told as a problem document."""

    def __init__(self) -> None:
        self.right = PUBLIC
        methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
        super().__init__(f"{PREFIX}/{{rest:path}}", _nowhere, methods=methods, name="api:nowhere")


_CALLS: tuple[ApiRoute, ...] = tuple(ApiRoute(operation) for operation in OPERATIONS)

API_ROUTES: tuple[BaseRoute, ...] = (*_CALLS, _Nowhere())
