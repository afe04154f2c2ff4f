"""The words of a cash desk: kinds of money, states of a shift, moves of cash."""

from __future__ import annotations

from abonent.billing.cash_registers import SHIFT_STATES
from abonent.kernel.i18n import N_, _
from abonent.web.wording import line_name

__all__ = ["KINDS", "MOVES", "SHIFT_STATES", "kind_word"]

KINDS = {"cash": N_("Cash"), "card": N_("Bank card"), "bank": N_("Transfer through a bank")}
MOVES = {"in": N_("Put in"), "out": N_("Handed in")}


def kind_word(source: str) -> str:
    """Return what a kind of money is called at a cash desk."""
    return _(KINDS[source]) if source in KINDS else line_name(source)
