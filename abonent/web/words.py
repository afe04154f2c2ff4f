"""The words of billing's states and kinds as people at the desk say them, and their tones."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date

from abonent.billing.queries.statement import Item
from abonent.billing.rules.book import Kind, Mode, Posting
from abonent.billing.rules.calculation import last_day
from abonent.billing.rules.circumstances import source_name
from abonent.billing.rules.explanation import kind_name
from abonent.billing.rules.standing import ServiceState
from abonent.crm.registers.subscribers import STATES
from abonent.kernel.i18n import N_, _, current_language

SERVICE_STATES = {
    ServiceState.PLANNED: (N_("planned"), "info"),
    ServiceState.SERVED: (N_("works"), "good"),
    ServiceState.SUSPENDED: (N_("suspended"), "bad"),
    ServiceState.FROZEN: (N_("frozen"), "info"),
    ServiceState.ENDED: (N_("ended"), ""),
}
ACCOUNT_STATES = STATES
SERVICE_KINDS = {
    "internet": N_("Internet"),
    "tv": N_("Television"),
    "phone": N_("Telephone"),
    "equipment": N_("Equipment"),
    "bundle": N_("Bundle"),
    "other": N_("Other service"),
}
MODES = {
    Mode.ADVANCE: N_("in advance for the period"),
    Mode.DAILY: N_("day by day"),
    Mode.ARREARS: N_("after the period"),
}
PROMISE_STATES = {
    "active": (N_("active"), "warn"),
    "kept": (N_("kept"), "good"),
    "broken": (N_("broken"), "bad"),
    "replaced": (N_("replaced"), ""),
}
ROLES = (
    N_("Sales agent"),
    N_("Shift supervisor"),
    N_("Trainer"),
    N_("Administrator"),
    N_("Head of department"),
    N_("Office clerk"),
    N_("Cashier"),
    N_("Collector"),
    N_("Retention specialist"),
    N_("Coordinator"),
    N_("Staff officer"),
    N_("Technician"),
)
"""The roles an installation begins with; their names lie in the database in English."""
SOURCES = {"cash": N_("Cash desk"), "card": N_("Card terminal"), "bank": N_("Bank transfer")}
"""Where money taken at the desk may come from."""


def address_of(street: str, house: str, flat: str) -> str:
    """Return an address in one line: "Мира, 8, кв. 77"; empty parts are left out."""
    parts = [street, house, _("flat {flat}", flat=flat) if flat else ""]
    return ", ".join(part for part in parts if part)


def title_of(item: Item) -> str:
    """Return what an entry is, in one line: "Оптима 100, 14–30 ноября"."""
    return posting_title(item.posting)


def posting_title(posting: Posting) -> str:
    """The same for an entry that is not posted yet."""
    name = kind_name(posting.kind)
    if posting.kind is Kind.PAYMENT and posting.source:
        return f"{name}: {source_name(posting.source)}"
    parts = [posting.tariff.name if posting.tariff else name]
    if posting.tariff and posting.kind is not Kind.CHARGE:
        parts.insert(0, name)
    if posting.period:
        days = days_text(posting.period.start, last_day(posting.period.end), near=posting.day)
        return f"{': '.join(parts)}, {days}"
    return ": ".join(parts)


def days_text(first: date, last: date, *, near: date) -> str:
    """Return days from first to last in words: "14–30 ноября"; a year where it is not that of `near`."""
    year = "" if first.year == last.year == near.year else " y"
    if first == last:
        return _written(last, "d MMMM" + year)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{_written(last, 'd MMMM' + year)}"
    return f"{_written(first, 'd MMMM' + year)} – {_written(last, 'd MMMM' + year)}"


def _written(day: date, pattern: str) -> str:
    return format_date(day, pattern, locale=current_language())
