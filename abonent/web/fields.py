"""Declared fields of a form: what is asked for, how it is shown, how it is read back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, TypeAlias

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.money import LARGEST, installed_currency, parse_amount

Choices: TypeAlias = Sequence[tuple[str, str]]
"""Pairs of a value and its words, already in the reader's language."""

Values: TypeAlias = Mapping[str, Any]
"""What was read, by field: `str`, `int`, `date`, `bool`, an upload, or None where left empty."""


class Kind(StrEnum):
    """What a field asks for; it decides both how it looks and how it is read."""

    TEXT = "text"
    AREA = "area"
    AMOUNT = "amount"
    PERCENT = "percent"
    NUMBER = "number"
    DAY = "day"
    CHOICE = "choice"
    SEGMENTS = "segments"
    TICK = "tick"
    PHONE = "phone"
    EMAIL = "email"
    PASSWORD = "password"  # noqa: S105  a kind of field
    FILE = "file"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: its name in the form, its label and hint (English message ids) and its limits.

    An AMOUNT is read as minor units, a PERCENT as hundredths of a percent, a DAY as a date, a TICK
    as a bool, a FILE as an upload. `least` and `most` bound numbers and amounts; `longest` texts.
    `half` puts two fields side by side; `open` leaves a choice to be made, with none made before.
    `among` shows the field only while another one, named first, has one of the values after it.
    CHOICE and SEGMENTS (a few choices side by side) take what `choices` or the open dialog offer.
    """

    name: str
    label: str
    kind: Kind = Kind.TEXT
    required: bool = True
    hint: str = ""
    choices: Choices = ()
    least: int | None = None
    most: int | None = None
    longest: int = 200
    half: bool = False
    open: bool = False
    among: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_FIRST_DAY, _LAST_DAY = date(1800, 1, 1), date(2199, 12, 31)
_HUNDREDTHS = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?")


def texts_of(form: FormData) -> dict[str, str]:
    """Return the form's text fields as typed. Raises a 400 for a NUL, which no text of ours holds."""
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    if any("\x00" in value for value in texts.values()):
        raise HTTPException(400)
    return texts


def read_fields(
    fields: Sequence[Field],
    form: Mapping[str, Any],
    *,
    choices: Mapping[str, Choices] | None = None,
    typing: bool = False,
) -> dict[str, Any]:
    """Read every field. Raises Malformed naming all that are wrong, in the order of the form.

    While one is still `typing`, texts that are to come may be empty.
    """
    values: dict[str, Any] = {}
    wrong: list[FieldError] = []
    for asked in fields:
        offered = (choices or {}).get(asked.name, asked.choices)
        try:
            due = replace(asked, required=False) if typing and asked.kind in _TEXTS else asked
            values[asked.name] = _read(due, form.get(asked.name), offered)
        except Malformed as error:
            wrong += error.errors
    if wrong:
        raise Malformed(*wrong)
    return values


def _read(asked: Field, given: Any, offered: Choices) -> Any:
    if asked.kind is Kind.TICK:
        return given == "on"
    if asked.kind is Kind.FILE:
        return _file(asked, given)
    text = given.strip() if isinstance(given, str) else ""
    if asked.kind is Kind.PASSWORD and isinstance(given, str):
        text = given
    if not text:
        if asked.required:
            raise Malformed.of(asked.name, text, _EMPTY.get(asked.kind, N_("Fill this in.")))
        return None if asked.kind in _NOT_TEXT else ""
    return _READERS[asked.kind](asked, text, offered)


def _file(asked: Field, given: Any) -> UploadFile | None:
    if isinstance(given, UploadFile) and given.filename:
        return given
    if asked.required:
        raise Malformed.of(asked.name, "", N_("Choose a file."))
    return None


def _text(asked: Field, text: str, _offered: Choices) -> str:
    if len(text) > asked.longest:
        too_long = N_("{length} characters; at most {longest} fit here.")
        raise Malformed.of(asked.name, text, too_long, length=len(text), longest=asked.longest)
    return text


