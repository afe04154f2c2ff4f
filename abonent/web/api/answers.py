"""What the calls answer with; money in minor units, dates YYYY-MM-DD, intervals [from, to)."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from abonent.web.api.fields import Answer, Percent


class DayAnswer(Answer):
    """The open business day; `lagging` counts accounts a run has not reached yet."""

    day: date
    state: str = Field(description="open, or closing while a run has not reached every account")
    lagging: int


class ClosedAnswer(Answer):
    """What closing days did: the day now open and the sums over the runs."""

    day: date
    accounts: int
    charges: int
    amount: int
    seconds: float


class VersionAnswer(Answer):
    """A price from a day on, with the number of services it reaches."""

    id: int
    tariff: str
    fee: int
    from_: date = Field(serialization_alias="from")
    existing: str
    services: int


class TariffAnswer(Answer):
    """A tariff with its version."""

    code: str
    name: str
    kind: str
    mode: str
    fee: int
    due_days: int
    connection_fee: int
    tax_code: str
    attributes: dict[str, Any]
    version: VersionAnswer


class PromiseState(Answer):
    """An active promised payment; it ends with the opening of `until`."""

    id: int
    amount: int
    until: date
    state: str
    automatic: bool = Field(description="given by the program itself; one by hand replaces it")


class FreezeSpan(Answer):
    """A freeze on [from, to)."""

    id: int
    from_: date = Field(serialization_alias="from")
    to: date


class Scheduled(Answer):
    """A change of tariff to come."""

    on: date
    tariff: str


class ServiceState(Answer):
    """A service on the open day; `paid_until` is the last day paid for."""

    id: int
    tariff: str
    name: str
    kind: str
    mode: str
    priority: int
    fee: int
    start: date
    end: date | None
    state: str = Field(description="planned, served, suspended, frozen or ended")
    paid_until: date | None
    scheduled: list[Scheduled]


class AccountAnswer(Answer):
    """An account on the open day.

    `missing` is what its services lack today to be served; where nothing lacks, what they will
    lack when its money has run out.
    """

    number: str
    day: date
    balance: int
    funds: int
    credit_limit: int
    billing_day: int
    state: str = Field(description="idle, served, partly, suspended, frozen or ended")
    money_lasts_until: date | None = Field(description="the last day; null: no end in sight")
    missing: int
    promise: PromiseState | None
    freezes: list[FreezeSpan]
    services: list[ServiceState]


class ServiceAnswer(ServiceState):
    """A service, with its account."""

    account: AccountAnswer


class TariffChanged(Answer):
    """When a change of tariff takes effect."""

    effective_on: date
    account: AccountAnswer


class ServiceEnded(Answer):
    """When a service ends: the first day without it."""

    ends_on: date
    account: AccountAnswer


class DiscountAnswer(Answer):
    """A discount of a service on [from, to)."""

    id: int
    service: int
    percent: Percent | None
    amount: int | None
    from_: date = Field(serialization_alias="from")
    to: date
    reason: str
    account: AccountAnswer


class PaymentAnswer(Answer):
    """A payment or its reversal: the entry's id."""

    id: str
    account: AccountAnswer


class PromiseAnswer(PromiseState):
    """A promised payment just given."""

    fee: int
    offer: str | None
    account: AccountAnswer


class OfferAnswer(Answer):
    """An offer of a promised payment: its terms today, or the rule that refuses it."""

    offer: str
    name: str
    amount: int | None
    until: date | None
    fee: int | None
    code: str | None = Field(description="the refusing rule")
    detail: str | None
    allowed_from: date | None


class FreezeAnswer(FreezeSpan):
    """A freeze, with its account."""

    account: AccountAnswer


class DayRow(Answer):
    """A day's charge as it was and should have been; a negative difference is given back."""

    day: date
    was: int
    should: int
    difference: int


class CorrectionAnswer(Answer):
    """Day by day what is to be put right; posted when it was confirmed."""

    days: list[DayRow]
    total: int
    posted: bool
    account: AccountAnswer


class CompensatedDay(Answer):
    """What one day gives back."""

    day: date
    amount: int


class CompensatedAccount(Answer):
    """What an outage gives back to an account."""

    account: str
    days: list[CompensatedDay]
    total: int


class CompensationAnswer(Answer):
    """What an outage gives back; posted when it was confirmed."""

    items: list[CompensatedAccount]
    next: str | None
    total: int
    posted: bool


class OfferList(Answer):
    """Every offer of the provider."""

    items: list[OfferAnswer]
    next: str | None


class MeAnswer(Answer):
    """Whose token it is and what it may do."""

    kind: str
    id: str
    name: str
    rights: list[str]


class FieldProblem(Answer):
    """One thing wrong with one field."""

    field: str
    value: Any
    message: str


class Problem(Answer):
    """A problem document (RFC 9457); a rule's own figures stand beside these members."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] | None = None
    allowed_from: date | None = None
