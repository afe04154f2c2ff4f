"""Words of recorded conversations, for pages."""

from __future__ import annotations

from abonent.crm.registers.conversations import EXAMPLES as MARKED
from abonent.crm.registers.conversations import KINDS, STATES, TIES
from abonent.kernel.i18n import N_

__all__ = ["DIRECTIONS", "EXAMPLES", "KINDS", "SOURCES", "STATES", "TIES"]

DIRECTIONS = {"in": (N_("incoming"), ""), "out": (N_("outgoing"), "")}
SOURCES = {
    "desk": (N_("recorded here"), ""),
    "exchange": (N_("telephone exchange"), ""),
    "file": (N_("file"), ""),
}
EXAMPLES = {"": (N_("no example"), ""), **MARKED}
