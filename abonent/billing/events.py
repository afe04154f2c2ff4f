"""What happened in billing, for the departments above it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PaymentTaken:
    """Money came in."""

    account_id: int
    entry_no: int
    amount: int
    source: str


@dataclass(frozen=True, slots=True)
class PaymentReversed:
    """A payment was taken back by entry `entry_no`; the amount is that of the payment."""

    account_id: int
    entry_no: int
    payment_no: int
    amount: int
    source: str


@dataclass(frozen=True, slots=True)
class MoneyRefunded:
    """The subscriber's own unspent money was paid back by entry `entry_no`."""

    account_id: int
    entry_no: int
    amount: int
    method: str


@dataclass(frozen=True, slots=True)
class PromiseGiven:
    """A promised payment was given by hand or taken on the portal; `ends_on` is the day after it."""

    account_id: int
    promise_no: int
    amount: int
    ends_on: date


@dataclass(frozen=True, slots=True)
class PromiseJudged:
    """A promised payment came to its day: kept, or broken."""

    account_id: int
    promise_no: int
    kept: bool
    automatic: bool


@dataclass(frozen=True, slots=True)
class ServiceSwitched:
    """A service was cut off for want of money, or is served again."""

    account_id: int
    service_no: int
    day: date
    served: bool
