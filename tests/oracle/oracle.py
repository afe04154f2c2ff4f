"""The oracle: a second, naive billing engine, written from the rules alone to compare with.

It plays every day of every account. What it answers is never read from the product's engine.
"""

# ruff: noqa: FBT001, FBT002, PLR0917 - calls read like the commands they stand for

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Literal

from tests.oracle import changes, corrections, forecast
from tests.oracle.calendar_periods import ONE_DAY, period_of
from tests.oracle.opening import open_day, post_fee, release, release_from, reprice, settle
from tests.oracle.state import (
    Account,
    Discount,
    Freeze,
    Mode,
    Posting,
    Promise,
    Refused,
    Rules,
    Segment,
    Service,
    State,
    Tariff,
    Version,
)

__all__ = ["Oracle", "Refused"]

LAST_BILLING_DAY = 31
WHOLE = 100


def require(holds: bool, code: str) -> None:
    """Refuse with a code when a condition does not hold."""
    if not holds:
        raise Refused(code)


class Oracle:
    """All accounts of one installation, and its open business day.

    `tax` is a list of (first day, percent); `quiet` tells of a day that nobody is cut off on it;
    `grace` is for how many days a lack of money cuts nobody off.
    """

    def __init__(
        self,
        first_day: date,
        *,
        tax: Sequence[tuple[date, int]] | None = None,
        quiet: Callable[[date], bool] | None = None,
        grace: int = 0,
    ) -> None:
        """Open the first business day."""
        self.day = first_day
        self._rules = Rules(tuple(sorted(tax or ())), quiet, grace)
        self._tariffs: dict[str, Tariff] = {}
        self._accounts: dict[str, Account] = {}

    # The price list

    def tariff(
        self, code: str, mode: Mode, fee: int, due_days: int = 0, connection_fee: int = 0
    ) -> None:
        """Add a tariff with its first fee."""
        require(code not in self._tariffs, "EXISTS")
        require(mode in {"advance", "daily", "arrears"}, "MODE")
        require(min(fee, due_days, connection_fee) >= 0, "NEGATIVE")
        self._tariffs[code] = Tariff(code, mode, fee, due_days, connection_fee)

    def version(
        self, code: str, fee: int, from_: date, existing: Literal["move", "keep"] = "move"
    ) -> None:
        """Add a price from a day on; held days it reaches are posted anew at once."""
        tariff = self._find_tariff(code)
        require(fee >= 0 and from_ >= self.day, "TOO_EARLY")
        tariff.versions.append(Version(fee, from_, existing == "move"))
        for account in self._accounts.values():
            on_it = [
                service
                for service in account.services
                if any(segment.tariff is tariff for segment in service.segments)
            ]
            for service in on_it:
                reprice(account, service, self.day)
            if on_it:
                settle(account, self.day)

    # The days

    def close_day(self) -> None:
        """Close the open day and open the next one for every account."""
        self.day += ONE_DAY
        for account in self._accounts.values():
            open_day(account, self.day)

    # Accounts and services

    def account(self, number: str, billing_day: int, credit_limit: int = 0) -> None:
        """Open an account."""
        require(number not in self._accounts, "EXISTS")
        require(1 <= billing_day <= LAST_BILLING_DAY, "BILLING_DAY")
        require(credit_limit >= 0, "NEGATIVE")
        billing_days = [(date.min, billing_day)]
        self._accounts[number] = Account(number, self._rules, billing_days, credit_limit)

    def service(
        self, number: str, tariff: str, from_: date | None = None, priority: int = 1
    ) -> int:
        """Add a service from the open day or later and give its id."""
        account = self._find(number)
        start = from_ or self.day
        require(start >= self.day, "TOO_EARLY")
        segment = Segment(start, self._find_tariff(tariff))
        service = Service(len(account.services) + 1, start, priority, [segment])
        account.services.append(service)
        account.services.sort(key=Service.place_in_order)
        settle(account, self.day)
        return service.id

    def change_tariff(
        self,
        number: str,
        service: int,
        tariff: str,
        on: changes.When = "asap",
        anyway: bool = False,
    ) -> date:
        """Change a service's tariff and give the day it takes effect."""
        account = self._find(number)
        found, new = account.find_service(service), self._find_tariff(tariff)
        return changes.change_tariff(account, found, self.day, new, on=on, anyway=anyway)

    def end(self, number: str, service: int, on: date | None = None) -> date:
        """End a service, tomorrow at the earliest; one that has not started never lives."""
        account = self._find(number)
        found = account.find_service(service)
        require(found.end is None or found.end > max(self.day, found.start), "ENDED")
        tomorrow = self.day + ONE_DAY
        require(on is None or on >= tomorrow, "TOO_EARLY")
        end = on or (tomorrow if found.start <= self.day else found.start)
        found.end = max(end, found.start)
        release_from(account, found, self.day, found.end)
        settle(account, self.day)
        return found.end

    def discount(
        self, number: str, service: int, from_: date, to: date, percent: int = 0, amount: int = 0
    ) -> None:
        """Take percent or amount off the days of [from_, to); days before today stay as they are."""
        account = self._find(number)
        found = account.find_service(service)
        require(from_ < to, "EMPTY")
        require(0 <= percent <= WHOLE and amount >= 0, "SIZE")
        require((percent == 0) != (amount == 0), "SIZE")
        found.discounts.append(Discount(from_, to, percent, amount, self.day))
        reprice(account, found, self.day)
        settle(account, self.day)

    def suspend(self, number: str, service: int, on: bool) -> None:
        """Suspend a postpaid service from tomorrow, or lift it from today."""
        account = self._find(number)
        found = account.find_service(service)
        require(found.mode_on(self.day) == "arrears", "MODE")
        require(found.end is None or found.end > max(self.day, found.start), "ENDED")
        if not on:
            found.suspended_from = None
        elif found.suspended_from is None:
            found.suspended_from = self.day + ONE_DAY
        settle(account, self.day)

    def billing_day(self, number: str, day: int, from_: date) -> None:
        """Count periods from another day of the month, from a future period start on."""
        account = self._find(number)
        require(1 <= day <= LAST_BILLING_DAY, "BILLING_DAY")
        present = account.billing_day_on(self.day)[1]
        require(from_ > self.day and period_of(present, from_)[0] == from_, "NOT_PERIOD_START")
        account.billing_days = [each for each in account.billing_days if each[0] <= self.day]
        account.billing_days.append((from_, day))
        settle(account, self.day)

    # Money

    def pay(self, number: str, amount: int) -> int:
        """Take a payment and give its id."""
        account = self._find(number)
        require(amount > 0, "AMOUNT")
        payment = len(account.payments) + 1
        account.payments[payment] = amount
        account.post(Posting(self.day, "payment", amount, 0))
        settle(account, self.day)
        return payment

    def reverse(self, number: str, payment_id: int) -> None:
        """Take a payment back, once."""
        account = self._find(number)
        require(payment_id in account.payments, "NO_PAYMENT")
        require(payment_id not in account.reversed_payments, "ALREADY")
        account.reversed_payments.add(payment_id)
        account.post(Posting(self.day, "reversal", -account.payments[payment_id], 0))
        settle(account, self.day)

    def promise(self, number: str, amount: int, days: int, fee: int = 0) -> None:
        """Lend an amount until the opening of today + days."""
        account = self._find(number)
        require(amount > 0 and days > 0 and fee >= 0, "SIZE")
        require(all(each.automatic for each in account.promises), "ALREADY")
        require(not account.frozen_on(self.day), "FROZEN")
        for replaced in account.promises:
            replaced.outcome = "replaced"
        account.ended_promises += account.promises
        account.promises = []
        account.promises.append(Promise(amount, self.day + days * ONE_DAY, automatic=False))
        post_fee(account, self.day, "promise", fee)
        settle(account, self.day)

    def credit(self, number: str, limit: int) -> None:
        """Set the credit limit."""
        account = self._find(number)
        require(limit >= 0, "NEGATIVE")
        account.credit_limit = limit
        settle(account, self.day)

    def fee(self, number: str, amount: int, into_debt: bool = False) -> None:
        """Charge a one-off fee that funds cover, or any if into debt."""
        account = self._find(number)
        require(amount > 0, "AMOUNT")
        missing = amount - account.funds(self.day)
        if missing > 0 and not into_debt:
            raise Refused("NOT_COVERED", missing)
        post_fee(account, self.day, "fee", amount)
        settle(account, self.day)

    # Freezes

    def freeze(self, number: str, from_: date, to: date) -> int:
        """Freeze the account on the days of [from_, to) and give the freeze's id."""
        account = self._find(number)
        require(from_ > self.day, "TOO_EARLY")
        require(from_ < to, "EMPTY")
        real = [each for each in account.freezes if each.from_ < each.to]
        require(all(to <= each.from_ or each.to <= from_ for each in real), "OVERLAP")
        account.freezes.append(Freeze(from_, to))
        for service in account.services:
            held = [day for day in service.held if from_ <= day < to]
            release(account, service, self.day, held)
        settle(account, self.day)
        return len(account.freezes)

    def unfreeze(self, number: str, freeze_id: int, on: date | None = None) -> None:
        """End a freeze tomorrow at the earliest; one not begun may end where it starts."""
        account = self._find(number)
        require(1 <= freeze_id <= len(account.freezes), "NO_FREEZE")
        freeze = account.freezes[freeze_id - 1]
        require(freeze.to > max(self.day, freeze.from_), "ENDED")
        tomorrow = self.day + ONE_DAY
        freeze.to = min(freeze.to, max(freeze.from_, tomorrow, on or tomorrow))
        settle(account, self.day)

    # Corrections of the past

    def compensate(self, number: str, from_dt: datetime, to_dt: datetime, incident: str) -> int:
        """Give back the past dates an outage touched and give the amount."""
        dates = corrections.touched_dates(from_dt, to_dt)
        return corrections.compensate(self._find(number), self.day, dates, incident)

    def recalculate(
        self,
        number: str,
        service: int,
        from_: date,
        to: date,
        tariff: str | None = None,
        discount_percent: int | None = None,
        served: bool | None = None,
        confirm: bool = False,
    ) -> list[corrections.Difference]:
        """Compare the past days of [from_, to) with what should have been; post if confirmed."""
        account = self._find(number)
        found = account.find_service(service)
        require(discount_percent is None or 0 <= discount_percent <= WHOLE, "SIZE")
        stated = None if tariff is None else self._find_tariff(tariff)
        truth = corrections.Truth(from_, to, stated, discount_percent, served)
        return corrections.recalculate(account, found, self.day, truth, confirm=confirm)

    # Answers

    def balance(self, number: str) -> int:
        """Sum the account's postings."""
        return sum(posting.amount for posting in self._find(number).postings)

    def funds(self, number: str) -> int:
        """Give what step 4 may spend today."""
        return self._find(number).funds(self.day)

    def served(self, number: str, service: int, day: date) -> bool:
        """Tell whether a service was served on a day."""
        return day in self._find(number).find_service(service).served

    def net(self, number: str, service: int, day: date) -> int:
        """Give what is charged for a day, net of corrections."""
        return self._find(number).find_service(service).net.get(day, 0)

    def state(self, number: str, service: int) -> State:
        """Give what a service is today."""
        account = self._find(number)
        found = account.find_service(service)
        if found.end is not None and found.end <= max(self.day, found.start):
            return "ended"
        if self.day < found.start:
            return "planned"
        if account.frozen_on(self.day):
            return "frozen"
        return "served" if self.day in found.served else "suspended"

    def money_lasts_until(self, number: str) -> date | None:
        """Give the last day on which all prepaid services served now stay served."""
        return forecast.money_lasts_until(self._find(number), self.day)

    def postings(self, number: str) -> tuple[Posting, ...]:
        """Give the account's entries, oldest first."""
        return tuple(self._find(number).postings)

    def promised(self, number: str) -> list[tuple[bool, int, date, str]]:
        """Give every promise so far: automatic or not, amount, the day that ends it, outcome."""
        known = [(p.automatic, p.amount, p.ends, p.outcome) for p in self.promises(number)]
        return sorted(known, key=str)

    def taxed(self, number: str, service: int) -> dict[int, int]:
        """Give what is charged for the days of a service under each tax rate in percent."""
        return self._find(number).taxed(service)

    def promises(self, number: str) -> tuple[Promise, ...]:
        """Give the account's promises with their outcomes, ended ones first."""
        account = self._find(number)
        return (*account.ended_promises, *account.promises)

    def _find(self, number: str) -> Account:
        require(number in self._accounts, "NO_ACCOUNT")
        return self._accounts[number]

    def _find_tariff(self, code: str) -> Tariff:
        require(code in self._tariffs, "NO_TARIFF")
        return self._tariffs[code]
