"""Templates: the environment, what every page knows, full pages and fragments of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from abonent.kernel import clock
from abonent.kernel.i18n import (
    LANGUAGES,
    N_,
    _,
    current_language,
    gettext,
    ngettext,
    written_term,
)
from abonent.kernel.money import NO_BREAK_SPACE, format_money
from abonent.kernel.settings import Settings
from abonent.kernel.texts import inside, with_initials
from abonent.web.assets import Assets
from abonent.web.navigation import keys_of, sections_for
from abonent.web.queries import Identity
from abonent.web.wording import line_name
from abonent.web.words import address_of, posting_title

TEMPLATES = Path(__file__).parent / "templates"
_DAY = {"ru": "dd.MM.y", "en": "d MMM y"}
_SHORT_DAY = {"ru": "dd.MM", "en": "d MMM"}
_LONG_DAY = {"ru": "d MMMM y", "en": "d MMMM y"}
_DAY_MONTH = {"ru": "d MMMM", "en": "d MMMM"}
_INSTANT = {"ru": "dd.MM.y HH:mm", "en": "d MMM y, HH:mm"}


@dataclass(frozen=True)
class Desk:
    """What the pages of one application share; built once at the start."""

    settings: Settings
    assets: Assets
    environment: Environment


def make_environment(settings: Settings, assets: Assets) -> Environment:
    """Return the template environment with its filters, globals and macros."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Templates change with a release only; looking at the files would block every request.
        auto_reload=False,
        cache_size=-1,
    )
    zone = ZoneInfo(settings.timezone)
    filters: dict[str, Callable[..., Any]] = {
        "money": written_money,
        "day": lambda day: _date(day, _DAY),
        "short_day": lambda day: _date(day, _SHORT_DAY),
        "day_month": lambda day: _date(day, _DAY_MONTH),
        "last_day": lambda end: end - timedelta(1),
        "month": _month,
        "weekday": lambda day: format_date(day, "EEE", locale=current_language()),
        "posting_title": posting_title,
        "long_day": written_day,
        "inside": inside,
        "instant": lambda at: _instant(at, zone),
        "term": written_term,
        "clock_time": lambda at: format_time(at, "HH:mm", tzinfo=zone, locale=current_language()),
        "duration": _duration,
        "count": written_count,
        "share": written_share,
        "hundredths": written_hundredths,
        "initials": with_initials,
        "size": written_size,
        "line_name": line_name,
        "zip_texts": _pairs,
    }
    environment.filters |= filters
    environment.globals |= {
        "_": _,
        "gettext": gettext,
        "ngettext": ngettext,
        "asset": assets.url,
        "languages": LANGUAGES,
        "address_of": address_of,
    }
    # Macros are globals, so that a block rendered on its own has them as well.
    for name in ("ui", "form", "account", "act", "register", "people", "chart"):
        environment.globals["reg" if name == "register" else name] = environment.get_template(
            f"macros/{name}.html"
        ).module
    _load_everything(environment)
    return environment


def _load_everything(environment: Environment) -> None:
    """Compile the templates and load the calendars now, so that no request waits for a file."""
    for name in environment.list_templates():
        environment.get_template(name)
    for language in LANGUAGES:
        format_datetime(clock.now(), _INSTANT[language], locale=language)


def _pairs(labels: Iterable[str], texts: Iterable[str]) -> str:
    """Write what a chart shows as a sentence: "May 12, June 15"."""
    return ", ".join(f"{label} {text}" for label, text in zip(labels, texts, strict=True))


def written_money(amount: int, *, sign: bool = False, currency: bool = True) -> str:
    """Write minor units in the current language."""
    return format_money(amount, current_language(), sign=sign, currency=currency)


def _date(day: date, patterns: Mapping[str, str]) -> str:
    language = current_language()
    return format_date(day, patterns[language], locale=language)


def written_day(day: date) -> str:
    """Write a day as people read it: "4 сентября 2026"."""
    return _date(day, _LONG_DAY)


def _month(day: date) -> str:
    """Write a month as a heading: "Сентябрь 2026"."""
    text = format_date(day, "LLLL y", locale=current_language())
    return text[:1].upper() + text[1:]


