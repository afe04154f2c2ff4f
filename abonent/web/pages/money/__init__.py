"""Dialogs of an account that move money or set what it costs; each shows what it would do first."""

from __future__ import annotations

from abonent.web.dialogs import Dialog
from abonent.web.pages.money.account import ACCOUNT_DIALOGS
from abonent.web.pages.money.recalculating import RECALCULATION
from abonent.web.pages.money.services import SERVICE_DIALOGS

MONEY_DIALOGS: tuple[Dialog, ...] = (*SERVICE_DIALOGS, *ACCOUNT_DIALOGS, RECALCULATION)
