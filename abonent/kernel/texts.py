"""Texts as people type them, checked and kept the same way everywhere."""

from __future__ import annotations

from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_


def given_text(field: str, text: str, *, longest: int, needed: bool = True) -> str:
    r"""A typed text as it is kept: trimmed, its lines ended one way.

    Raises Malformed at `field` for none where one is needed, and for one that is too long.

    >>> given_text("note", "  Перезвонить\r\nвечером ", longest=20)
    'Перезвонить\nвечером'
    """
    kept = text.strip().replace("\r\n", "\n")
    if needed and not kept:
        raise Malformed.of(field, text, N_("Fill this in."))
    if len(kept) > longest:
        too_long = N_("{length} characters; at most {longest} fit here.")
        raise Malformed.of(field, kept, too_long, length=len(kept), longest=longest)
    return kept