def _email(asked: Field, text: str, offered: Choices) -> str:
    if not _EMAIL.fullmatch(text):
        raise Malformed.of(
            asked.name, text, N_("“{given}” is not an e-mail address such as a@b.ru."), given=text
        )
    return _text(asked, text, offered)


def _phone(asked: Field, text: str, offered: Choices) -> str:
    digits = sum(letter.isdecimal() for letter in text)
    if not 5 <= digits <= 15 or any(letter.isalpha() for letter in text):
        wrong = N_("“{given}” is not a phone number: 5 to 15 digits are expected.")
        raise Malformed.of(asked.name, text, wrong, given=text)
    return _text(asked, text, offered)


def _amount(asked: Field, text: str, _offered: Choices) -> int:
    try:
        amount = parse_amount(text, installed_currency().digits)
    except ValueError:
        wrong = N_("An amount is written in digits, such as 560 or 560,50.")
        raise Malformed.of(asked.name, text, wrong) from None
    least = 1 if asked.least is None else asked.least
    if amount < least:
        small = N_("At least {least:money} is expected here.")
        if least == 1:
            small = N_("An amount is larger than zero.")
        raise Malformed.of(asked.name, text, small, least=least)
    if amount > (LARGEST if asked.most is None else asked.most):
        if asked.most is None:
            raise Malformed.of(asked.name, text, N_("So large an amount is a slip of the hand."))
        raise Malformed.of(
            asked.name, text, N_("At most {most:money} is possible here."), most=asked.most
        )
    return amount


def _percent(asked: Field, text: str, _offered: Choices) -> int:
    found = _HUNDREDTHS.fullmatch(text.removesuffix("%").strip())
    hundredths = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else -1
    if not 1 <= hundredths <= 10_000:
        wrong = N_("Give a percentage from 0.01 to 100, such as 15 or 7,5.")
        raise Malformed.of(asked.name, text, wrong)
    return hundredths


def _number(asked: Field, text: str, _offered: Choices) -> int:
    least = 0 if asked.least is None else asked.least
    most = 999_999_999 if asked.most is None else asked.most
    digits = text.removeprefix("-")
    if not digits.isdecimal() or len(digits) > 12 or not least <= int(text) <= most:
        wrong = N_("Give a whole number from {least} to {most}.")
        raise Malformed.of(asked.name, text, wrong, least=least, most=most)
    return int(text)


def day_of(text: str) -> date:
    """Return the day of an ISO date. Raises ValueError, also where reckoning with days would end."""
    day = date.fromisoformat(text)
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise ValueError(text)
    return day


def _day(asked: Field, text: str, _offered: Choices) -> date:
    try:
        return day_of(text)
    except ValueError:
        raise Malformed.of(asked.name, text, N_("Give a day.")) from None


def _choice(asked: Field, text: str, offered: Choices) -> str:
    if text not in {value for value, _words in offered}:
        raise Malformed.of(asked.name, text, N_("Choose one of those offered."))
    return text


def _as_typed(_asked: Field, text: str, _offered: Choices) -> str:
    return text


_READERS: dict[Kind, Callable[[Field, str, Choices], Any]] = {
    Kind.TEXT: _text,
    Kind.AREA: _text,
    Kind.AMOUNT: _amount,
    Kind.PERCENT: _percent,
    Kind.NUMBER: _number,
    Kind.DAY: _day,
    Kind.CHOICE: _choice,
    Kind.SEGMENTS: _choice,
    Kind.PHONE: _phone,
    Kind.EMAIL: _email,
    Kind.PASSWORD: _as_typed,
}
_NOT_TEXT = {Kind.AMOUNT, Kind.PERCENT, Kind.NUMBER, Kind.DAY, Kind.CHOICE, Kind.SEGMENTS}
_TEXTS = {Kind.TEXT, Kind.AREA}
_EMPTY = {
    Kind.AMOUNT: N_("Give an amount."),
    Kind.DAY: N_("Give a day."),
    Kind.CHOICE: N_("Choose one of those offered."),
    Kind.SEGMENTS: N_("Choose one of those offered."),
}
