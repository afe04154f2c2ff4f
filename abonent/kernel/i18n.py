"""Translation: English message ids, catalogues read straight from .po files, a current language."""

from __future__ import annotations

import gettext as standard
import io
import string
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime, get_month_names
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from abonent.kernel.money import format_money

LANGUAGES = ("ru", "en")
PLURALS = {
    "ru": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 "
    "&& (n%100<10 || n%100>=20) ? 1 : 2);",
    "en": "nplurals=2; plural=(n != 1);",
}
"""How each language counts, as gettext writes it."""

LOCALE_FOLDER = Path(__file__).parent.parent / "content" / "locale"

_DATE_PATTERNS = {"ru": "dd.MM.y", "en": "d MMM y"}
_TIME_PATTERNS = {"ru": "dd.MM.y HH:mm", "en": "d MMM y, HH:mm"}


class _Installed:
    """Holds the company's time zone: instants in texts are told by its clock."""

    zone: tzinfo = UTC


_current: ContextVar[str] = ContextVar("language", default="ru")


def current_language() -> str:
    """Answer the language of the current task ("ru" unless told)."""
    return _current.get()


def set_language(language: str) -> None:
    """Set the language of the current task; an unknown one is a mistake of the caller."""
    _current.set(_known(language))


def use_time_zone(zone: tzinfo) -> None:
    """Set the company's time zone; called once, when the database is opened."""
    _Installed.zone = zone


def time_zone() -> tzinfo:
    """The company's time zone: its days begin and end by this clock."""
    return _Installed.zone


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language within the block, for example while a letter is rendered."""
    token = _current.set(_known(language))
    try:
        yield
    finally:
        _current.reset(token)


@cache
def translations(language: str) -> standard.GNUTranslations:
    """Load a catalogue once; English falls back to the message ids themselves."""
    path = LOCALE_FOLDER / _known(language) / "messages.po"
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return standard.GNUTranslations(compiled)


def load_catalogues() -> None:
    """Load every language now, how it writes dates too, so that no request waits for a file."""
    for language in LANGUAGES:
        translations(language)
        get_month_names(locale=language)  # Babel reads its locale data at first use


def gettext(msgid: str, language: str | None = None, /, **params: Any) -> str:
    """Translate a message id into a language (default: the current one) and fill its placeholders.

    "{day}" prints a date the way the language writes it; "{missing:money}" prints minor units.
    """
    language = language or current_language()
    return fill(translations(language).gettext(msgid), language, params)


def ngettext(
    singular: str, plural: str, number: int, language: str | None = None, /, **params: Any
) -> str:
    """Translate by number; `{number}` is filled with it."""
    language = language or current_language()
    text = translations(language).ngettext(singular, plural, number)
    return fill(text, language, {"number": number, **params})


def _(msgid: str, /, **params: Any) -> str:
    """Translate into the current language; the name marks the text for extraction."""
    return gettext(msgid, None, **params)


def N_(msgid: str) -> str:  # noqa: N802  the name extraction tools look for
    """Mark a text for extraction and leave it as it is; it is translated when shown."""
    return msgid


def fill(text: str, language: str, params: Mapping[str, Any]) -> str:
    """Fill {placeholders}; an unknown one stays visible instead of breaking the page."""
    return _Filler(language).vformat(text, (), params) if params else text


def last_moment(at: datetime) -> datetime:
    """The last second of a term by the company's clock: one until midnight ends with the day before."""
    local = at.astimezone(_Installed.zone)
    before = (at.astimezone(UTC) - timedelta(seconds=1)).astimezone(_Installed.zone)
    # Not by the hour: where clocks are put forward at midnight, a day begins at one.
    return before if before.date() < local.date() else local


def written_term(at: datetime, language: str | None = None) -> str:
    """A term as people read it after "until": one until midnight is to the end of the day before."""
    last = last_moment(at)
    if last == at:
        return fill("{at}", language or current_language(), {"at": at})
    return gettext(N_("the end of {day}"), language, day=last.date())


class _Filler(string.Formatter):
    """A formatter that knows money, dates and the language it writes."""

    def __init__(self, language: str) -> None:
        self._language = language

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        del args  # placeholders are named
        return kwargs.get(str(key), "{" + str(key) + "}")

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "money" and isinstance(value, int):
            return format_money(value, self._language)
        if isinstance(value, datetime) and not format_spec:
            pattern = _TIME_PATTERNS[self._language]
            local = value.astimezone(_Installed.zone) if value.tzinfo else value
            return format_datetime(local, pattern, tzinfo=local.tzinfo, locale=self._language)
        if isinstance(value, date) and not format_spec:
            return format_date(value, _DATE_PATTERNS[self._language], locale=self._language)
        return "" if value is None else str(super().format_field(value, format_spec))


def _known(language: str) -> str:
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}")
    return language
