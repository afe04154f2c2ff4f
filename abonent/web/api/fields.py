"""The kinds of values the API takes: money, dates, instants, codes and texts."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from abonent.kernel.i18n import N_

LARGEST = 10**12
"""Ten thousand million major units: anything larger is a slip of the hand."""

MOST_NUMBER = 2**31 - 1
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}.*")


def wrong(msgid: str, **params: Any) -> PydanticCustomError:
    """The error of a check of our own; `msgid` is translated when it is told."""
    return PydanticCustomError("said", "{msgid}", {"msgid": msgid, "params": params})


def read_day(value: Any) -> Any:
    """A date written YYYY-MM-DD, between the years 2000 and 2199."""
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise wrong(N_("A date is written YYYY-MM-DD."))
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise wrong(N_("There is no such date.")) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise wrong(N_("A date lies between {first} and {last}."), first=FIRST_DAY, last=LAST_DAY)
    return day


def read_when(value: Any) -> Any:
    """`asap`, `next-period` or a date."""
    return value if value in ("asap", "next-period") else read_day(value)


def read_instant(value: Any) -> Any:
    """A time with its zone: 2026-04-01T10:00:00+03:00."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise wrong(N_("A time is written YYYY-MM-DDTHH:MM:SS with its zone, +03:00 or Z."))
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise wrong(N_("There is no such time.")) from None
    if instant.tzinfo is None:
        raise wrong(N_("A time is written YYYY-MM-DDTHH:MM:SS with its zone, +03:00 or Z."))
    read_day(instant.date().isoformat())
    return instant


def read_percent(value: Any) -> Any:
    """A percent between 0 and 100, with two digits after the point at most."""
    if value is None:
        return None
    if isinstance(value, bool | str):
        raise wrong(N_("A percent is a number."))
    try:
        percent = Decimal(str(value))
    except InvalidOperation:
        raise wrong(N_("A percent is a number.")) from None
    if not 0 <= percent <= 100 or percent != percent.quantize(Decimal("0.01")):
        raise wrong(N_("A percent lies between 0 and 100, with two digits after the point."))
    return percent


def read_count(value: Any) -> Any:
    """A whole number written in a query."""
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value) else value


def plain_percent(value: Decimal) -> int | float:
    """A percent as a JSON number, whole where it is whole."""
    return int(value) if value == int(value) else float(value)


Money = Annotated[int, Field(gt=0, le=LARGEST, description="Minor units, above zero")]
MoneyOrNone = Annotated[int, Field(ge=0, le=LARGEST, description="Minor units, zero or more")]
MoneyAny = Annotated[int, Field(description="Minor units")]
Day = Annotated[date, BeforeValidator(read_day)]
When = Annotated[
    Literal["asap", "next-period"] | date,
    BeforeValidator(read_when),
    WithJsonSchema(
        {"anyOf": [{"enum": ["asap", "next-period"]}, {"type": "string", "format": "date"}]}
    ),
]
Instant = Annotated[datetime, BeforeValidator(read_instant)]
Percent = Annotated[
    Decimal,
    BeforeValidator(read_percent),
    PlainSerializer(plain_percent, return_type=Any),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100, "multipleOf": 0.01}),
]
MonthDay = Annotated[int, Field(ge=1, le=31)]
Ordinal = Annotated[int, Field(ge=1, le=MOST_NUMBER)]
Limit = Annotated[int, BeforeValidator(read_count), Field(ge=1, le=1000)]
Cursor = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,18}$"), Field(description="The `next` of a list")
]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-zА-Яа-яЁё_.\-]{1,32}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-zА-Яа-яЁё_.\-]{1,64}$")]
Line = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"
    ),
]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=r"^[^\x00]*$"),
]
Remark = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]


class Input(BaseModel):
    """What a caller sends: unknown fields are refused, nothing is converted silently."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, validate_by_name=True, validate_by_alias=True
    )


class Answer(BaseModel):
    """What a caller gets."""

    model_config = ConfigDict(frozen=True, validate_by_name=True, serialize_by_alias=True)
