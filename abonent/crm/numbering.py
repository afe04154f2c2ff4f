"""How numbers of contracts and acts are made; pure functions.

A pattern is a text with {n} (the counter, {n:05} for at least five digits) and, where wanted,
{year}, {yy} and {month}. Numbers that differ only in the counter are one run, counted from 1.
"""

from __future__ import annotations

import re
from datetime import date

from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.texts import given_text

LONGEST = 40
DEFAULT_PATTERNS = {
    "contract": "{year}-{n:05}",
    "owner_act": "{year}-{n:04}",
    "claim": "{year}-{n}",
}
"""Where a legal entity has no plan of its own."""

_PART = re.compile(r"\{([^{}]*)\}")
_COUNTER = re.compile(r"n(?::0([1-9]))?")
_DATED = {
    "year": lambda day: f"{day.year}",
    "yy": lambda day: f"{day.year % 100:02}",
    "month": lambda day: f"{day.month:02}",
}


def check_pattern(pattern: str, *, field: str = "pattern") -> str:
    """Check a pattern; answers it trimmed. Raises Malformed."""
    text = pattern.strip()
    parts = _PART.findall(text)
    counters = [part for part in parts if _COUNTER.fullmatch(part)]
    unknown = [part for part in parts if part not in _DATED and part not in counters]
    rest = _PART.sub("", text)
    if unknown or "{" in rest or "}" in rest:
        wrong = N_("Only {places} may stand in a number plan.")
        places = "{n}, {n:05}, {year}, {yy}, {month}"
        raise Malformed.of(field, pattern, wrong, places=places)
    if len(counters) != 1:
        wrong = N_("“{given}” must hold the counter once, such as {example}.")
        raise Malformed.of(field, pattern, wrong, given=pattern, example="{year}-{n:05}")
    return given_text(field, text, longest=LONGEST)


def run_of(pattern: str, day: date) -> str:
    """The run that numbers of this day belong to.

    >>> run_of("{year}-{n:05}", date(2026, 3, 1))
    '2026-'
    """
    return _PART.sub(lambda part: _dated(part[1], day, ""), pattern)


def number_of(pattern: str, day: date, count: int) -> str:
    """The number with this counter.

    >>> number_of("Д-{yy}/{n:04}", date(2026, 3, 1), 17)
    'Д-26/0017'
    """

    def written(part: re.Match[str]) -> str:
        counter = _COUNTER.fullmatch(part[1])
        width = int(counter[1] or 0) if counter else 0
        return _dated(part[1], day, str(count).zfill(width))

    return _PART.sub(written, pattern)


def _dated(part: str, day: date, counter: str) -> str:
    return _DATED[part](day) if part in _DATED else counter
