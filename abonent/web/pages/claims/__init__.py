"""The pages of claims: one with all that was found and decided, its dialogs, papers and figures."""

from __future__ import annotations

from abonent.web.dialogs import Dialog
from abonent.web.pages.claims import deciding, ending, filing, settling, taking, working

DIALOGS: tuple[Dialog, ...] = (
    taking.ON_CARD,
    working.REGISTER,
    working.DISMISS,
    working.OWN,
    working.NOTE,
    filing.ADD,
    deciding.DECIDE,
    deciding.EXECUTE,
    deciding.RECONSIDER,
    ending.ANSWER,
    ending.CLOSE,
    ending.WITHDRAW,
    ending.COURT,
    settling.SETTINGS,
)
