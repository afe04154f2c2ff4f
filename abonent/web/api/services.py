"""Calls about services: starting, tariffs, ends, discounts, suspension by hand."""

from __future__ import annotations

from abonent.billing.service import services
from abonent.kernel.db import unit_of_work
from abonent.web.api.accounts import place_of
from abonent.web.api.answers import (
    AccountAnswer,
    DiscountAnswer,
    ServiceAnswer,
    ServiceEnded,
    TariffChanged,
)
from abonent.web.api.inputs import EndOn, NewDiscount, NewService, Suspension, TariffChange
from abonent.web.api.operations import (
    ACCOUNT,
    ACTS,
    SERVICE,
    Asked,
    Operation,
)
from abonent.web.api.views import account_of, service_answer


async def add_service(asked: Asked[NewService]) -> ServiceAnswer:
    """Start a service."""
    given = asked.given
    async with unit_of_work(asked.by):
        loaded, service = await services.add_service(
            asked.number,
            by=asked.by,
            tariff=given.tariff,
            start=given.from_,
            priority=given.priority,
            place=await place_of(given.place, by=asked.by),
        )
    return service_answer(loaded, service.no)


async def change_tariff(asked: Asked[TariffChange]) -> TariffChanged:
    """Change a service's tariff."""
    given = asked.given
    loaded, effective_on = await services.change_tariff(
        asked.number,
        asked.ordinal("service"),
        by=asked.by,
        tariff=given.tariff,
        on=given.on,
        anyway=given.anyway,
    )
    return TariffChanged(effective_on=effective_on, account=account_of(loaded))


async def end_service(asked: Asked[EndOn]) -> ServiceEnded:
    """End a service."""
    loaded, ends_on = await services.end_service(
        asked.number, asked.ordinal("service"), by=asked.by, on=asked.given.on
    )
    return ServiceEnded(ends_on=ends_on, account=account_of(loaded))


async def grant_discount(asked: Asked[NewDiscount]) -> DiscountAnswer:
    """Give a discount on a service."""
    given = asked.given
    no = asked.ordinal("service")
    loaded, made = await services.grant_discount(
        asked.number,
        no,
        by=asked.by,
        start=given.from_,
        end=given.to,
        reason=given.reason,
        percent=int((given.percent or 0) * 100),
        amount=given.amount or 0,
    )
    return DiscountAnswer(
        id=made.no,
        service=no,
        percent=given.percent,
        amount=given.amount,
        from_=made.starts_on,
        to=made.ends_on,
        reason=given.reason,
        account=account_of(loaded),
    )


async def suspend_service(asked: Asked[Suspension]) -> AccountAnswer:
    """Suspend a postpaid service by hand, or serve it again."""
    loaded = await services.suspend_service(
        asked.number,
        asked.ordinal("service"),
        by=asked.by,
        suspended=asked.given.on,
        reason=asked.given.reason,
    )
    return account_of(loaded)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="POST",
        path=f"{ACCOUNT}/services",
        name="add_service",
        summary="Start a service",
        right="billing.service.edit",
        do=add_service,
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
        do=change_tariff,
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
        do=end_service,
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
        do=grant_discount,
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
        do=suspend_service,
        given=Suspension,
        answer=AccountAnswer,
        refusals=ACTS,
    ),
)
