"""The book of one account: everything the engine must know to charge it, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from abonent.billing.rules.periods import DAY, FAR, BillingDay, Period, tax_in
from abonent.billing.rules.taxes import NO_TAX, Tax


class Mode(StrEnum):
    """How a tariff is charged (ENGINE 3)."""

    ADVANCE = "advance"
    DAILY = "daily"
    ARREARS = "arrears"


class Kind(StrEnum):
    """What an entry is."""

    CHARGE = "charge"
    CONNECTION = "connection"
    FEE = "fee"
    PROMISE_FEE = "promise_fee"
    FREEZE_FEE = "freeze_fee"
    PAYMENT = "payment"
    REVERSAL = "reversal"
    RETURN = "return"
    ADJUSTMENT = "adjustment"
    CORRECTION = "correction"
    COMPENSATION = "compensation"
    REFUND = "refund"
    BONUS = "bonus"
    WRITE_OFF = "write_off"
    OPENING = "opening"


CHARGE_KINDS = frozenset(
    {Kind.CHARGE, Kind.CONNECTION, Kind.FEE, Kind.PROMISE_FEE, Kind.FREEZE_FEE}
)
"""Entries that charge; all other service entries correct one of them."""

FEE_KINDS = CHARGE_KINDS - {Kind.CHARGE}
"""What is charged once, for no days."""

MONEY_ONLY = frozenset({Kind.ADJUSTMENT, Kind.CORRECTION, Kind.COMPENSATION})
"""Corrections of money that leave it true that the day was served."""


class PromiseState(StrEnum):
    """A promise lives to its day and is judged once; one of the engine's own may be replaced."""

    ACTIVE = "active"
    KEPT = "kept"
    BROKEN = "broken"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Version:
    """A price of a tariff from a day on; `moves` carries existing services along."""

    id: int
    valid_from: date
    fee: int
    moves: bool = True


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a service costs and how it is charged; `versions` sorted by date."""

    id: int
    code: str
    name: str
    kind: str
    mode: Mode
    versions: tuple[Version, ...]
    due_days: int = 0
    connection_fee: int = 0
    tax: Tax = NO_TAX


class Term(NamedTuple):
    """From `since` on, a service runs on `tariff`."""

    since: date
    tariff: Tariff


@dataclass(frozen=True, slots=True)
class Discount:
    """Off a service's fee on [starts_on, ends_on): hundredths of a percent, or an amount.

    Days before `recorded_on` keep the fee they had; only a recalculation reaches them.
    """

    no: int
    starts_on: date
    ends_on: date
    percent: int = 0
    amount: int = 0
    recorded_on: date = date.min


class Span(NamedTuple):
    """Days [start, end), as freezes and hand suspensions have them."""

    start: date
    end: date

    def holds(self, day: date) -> bool:
        """True on each day of the span."""
        return self.start <= day < self.end


@dataclass(frozen=True, slots=True)
class Freeze:
    """A voluntary pause of the whole account on [starts_on, ends_on)."""

    no: int
    starts_on: date
    ends_on: date


@dataclass(slots=True)
class Promise:
    """A promised payment: counts as funds until the opening of `ends_on`."""

    no: int
    amount: int
    granted_on: date
    ends_on: date
    state: PromiseState = PromiseState.ACTIVE
    automatic: bool = False


class Slice(NamedTuple):
    """Days [start, end) of one fee inside one billing period: a line of a calculation."""

    start: date
    end: date
    period: Period
    version: int
    base: int
    percent: int
    off: int
    fee: int


@dataclass(slots=True)
class Charge:
    """A charge that still matters: it holds days, or it is not yet due.

    `amounts` maps each day it holds to the money still held for it, net of corrections.
    """

    no: int
    posted_on: date
    mode: Mode
    amounts: dict[date, int]
    tax_code: str
    tax_rate: int
    due_on: date | None = None


@dataclass(slots=True)
class Posting:
    """One entry to be written; `amount` is signed as the subscriber's balance moves."""

    no: int
    day: date
    kind: Kind
    amount: int
    service: int | None = None
    tariff: Tariff | None = None
    period: Span | None = None
    through: date | None = None
    slices: list[Slice] = field(default_factory=list)
    amounts: dict[date, int] | None = None
    tax_code: str | None = None
    tax_rate: int = 0
    corrects: int | None = None
    due_on: date | None = None
    source: str | None = None
    note: dict[str, object] = field(default_factory=dict)
    settles: tuple[int, ...] = ()

    @property
    def tax(self) -> int:
        """The tax inside the amount, with its sign."""
        return tax_in(self.amount, self.tax_rate)


