"""Money: whole minor units (kopecks), rounded half up, read and written without a float."""

from __future__ import annotations

import re
from dataclasses import dataclass

MINUS = "\N{MINUS SIGN}"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
LARGEST = 2**63 - 1
"""What a `bigint` holds; a larger amount is a typing error, not money."""

_AMOUNT = re.compile(r"([+-]?)([0-9]+)(?:[.,]([0-9]+))?")
_BLANKS = str.maketrans(
    {" ": None, "\t": None, NO_BREAK_SPACE: None, "\N{NARROW NO-BREAK SPACE}": None}
)
_SYMBOLS = {"RUB": "₽", "EUR": "€", "USD": "$", "KZT": "₸", "BYN": "Br", "UAH": "₴", "AMD": "֏"}


@dataclass(frozen=True, slots=True)
class Currency:
    """The currency of the installation and how many digits its minor unit has."""

    code: str = "RUB"
    digits: int = 2

    @property
    def symbol(self) -> str:
        """The sign printed beside an amount; the code itself where no sign is common."""
        return _SYMBOLS.get(self.code, self.code)


class TooFineAmount(ValueError):
    """An amount with more digits after the mark than the currency has."""


class _Installed:
    """Holds the one currency of this process; every amount in it is of this currency."""

    currency = Currency()


def use_currency(currency: Currency) -> None:
    """Set the installation's currency; called once, when the database is opened."""
    _Installed.currency = currency


def installed_currency() -> Currency:
    """Answer the installation's currency."""
    return _Installed.currency


def half_up(numerator: int, denominator: int) -> int:
    """Divide and round half up, away from zero for negatives, so that -x mirrors x.

    half_up(5, 2) = 3, half_up(-5, 2) = -3, half_up(4, 3) = 1.
    """
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    if numerator >= 0:
        return (2 * numerator + denominator) // (2 * denominator)
    return -((denominator - 2 * numerator) // (2 * denominator))


def parse_amount(text: str, digits: int = 2) -> int:
    """Read an amount in major units ("1 234,56", "-0.5") into minor units.

    Spaces group digits; the mark is a point or a comma. Raises ValueError for anything else, also
    for more digits after the mark than the currency has: rounding input would invent money.
    """
    match = _AMOUNT.fullmatch(text.translate(_BLANKS).replace(MINUS, "-"))
    if match is None:
        raise ValueError("not an amount")
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if len(fraction.rstrip("0")) > digits:
        raise TooFineAmount
    amount = int(whole + fraction[:digits].ljust(digits, "0"))
    if amount > LARGEST:
        raise ValueError("too large an amount")
    return -amount if sign == "-" else amount


def format_money(
    amount: int, language: str, *, sign: bool = False, currency: bool | str = True
) -> str:
    """Write minor units for a reader: 123456 is "1 234,56 ₽" in Russian, "₽1,234.56" in English.

    `sign=True` marks positive amounts with a plus. `currency` may be False (no symbol) or another
    symbol to print.
    """
    installed = _Installed.currency
    symbol = currency if isinstance(currency, str) else installed.symbol if currency else ""
    figures = _figures(abs(amount), installed.digits, language)
    mark = MINUS if amount < 0 else "+" if sign and amount > 0 else ""
    if not symbol:
        return mark + figures
    if language == "ru":
        return f"{mark}{figures}{NO_BREAK_SPACE}{symbol}"
    gap = NO_BREAK_SPACE if symbol.isalpha() else ""
    return f"{mark}{symbol}{gap}{figures}"


def plain_amount(amount: int) -> str:
    """Write minor units for a file or a form field: -123456 is "-1234.56"."""
    digits = _Installed.currency.digits
    whole, fraction = divmod(abs(amount), 10**digits)
    text = f"{whole}.{fraction:0{digits}}" if digits else str(whole)
    return f"-{text}" if amount < 0 else text


def _figures(amount: int, digits: int, language: str) -> str:
    whole, fraction = divmod(amount, 10**digits)
    grouped = f"{whole:,}"
    point = "."
    if language == "ru":
        grouped, point = grouped.replace(",", NO_BREAK_SPACE), ","
    return f"{grouped}{point}{fraction:0{digits}}" if digits else grouped
