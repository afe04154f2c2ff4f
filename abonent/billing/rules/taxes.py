"""Tax codes with their dated rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


class TaxRate(NamedTuple):
    """From a day on, a tax code stands for `rate` hundredths of a percent."""

    since: date
    rate: int


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax code with its dated rates, sorted by date."""

    code: str
    rates: tuple[TaxRate, ...]

    def rate_on(self, day: date) -> int:
        """The rate in force on a day, 0 before the first."""
        return max((r for r in self.rates if r.since <= day), default=TaxRate(day, 0)).rate


NO_TAX = Tax("none", ())
