"""Days as files write them."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

_FIRST, _LAST = date(1900, 1, 1), date(2999, 12, 31)


@lru_cache(maxsize=4096)
def read_day(text: str, pattern: str) -> date | None:
    """A day written by a pattern of `strptime`; None for anything else."""
    try:
        day = datetime.strptime(text, pattern).date()  # noqa: DTZ007  a day has no zone
    except ValueError:
        return None
    return day if _FIRST <= day <= _LAST else None
