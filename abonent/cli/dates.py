"""Dates as arguments of commands."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date

_FIRST, _LAST = date(2000, 1, 1), date(2999, 12, 31)


def day_argument(text: str) -> date:
    """Read YYYY-MM-DD or DD.MM.YYYY for argparse; an impossible day is refused by name."""
    parts = text.strip().split(".")
    written = "-".join(reversed(parts)) if len(parts) == 3 else text.strip()
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a date; expected YYYY-MM-DD") from None
    if not _FIRST <= day <= _LAST:
        raise ArgumentTypeError(f"{text!r} is outside {_FIRST} to {_LAST}")
    return day
