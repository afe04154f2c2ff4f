"""The fields of a printed document: what a template needs, and how each is written for a reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from babel.dates import format_date

from abonent.kernel.i18n import fill
from abonent.kernel.money import format_money, installed_currency
from abonent.kernel.words import amount_in_words

Shape = Mapping[str, Any]
"""Fields by name: a kind ("money", "text?"), a mapping for a part, a list of one for rows."""

OPTIONAL = "?"
ONE_OF = "|"
"""Between the codes that a field may hold: "flat|floor|other"."""

_NO_GLYPH: Final = {"₸", "֏"}
"""Signs the shipped font does not have; the code is printed instead."""


class FieldsError(ValueError):
    """The data is not what the document asks for; the text names every field."""


def written(shape: Shape, data: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Answer the data as the document prints it; raises FieldsError naming all that is wrong.

    Every value becomes a text, so that a template holds no rule of writing; what is not given of an
    optional field is an empty text.
    """
    wrong: list[str] = []
    found = _part(shape, data, language, "", wrong)
    if wrong:
        raise FieldsError("; ".join(wrong))
    return found


def check_shape(shape: Shape, at: str = "") -> list[str]:
    """Answer what is wrong with a declaration of fields."""
    wrong: list[str] = []
    for name, kind in shape.items():
        here = f"{at}{name}"
        if isinstance(kind, str):
            if ONE_OF not in kind and kind.removesuffix(OPTIONAL) not in _WRITERS:
                wrong.append(f"{here}: there is no kind “{kind}”, only {', '.join(_WRITERS)}")
        elif isinstance(kind, Mapping):
            wrong += check_shape(kind, f"{here}.")
        elif isinstance(kind, list) and len(kind) == 1 and isinstance(kind[0], Mapping):
            wrong += check_shape(kind[0], f"{here}[].")
        else:
            wrong.append(f"{here}: a kind, a table, or an array of one table is expected")
    return wrong


def _part(
    shape: Shape, data: Mapping[str, Any], language: str, at: str, wrong: list[str]
) -> dict[str, Any]:
    wrong += [f"{at}{name}: the document has no such field" for name in data.keys() - shape.keys()]
    return {
        name: _value(kind, data.get(name), language, f"{at}{name}", wrong)
        for name, kind in shape.items()
    }


def _value(kind: Any, value: Any, language: str, at: str, wrong: list[str]) -> Any:
    if isinstance(kind, Mapping):
        if not isinstance(value, Mapping):
            wrong.append(f"{at}: a part is expected")
            return {}
        return _part(kind, value, language, f"{at}.", wrong)
    if isinstance(kind, list):
        if not isinstance(value, list | tuple):
            wrong.append(f"{at}: rows are expected")
            return []
        return [_part(kind[0], row, language, f"{at}[{n}].", wrong) for n, row in enumerate(value)]
    if value is None:
        if not kind.endswith(OPTIONAL):
            wrong.append(f"{at}: it is missing")
        return ""
    if ONE_OF in kind:
        if value not in kind.removesuffix(OPTIONAL).split(ONE_OF):
            wrong.append(f"{at}: one of {kind} is expected, not {value!r}")
        return value
    types, write = _WRITERS[kind.removesuffix(OPTIONAL)]
    if not isinstance(value, types) or isinstance(value, bool):
        wrong.append(f"{at}: a {kind} is expected, {type(value).__name__} is given")
        return ""
    return write(value, language)


def _money(amount: int, language: str) -> str:
    currency = installed_currency()
    sign = currency.code if currency.symbol in _NO_GLYPH else currency.symbol
    return format_money(amount, language, currency=sign)


def _figures(amount: int, language: str) -> str:
    return format_money(amount, language, currency=False)


def _long_day(day: date, language: str) -> str:
    return format_date(day, {"ru": "d MMMM y 'г.'", "en": "d MMMM y"}[language], locale=language)


def _filled(value: Any, language: str) -> str:
    return fill("{value}", language, {"value": value})


_WRITERS: dict[str, tuple[type | tuple[type, ...], Callable[[Any, str], str]]] = {
    "text": (str, lambda text, _language: text),
    "picture": (str, lambda drawing, _language: drawing),
    "number": (int, lambda number, _language: str(number)),
    "money": (int, _money),
    "figures": (int, _figures),
    "words": (int, amount_in_words),
    "date": (date, _filled),
    "day": (date, _long_day),
    "instant": (datetime, _filled),
}
"""Kind to what it takes and how it is written. `money` has the currency's sign, `figures` not;
a `picture` is an SVG drawing of ours, never one that came from outside."""
