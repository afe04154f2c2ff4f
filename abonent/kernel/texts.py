"""Texts as people type them, checked and kept the same way everywhere."""

from __future__ import annotations

import re

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


def inside(label: str) -> str:
    """A label as it stands inside a sentence; what is written in capitals stays so.

    >>> inside("By SMS"), inside("SMS")
    ('by SMS', 'SMS')
    """
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


_FULL_NAME = re.compile(r"[А-ЯЁ][а-яё-]+(?: [А-ЯЁ][а-яё-]+){1,2}")


def with_initials(name: str) -> str:
    r"""A colleague's full Russian name as an office writes it; any other name as it stands.

    >>> with_initials("Зайцева Анна Игоревна").replace("\xa0", " ")
    'Зайцева А. И.'
    >>> with_initials("Anna Smith")
    'Anna Smith'
    """
    if not _FULL_NAME.fullmatch(name):
        return name
    surname, *given = name.split(" ")
    return "\xa0".join([surname, *(f"{one[0]}." for one in given)])
