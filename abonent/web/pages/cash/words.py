"""The words of a cash desk: kinds of money, states of a shift and of a fiscal receipt."""

from __future__ import annotations

from abonent.kernel.i18n import N_, _
from abonent.web.wording import line_name

KINDS = {"cash": N_("Cash"), "card": N_("Bank card"), "bank": N_("Transfer through a bank")}
SHIFT_STATES = {
    "OPEN": (N_("at work"), "good"),
    "COUNTED": (N_("drawer counted"), "warn"),
    "CLOSED": (N_("shut"), ""),
}
MOVES = {"in": N_("Put in"), "out": N_("Handed in")}
FISCAL_STATES = {
    "WAITING": (N_("waits to be sent"), "warn"),
    "SENT": (N_("sent, not yet made out"), "info"),
    "DONE": (N_("made out"), "good"),
    "FAILED": (N_("not made out"), "bad"),
}


def kind_word(source: str) -> str:
    """Return what a kind of money is called at a cash desk."""
    return _(KINDS[source]) if source in KINDS else line_name(source)
