"""The index of loyalty as people write it."""

from __future__ import annotations

from abonent.crm.rules.surveys import LEAST, NORM, Standing
from abonent.kernel.i18n import _, current_language

SHORE = 10
"""Tenths in a point: margins are counted in them."""


def points(score: int | None) -> str:
    """An index in points, with its sign.

    >>> points(27), points(-5), points(0), points(None)
    ('+27', '−5', '0', '—')
    """
    if score is None:
        return "—"
    return f"+{score}" if score > 0 else f"−{-score}" if score else "0"


def few(standing: Standing) -> bool:
    """Tell whether so few answered that the index is chance, whatever its margin says."""
    return standing.answers < LEAST


def with_margin(standing: Standing) -> str:
    """The index and its margin, such as +27 ±7,6; of few answers it is said so."""
    if standing.margin is None:
        return "—"
    margin = f"{standing.margin // SHORE}.{standing.margin % SHORE}"
    if current_language() == "ru":
        margin = margin.replace(".", ",")
    index = f"{points(standing.score)} ±{margin}"
    return _("{index} (few answers)", index=index) if few(standing) else index


def against_norm(standing: Standing) -> tuple[str, str]:
    """How the index stands to the norm, in words, and the tone; within the margin it is about it."""
    if standing.score is None or standing.margin is None or few(standing):
        return "", ""
    apart = (standing.score - NORM) * SHORE
    if abs(apart) <= standing.margin:
        return _("about the norm"), ""
    return (_("above the norm"), "good") if apart > 0 else (_("below the norm"), "bad")
