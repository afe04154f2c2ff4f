"""What people call the lines of the sheet, the levels of it and the sources of money."""

from __future__ import annotations

from abonent.billing.queries.turnover import Level
from abonent.billing.rules.book import Kind
from abonent.billing.rules.explanation import KIND_NAMES
from abonent.kernel.i18n import N_, _
from abonent.web.words import SERVICE_KINDS, SOURCES

# What an installation names otherwise is shown as it is.
_LINES: dict[str, str] = {
    **SERVICE_KINDS,
    **SOURCES,
    "terminal": N_("Terminal"),
    "sbp": N_("Faster payments"),
    "visit": N_("Visit of a technician"),
}

LEVEL_NAMES: dict[Level, str] = {
    "legal_entity": N_("Legal entities"),
    "district": N_("Districts"),
    "building": N_("Buildings"),
    "account": N_("Accounts"),
}

SECTION_NAMES: dict[str, str] = {
    "charge": N_("Charged"),
    "payment": N_("Paid"),
    "correction": N_("Corrections"),
}


def line_name(line: str) -> str:
    """Return what a line of the sheet is called: a kind of service or fee, a source, a correction."""
    if line in _LINES:
        return _(_LINES[line])
    if line in {kind.value for kind in Kind}:
        return _(KIND_NAMES[Kind(line)])
    return line or _("Without a source")
