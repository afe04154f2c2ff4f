"""The pages of requests: one with all that was said, its dialogs, the account's tab, the figures."""

from __future__ import annotations

from abonent.web.dialogs import Dialog
from abonent.web.pages.requests import alarming, ending, noting, passing, taking

DIALOGS: tuple[Dialog, ...] = (
    taking.ON_CARD,
    taking.ANYBODY,
    ending.ANSWER,
    ending.JOIN,
    ending.DROP,
    ending.REOPEN,
    passing.PASS,
    passing.CLASSIFY,
    passing.NAME,
    passing.WAIT_CLIENT,
    passing.WAIT_TECH,
    noting.NOTE,
    noting.PLAN,
    noting.LINK,
    alarming.ALARMS,
)