@dataclass(slots=True)
class Service:
    """One service of the account, with the charges that still hold days for it.

    `served` is the outcome of the latest opening; `settled_to` the first day of a daily
    service, `billed_to` the first day of a postpaid one, that no entry charges yet. `accrued`
    is, while a day opens, the entry just posted for the days before it.
    """

    no: int
    starts_on: date
    terms: tuple[Term, ...]
    priority: int = 1
    ends_on: date = FAR
    discounts: tuple[Discount, ...] = ()
    pauses: tuple[Span, ...] = ()
    compensated: frozenset[date] = frozenset()
    served: bool = False
    was_served: bool = False
    settled_to: date = date.min
    billed_to: date = date.min
    connection_fee: int = 0
    charges: list[Charge] = field(default_factory=list)
    place: int | None = None
    accrued: Posting | None = None

    @property
    def order(self) -> tuple[int, date, int]:
        """The place in the queue for money: priority, then start, then creation."""
        return self.priority, self.starts_on, self.no

    def living(self, day: date) -> bool:
        """True from the start until the end."""
        return self.starts_on <= day < self.ends_on

    def term_on(self, day: date) -> Term:
        """The term in force on a day (the first one before the start)."""
        current = self.terms[0]
        for term in self.terms[1:]:
            if term.since > day:
                break
            current = term
        return current

    def next_term(self, day: date) -> date:
        """The first change of tariff after a day."""
        return next((t.since for t in self.terms[1:] if t.since > day), FAR)

    def mode_on(self, day: date) -> Mode:
        """The charge mode in force on a day."""
        return self.term_on(day).tariff.mode

    def ever(self, mode: Mode) -> bool:
        """True when some term of the service is charged in this mode."""
        return any(term.tariff.mode is mode for term in self.terms)

    def paused(self, day: date) -> bool:
        """True on days suspended by hand."""
        return any(pause.holds(day) for pause in self.pauses)

    def covered(self, day: date) -> bool:
        """True when some prepaid charge holds the day."""
        return any(day in c.amounts for c in self.charges if c.mode is not Mode.ARREARS)

    def held_days(self) -> set[date]:
        """All days that prepaid charges hold."""
        return {day for c in self.charges if c.mode is not Mode.ARREARS for day in c.amounts}


class Transition(NamedTuple):
    """A service that was cut off or came back, for whoever follows it."""

    service: int
    day: date
    served: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """What the provider allows the engine to do by itself."""

    grace_days: int = 0
    quiet_days: bool = False
    days_off: frozenset[date] = frozenset()

    @property
    def grants(self) -> bool:
        """True when promises may be granted automatically."""
        return self.quiet_days or self.grace_days > 0

    def may_cut(self, day: date) -> bool:
        """False on a day off and on the day before one, where quiet days are kept."""
        return not self.quiet_days or not {day, day + DAY} & self.days_off


@dataclass(slots=True)
class Book:
    """One account, brought to the opening of `day`; `postings` are what changed since loading.

    `promise` is the active one that somebody gave, `automatic` the engine's own beside it.
    """

    account: int
    day: date
    billing_days: tuple[BillingDay, ...]
    balance: int = 0
    credit_limit: int = 0
    promise: Promise | None = None
    automatic: Promise | None = None
    freezes: tuple[Freeze, ...] = ()
    services: list[Service] = field(default_factory=list)
    last_no: int = 0
    last_promise: int = 0
    bonus_left: int = 0
    bonus_used: int = 0
    policy: Policy = Policy()
    postings: list[Posting] = field(default_factory=list)
    ended: list[Promise] = field(default_factory=list)
    granted: list[Promise] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)

    def frozen(self, day: date) -> bool:
        """True on each day of a freeze."""
        return any(f.starts_on <= day < f.ends_on for f in self.freezes)

    def service(self, no: int) -> Service:
        """The service with a number; StopIteration is a broken caller."""
        return next(s for s in self.services if s.no == no)

    def in_order(self) -> list[Service]:
        """The services in the order in which money reaches them."""
        return sorted(self.services, key=lambda s: s.order)


def copied(book: Book) -> Book:
    """A copy to try things on: nothing done to it reaches the original."""
    return replace(
        book,
        promise=book.promise and replace(book.promise),
        automatic=book.automatic and replace(book.automatic),
        services=[
            replace(s, charges=[replace(c, amounts=dict(c.amounts)) for c in s.charges])
            for s in book.services
        ],
        postings=[],
        ended=[],
        granted=[],
        transitions=[],
    )
