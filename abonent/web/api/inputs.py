"""Bodies and queries of the calls: the models that validate them and that OpenAPI describes."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from abonent.kernel.i18n import N_
from abonent.web.api.fields import (
    Code,
    Cursor,
    Day,
    Input,
    Instant,
    Limit,
    Line,
    Money,
    MoneyOrNone,
    MonthDay,
    Number,
    Ordinal,
    Percent,
    Reason,
    Remark,
    When,
    wrong,
)

END_AFTER_START = N_(
    "The end must lie after the start: it is the day after the last one, not itself included."
)
MOST_LISTED = 10_000


def check_order(start: Any, end: Any) -> None:
    """Refuse an interval [from, to) that holds nothing."""
    if start is not None and end is not None and end <= start:
        raise wrong(END_AFTER_START, field="to")


class Nothing(Input):
    """A call without input."""


class CloseDay(Input):
    """Which business day to close last; the open one unless told."""

    through: Day | None = None


class NewTariff(Input):
    """A tariff with its first price."""

    code: Code
    name: Line
    kind: Literal["internet", "tv", "phone", "equipment", "bundle", "other"]
    mode: Literal["advance", "daily", "arrears"]
    fee: MoneyOrNone
    due_days: Annotated[int, Field(ge=0, le=3650)] = 0
    connection_fee: MoneyOrNone = 0
    tax_code: Code = "none"
    attributes: dict[Code, Remark | bool | int] = Field(default_factory=dict, max_length=50)


class NewPrice(Input):
    """A tariff's price from a day on; `move` takes existing services along."""

    fee: MoneyOrNone
    from_: Day = Field(alias="from")
    existing: Literal["move", "keep"]


class Building(Input):
    """A building: where a service stands as far as money cares."""

    district: Annotated[Line, Field(min_length=0)] = ""
    street: Line
    house: Annotated[Line, Field(min_length=0)] = ""


class Home(Building):
    """A building and a flat in it."""

    flat: Annotated[Line, Field(min_length=0)] = ""


Place = Annotated[
    Ordinal | Building | Line,
    Field(description="A building: its id, its parts, or one line «district, street, house»"),
]


