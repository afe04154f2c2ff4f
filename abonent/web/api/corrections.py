"""Calls that put the past right: recalculation and compensation of outages."""

from __future__ import annotations

from collections.abc import Sequence

from abonent.billing.queries.accounts import look
from abonent.billing.rules.recalculation import Truth
from abonent.billing.service import corrections
from abonent.billing.service.corrections import Compensated
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_
from abonent.web.api.accounts import known_place
from abonent.web.api.answers import (
    CompensatedAccount,
    CompensatedDay,
    CompensationAnswer,
    CorrectionAnswer,
    DayRow,
)
from abonent.web.api.inputs import Compensation, Correction
from abonent.web.api.operations import (
    ACCOUNT,
    ACTS,
    Asked,
    Operation,
)
from abonent.web.api.views import account_of


async def recalculate(asked: Asked[Correction]) -> CorrectionAnswer:
    """Compare past days with what should have been; post the difference when confirmed."""
    given = asked.given
    catalogue = (await look(asked.number)).catalogue
    truth = Truth(
        start=given.from_,
        end=given.to,
        tariff=catalogue.tariff(given.tariff) if given.tariff else None,
        percent=None if given.percent is None else int(given.percent * 100),
        amount=given.amount,
        served=given.served,
        incident=given.incident,
    )
    done = await corrections.recalculate(
        asked.number,
        given.service,
        by=asked.by,
        truth=truth,
        reason=given.reason,
        confirm=given.confirm,
    )
    return CorrectionAnswer(
        days=[
            DayRow(day=row.day, was=row.was, should=row.should, difference=row.difference)
            for row in done.days
        ],
        total=done.total,
        posted=given.confirm,
        account=account_of(done.loaded),
    )


async def compensate(asked: Asked[Compensation]) -> CompensationAnswer:
    """Give back what is held for the days of an outage; post it when confirmed."""
    given = asked.given
    places = [await known_place(place) for place in given.places or ()]
    _check_known(given.places or (), places)
    found = await corrections.compensate(
        by=asked.by,
        incident=given.incident,
        start=given.from_,
        end=given.to,
        accounts=given.accounts or (),
        places=[place for place in places if place is not None],
        zone=asked.settings.timezone,
        confirm=given.confirm,
        reason=given.reason,
    )
    items = [_compensated(account) for account in found]
    total = sum(item.total for item in items)
    return CompensationAnswer(items=items, next=None, total=total, posted=given.confirm)


def _check_known(given: Sequence[object], places: Sequence[int | None]) -> None:
    unknown = [
        FieldError(f"places.{at}", str(place), N_("There is no such building."))
        for at, (place, found) in enumerate(zip(given, places, strict=True))
        if found is None
    ]
    if unknown:
        raise Malformed(*unknown)


def _compensated(account: Compensated) -> CompensatedAccount:
    return CompensatedAccount(
        account=account.number,
        days=[CompensatedDay(day=day, amount=amount) for day, amount in account.days.items()],
        total=account.total,
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="POST",
        path=f"{ACCOUNT}/corrections",
        name="recalculate",
        summary="What past days should have cost; posted when confirmed",
        right="billing.account.view",
        do=recalculate,
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
        do=compensate,
        given=Compensation,
        answer=CompensationAnswer,
        refusals=ACTS,
    ),
)
