"""A real telecom base as this provider's: import files for it, and how each customer pays.

A plan is a tariff per kind of connection, charge mode and monthly charge, so that everybody pays what they
paid in truth. Monthly contracts are prepaid, yearly ones postpaid, two-year fibre is charged by the day. The
number of the row gives what the data lack: the billing day and the house.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from abonent.billing.rules.periods import clamped, period_of
from abonent.kernel.money import parse_amount, plain_amount

SOURCE = Path(__file__).parents[1] / "data" / "telco_customers.csv"
TARIFFS = "code;name;kind;mode;fee;due_days;tax_code"
SUBSCRIBERS = (
    "account;contract_date;name;district;street;house;flat;billing_day;tariffs;paid_until;"
    "opening_balance"
)
KINDS = {"Fiber optic": "internet", "DSL": "internet", "No": "phone"}
METHODS = {
    "Bank transfer (automatic)": "bank",
    "Credit card (automatic)": "card",
    "Electronic check": "online",
    "Mailed check": "mail",
}


@dataclass(frozen=True, slots=True)
class Customer:
    """A row of the data as a subscriber of ours; money in cents."""

    no: int
    tenure: int
    connection: str
    contract: str
    method: str
    monthly: int
    total: int
    left: bool

    @property
    def mode(self) -> str:
        if self.contract == "One year":
            return "arrears"
        fibre = self.contract == "Two year" and self.connection == "Fiber optic"
        return "daily" if fibre else "advance"

    @property
    def tariff(self) -> str:
        return f"{self.connection.split()[0].lower()}-{self.mode}-{self.monthly}"

    @property
    def billing_day(self) -> int:
        return 1 + self.no % 28

    @property
    def difference(self) -> int:
        """What the present price would have brought beyond what was charged, a month's fee at most."""
        beyond = self.total - self.monthly * self.tenure
        return max(-self.monthly, min(self.monthly, beyond)) if self.total else 0


def customers() -> list[Customer]:
    with SOURCE.open(encoding="utf-8", newline="") as file:
        return [
            Customer(
                no=int(row["customer_no"]),
                tenure=int(row["tenure"]),
                connection=row["internet_service"],
                contract=row["contract"],
                method=METHODS[row["payment_method"]],
                monthly=parse_amount(row["monthly_charges"]),
                total=parse_amount(row["total_charges"]) if row["total_charges"] else 0,
                left=row["churn"] == "Yes",
            )
            for row in csv.DictReader(file)
        ]


def tariffs_file(base: list[Customer]) -> str:
    plans = {one.tariff: one for one in base}
    lines = [
        f"{code};{one.connection} {one.mode} {plain_amount(one.monthly)};{KINDS[one.connection]};"
        f"{one.mode};{plain_amount(one.monthly)};15;vat"
        for code, one in sorted(plans.items())
    ]
    return "\n".join([TARIFFS, *lines, ""])


def subscribers_file(base: list[Customer], first: date) -> str:
    lines = []
    for one in base:
        months = first.year * 12 + first.month - 1 - one.tenure
        since = clamped(months // 12, months % 12 + 1, one.billing_day)
        since = min(since, first)
        paid = "" if one.mode == "arrears" else period_of(first, one.billing_day).end - timedelta(1)
        lines.append(
            f"{one.no};{since};Customer {one.no};District {one.no % 7};Street {one.no % 53};"
            f"{one.no % 40};{one.no};{one.billing_day};{one.tariff};{paid};"
            f"{plain_amount(one.difference)}"
        )
    return "\n".join([SUBSCRIBERS, *lines, ""])


def payments(
    base: list[Customer], first: date, last: date
) -> dict[date, list[tuple[int, int, str]]]:
    """Who pays how much and where on each day: by the method, and not at all once they left."""
    coming: dict[date, list[tuple[int, int, str]]] = {}
    for one in base:
        for month, start in enumerate(_starts(first, last, one.billing_day)):
            if one.left and month >= one.no % 12:
                break
            for on, amount in _paid(one, month, start):
                if first <= on <= last:
                    coming.setdefault(on, []).append((one.no, amount, one.method))
    return coming


def _starts(first: date, last: date, billing_day: int) -> Iterator[date]:
    month = first.replace(day=1)
    while month <= last:
        yield clamped(month.year, month.month, billing_day)
        month = (month + timedelta(32)).replace(day=1)


def _paid(one: Customer, month: int, start: date) -> Iterator[tuple[date, int]]:
    """Automatic payers a day ahead, online ones around the day, letters late and at times double."""
    luck = (one.no * 7 + month * 13) % 20
    if one.method in {"bank", "card"}:
        yield start - timedelta(1), one.monthly
    elif one.method == "online":
        yield start + timedelta(luck % 9 - 4), one.monthly
    elif luck:
        yield start + timedelta(luck % 12 - 2), one.monthly * (2 if luck == 19 else 1)
