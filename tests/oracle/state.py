"""What the oracle remembers: tariffs, services with their days, accounts with their postings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from tests.oracle.calendar_periods import half_up, period_of

Mode = Literal["advance", "daily", "arrears"]
State = Literal["planned", "served", "suspended", "frozen", "ended"]


class Refused(Exception):
    """A call the rules do not allow; `missing` is the money it lacks, where money is the reason."""

    def __init__(self, code: str, missing: int = 0) -> None:
        """Keep the code and the missing amount."""
        super().__init__(code, missing)
        self.code = code
        self.missing = missing


@dataclass(frozen=True)
class Rules:
    """The company's choices: dated tax rates in percent, the days nobody is cut off, days of grace."""

    tax: tuple[tuple[date, int], ...] = ()
    quiet: Callable[[date], bool] | None = None
    grace: int = 0

    def rate_on(self, day: date) -> int:
        """Give the tax rate of a day in percent, 0 when none is in force yet."""
        return next((rate for start, rate in reversed(self.tax) if start <= day), 0)

    def cutting_off(self, today: date) -> date:
        """Give the first day on which a service that lacks money since today may be cut off."""
        day = today + timedelta(days=self.grace)
        while self.quiet is not None and self.quiet(day):
            day += timedelta(days=1)
        return day


@dataclass(frozen=True)
class Version:
    """A price of a tariff from a day on; `moves` says whether services already on it follow."""

    fee: int
    from_: date
    moves: bool


@dataclass
class Tariff:
    """A tariff with its first fee and the later versions in the order they were recorded."""

    code: str
    mode: Mode
    fee: int
    due_days: int
    connection_fee: int
    versions: list[Version] = field(default_factory=list)

    def fee_on(self, day: date, segment_start: date) -> int:
        """Give the fee of the newest version that reaches a segment on a day."""
        if not self.versions:
            return self.fee
        reaching = [
            version
            for version in self.versions
            if version.from_ <= day and (version.moves or segment_start >= version.from_)
        ]
        # max() keeps the first of equals, so the last recorded one must come first.
        newest = max(reversed(reaching), key=lambda version: version.from_, default=None)
        return self.fee if newest is None else newest.fee


@dataclass(frozen=True)
class Segment:
    """A stretch of a service's life on one tariff, from a day to the next segment."""

    from_: date
    tariff: Tariff


@dataclass(frozen=True)
class Discount:
    """Percent or amount off the fee on the days of [from_, to)."""

    from_: date
    to: date
    percent: int
    amount: int
    recorded: date


@dataclass(eq=False)
class Charge:
    """One posting of days; the amount is kept net of corrections, for arrears."""

    day: date
    amount: int
    due: date


@dataclass(eq=False)
class Service:
    """One service; `held` maps covered days from today on to the charge that holds them."""

    id: int
    start: date
    priority: int
    segments: list[Segment]
    end: date | None = None
    connected: bool = False
    suspended_from: date | None = None
    discounts: list[Discount] = field(default_factory=list)
    held: dict[date, Charge] = field(default_factory=dict)
    billed: dict[date, Charge] = field(default_factory=dict)
    net: dict[date, int] = field(default_factory=dict)
    served: set[date] = field(default_factory=set)
    compensated: set[date] = field(default_factory=set)

    def lives_on(self, day: date) -> bool:
        """Tell whether the day lies in [start, end)."""
        return self.start <= day and (self.end is None or day < self.end)

    def segment_on(self, day: date) -> Segment:
        """Give the segment of a day; before the start, the first one."""
        for segment in reversed(self.segments):
            if segment.from_ <= day:
                return segment
        return self.segments[0]

    def mode_on(self, day: date) -> Mode:
        """Give the charge mode of a day."""
        return self.segment_on(day).tariff.mode

    def place_in_order(self) -> tuple[int, date, int]:
        """Give the key of step 4: priority, then start, then order of creation."""
        return self.priority, self.start, self.id


@dataclass
class Freeze:
    """The whole account rests on the days of [from_, to)."""

    from_: date
    to: date


@dataclass
class Promise:
    """Money lent until the opening of the day `ends`; judged there."""

    amount: int
    ends: date
    automatic: bool
    outcome: Literal["active", "kept", "broken", "replaced"] = "active"


@dataclass(frozen=True)
class Posting:
    """One entry: a signed amount on the account, and the days it is made of if it has any."""

    day: date
    kind: str
    amount: int
    rate: int
    service: int | None = None
    days: tuple[date, ...] = ()

    @property
    def tax(self) -> int:
        """Give the tax inside the amount, with the sign of the charge (positive = charged)."""
        tax = half_up(abs(self.amount) * self.rate, 100 + self.rate)
        return tax if self.amount < 0 else -tax


@dataclass
class Account:
    """An account: its billing days by date, its services in the order of step 4, its money.

    `promises` are the active ones, `undue` the arrears charges whose due day was not reached at
    the day's opening.
    """

    number: str
    rules: Rules
    billing_days: list[tuple[date, int]]
    credit_limit: int
    services: list[Service] = field(default_factory=list)
    freezes: list[Freeze] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    ended_promises: list[Promise] = field(default_factory=list)
    payments: dict[int, int] = field(default_factory=dict)
    reversed_payments: set[int] = field(default_factory=set)
    undue: list[Charge] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    # Always the sum of postings: kept beside the list only because it is asked so often.
    balance: int = 0

    def frozen_on(self, day: date) -> bool:
        """Tell whether a freeze covers the day."""
        return any(freeze.from_ <= day < freeze.to for freeze in self.freezes)

    def billing_day_on(self, day: date) -> tuple[date, int]:
        """Give since when a billing day has been in force, and the billing day."""
        for entry in reversed(self.billing_days):
            if entry[0] <= day:
                return entry
        return self.billing_days[0]

    def share_period(self, day: date) -> tuple[date, date]:
        """Give the whole period whose share the day costs."""
        return period_of(self.billing_day_on(day)[1], day)

    def period_start(self, day: date) -> date:
        """Give the first day charged with this one: a change of billing day starts a tail."""
        since, billing_day = self.billing_day_on(day)
        return max(since, period_of(billing_day, day)[0])

    def funds(self, today: date) -> int:
        """Give balance + arrears not yet due + credit limit + active promises."""
        return self.money(today) + sum(promise.amount for promise in self.promises)

    def money(self, today: date) -> int:
        """Give funds without what was only promised."""
        undue = sum(charge.amount for charge in self.undue if today < charge.due)
        return self.balance + self.credit_limit + undue

    def lent(self) -> Promise | None:
        """Give the active promise that nobody asked for."""
        return next((promise for promise in self.promises if promise.automatic), None)

    def taxed(self, service: int) -> dict[int, int]:
        """Give what is charged for the days of a service under each tax rate in percent."""
        charged: dict[int, int] = {}
        for posting in self.postings:
            if posting.service == service and posting.days:
                charged[posting.rate] = charged.get(posting.rate, 0) - posting.amount
        return {rate: amount for rate, amount in charged.items() if amount}

    def post(self, posting: Posting) -> None:
        """Append an entry; a row of nothing is not written."""
        if posting.amount:
            self.postings.append(posting)
            self.balance += posting.amount

    def find_service(self, service: int) -> Service:
        """Give a service by its id."""
        found = next((each for each in self.services if each.id == service), None)
        if found is None:
            raise Refused("NO_SERVICE")
        return found