class Person(Input):
    """A subscriber: a person or a company."""

    name: Line
    kind: Literal["person", "company"]
    tax_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,20}$")] = ""
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9+()\- ]{5,32}$")] | None = None
    email: (
        Annotated[str, StringConstraints(max_length=200, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")]
        | None
    ) = None
    address: Home | Line | None = None


class NewAccount(Input):
    """An account, with the subscriber it is opened for where one is named."""

    number: Number
    billing_day: MonthDay
    credit_limit: MoneyOrNone = 0
    legal_entity: Code | None = None
    subscriber: Person | None = None


class NewService(Input):
    """A service from a day on; today unless told."""

    tariff: Code
    from_: Day | None = Field(default=None, alias="from")
    priority: Annotated[int, Field(ge=0, le=10_000)] = 1
    place: Place | None = None


class TariffChange(Input):
    """Another tariff for a service; `anyway` also when funds do not cover it."""

    tariff: Code
    on: When = "asap"
    anyway: bool = False


class EndOn(Input):
    """When something ends; tomorrow unless told."""

    on: Day | None = None


class NewDiscount(Input):
    """A discount on [from, to): a percent or an amount off the fee."""

    percent: Percent | None = None
    amount: Money | None = None
    from_: Day = Field(alias="from")
    to: Day
    reason: Reason

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        check_order(self.from_, self.to)
        if (self.percent is None) == (self.amount is None):
            raise wrong(N_("Give a percent or an amount, one of the two."), field="percent")
        if self.percent == 0:
            raise wrong(N_("A discount of nothing is none."), field="percent")
        return self


class Suspension(Input):
    """A postpaid service suspended by hand, or served again."""

    on: bool
    reason: Reason


class Payment(Input):
    """Money that came in; `settles` names the entries it pays first."""

    amount: Money
    source: Code
    external_id: Line
    paid_on: Day | None = None
    settles: Annotated[list[Line], Field(max_length=1000)] = Field(default_factory=list)


class Because(Input):
    """Why it is done."""

    reason: Reason


class NewPromise(Input):
    """A promised payment: an offer's, or an amount and days set by staff."""

    offer: Code | None = None
    amount: Money | None = None
    days: Annotated[int, Field(ge=1, le=366)] | None = None
    override: bool = False

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.amount is None) != (self.days is None):
            field = "amount" if self.amount is None else "days"
            raise wrong(N_("An amount and days are given together."), field=field)
        if self.offer is not None and self.amount is not None:
            raise wrong(N_("Give an offer, or an amount and days."), field="offer")
        return self


class NewFreeze(Input):
    """A voluntary pause of the account on [from, to)."""

    from_: Day = Field(alias="from")
    to: Day
    reason: Remark | None = None
    override: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        check_order(self.from_, self.to)
        return self


class Credit(Input):
    """A credit limit."""

    limit: MoneyOrNone
    reason: Reason


class NewFee(Input):
    """A one-off fee; `into_debt` also when funds do not cover it."""

    amount: Money
    kind: Code
    reason: Reason
    into_debt: bool = False


class NewRefund(Input):
    """Money paid back to the subscriber."""

    amount: Money
    method: Code


class BillingDay(Input):
    """Another billing day from a period's start on."""

    day: MonthDay
    from_: Day = Field(alias="from")


class Off(Input):
    """A discount that should have been: a percent or an amount."""

    percent: Percent | None = None
    amount: Money | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise wrong(N_("Give a percent or an amount, one of the two."), field="percent")
        return self


class Correction(Input):
    """What should have been true of a service on past days [from, to)."""

    service: Ordinal
    from_: Day = Field(alias="from")
    to: Day
    tariff: Code | None = None
    discount: Off | Percent | None = None
    served: bool | None = None
    incident: Line | None = None
    reason: Reason
    confirm: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        check_order(self.from_, self.to)
        if (self.to - self.from_).days > 3660:
            raise wrong(N_("At most ten years at once."), field="to")
        return self

    @property
    def percent(self) -> Decimal | None:
        """The percent of the discount, where one is stated."""
        return self.discount.percent if isinstance(self.discount, Off) else self.discount

    @property
    def amount(self) -> int | None:
        """The amount of the discount, where one is stated."""
        return self.discount.amount if isinstance(self.discount, Off) else None


class Compensation(Input):
    """An outage [from, to) of accounts or of whole buildings."""

    incident: Line
    from_: Instant = Field(alias="from")
    to: Instant
    accounts: Annotated[list[Number], Field(max_length=MOST_LISTED)] | None = None
    places: Annotated[list[Place], Field(max_length=MOST_LISTED)] | None = None
    reason: Reason
    confirm: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        check_order(self.from_, self.to)
        if (self.to - self.from_).days > 366:
            raise wrong(N_("At most a year at once."), field="to")
        if not self.accounts and not self.places:
            raise wrong(N_("Name accounts or places."), field="accounts")
        return self


class EntriesQuery(Input):
    """Which entries: posted on [from, to), after a cursor."""

    from_: Day | None = Field(default=None, alias="from")
    to: Day | None = None
    cursor: Cursor | None = None
    limit: Limit = 100

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        check_order(self.from_, self.to)
        return self


class AgeingQuery(Input):
    """The day debts are aged on; the open day unless told."""

    on: Day | None = None


class TurnoverQuery(Input):
    """The period [from, to) of a turnover sheet and the level of its rows."""

    from_: Day = Field(alias="from")
    to: Day
    by: Literal["legal_entity", "district", "building", "account"] = "legal_entity"
    place: Annotated[Line, Field(description="A building's id, or a district")] | None = None
    cursor: Cursor | None = None
    limit: Limit | None = Field(default=None, description="Pages rows of accounts")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        check_order(self.from_, self.to)
        return self