def _instant(at: datetime, zone: ZoneInfo) -> str:
    language = current_language()
    return format_datetime(at, _INSTANT[language], tzinfo=zone, locale=language)


def written_count(number: int) -> str:
    """Write a count with its thousands apart."""
    grouped = f"{number:,}"
    return grouped if current_language() == "en" else grouped.replace(",", NO_BREAK_SPACE)


def written_share(hundredths: int) -> str:
    """Write hundredths of a percent: 1250 as "12,5 %"."""
    text = written_hundredths(hundredths).rstrip("0").rstrip(".,")
    return f"{text}{NO_BREAK_SPACE}%"


def written_hundredths(hundredths: int) -> str:
    """Write hundredths of one: 433 as "4,33"."""
    point = "," if current_language() == "ru" else "."
    return f"{hundredths // 100}{point}{hundredths % 100:02}"


def written_size(size: int) -> str:
    """Write the size of a file in its largest whole unit."""
    for unit, bytes_of in ((N_("{size} MB"), 1 << 20), (N_("{size} KB"), 1 << 10)):
        if size >= bytes_of:
            return _(unit, size=written_count(size // bytes_of))
    return _("{size} B", size=size)


def _duration(length: int | timedelta) -> str:
    """Write a length of time in its two largest units; a short one with tenths of a second."""
    if isinstance(length, timedelta) and length < timedelta(seconds=10):
        tenths = length // timedelta(milliseconds=100)
        mark = "," if current_language() == "ru" else "."
        return _("{seconds} s", seconds=f"{tenths // 10}{mark}{tenths % 10}")
    seconds = length // timedelta(seconds=1) if isinstance(length, timedelta) else length
    if seconds < 60:
        return _("{seconds} s", seconds=seconds)
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return _("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
    return _("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


def desk_of(request: Request) -> Desk:
    """Return the desk of the application that serves this request."""
    desk: Desk = request.app.state.desk
    return desk


def identity_of(request: Request) -> Identity | None:
    """Return who is signed in, or None."""
    identity: Identity | None = request.scope.get("state", {}).get("identity")
    return identity


def signed_in(request: Request) -> Identity:
    """Return who is signed in on a page that its route has guarded."""
    identity = identity_of(request)
    if identity is None:
        raise LookupError("the route of this page does not ask for a sign-in")
    return identity


def wants_fragment(request: Request) -> bool:
    """Tell whether a script asks for a part of the page; going back always gets the whole."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Request-Type") != "full"
        and "HX-History-Restore-Request" not in headers
    )


def page(
    request: Request, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> Response:
    """Render a whole page."""
    desk = desk_of(request)
    text = desk.environment.get_template(template).render(_context(request, context))
    return HTMLResponse(text, status)


def fragment(
    request: Request,
    template: str,
    block: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> Response:
    """Render one block of a page."""
    return HTMLResponse(rendered(request, template, block, context), status)


def rendered(
    request: Request, template: str, block: str, context: Mapping[str, Any] | None = None
) -> str:
    """Return the text of one block of a page."""
    return render_block(desk_of(request).environment, template, block, _context(request, context))


def page_or_block(
    request: Request,
    template: str,
    block: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> Response:
    """Render the block for a script that asks for it, the whole page for everyone else."""
    if wants_fragment(request):
        return fragment(request, template, block, context, status=status)
    return page(request, template, context, status=status)


def _context(request: Request, context: Mapping[str, Any] | None) -> dict[str, Any]:
    identity = identity_of(request)
    path = request.url.path
    sections = sections_for(identity.actor if identity else None)
    return {
        "request": request,
        "identity": identity,
        "may": identity.actor.may if identity else _nothing,
        "language": current_language(),
        "theme": identity.theme if identity else request.cookies.get("abonent_theme", "auto"),
        "nonce": request.scope.get("state", {}).get("nonce", ""),
        "path": path,
        "sections": sections,
        "go_keys": keys_of(sections),
        **(context or {}),
    }


def _nothing(right: str) -> bool:  # noqa: ARG001  the shape of Actor.may
    return False
