"""JSON as PostgreSQL and the outside world get it; dates are written as ISO text."""

from __future__ import annotations

from typing import Any

import orjson


def to_json(value: Any) -> str:
    """Write a value as JSON text, keys in a fixed order so that equal values are equal texts."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


def from_json(text: str | bytes) -> Any:
    """Read JSON text; asyncpg hands over `jsonb` columns as text."""
    return orjson.loads(text)
