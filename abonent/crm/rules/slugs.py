"""Keys that scripts and articles of a department's own are named by, in addresses and reports."""

from __future__ import annotations

import re
from collections.abc import Collection

from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_

LONGEST = 60
_CODE = 30
_SHAPE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_BETWEEN = re.compile(r"[^a-z0-9]+")
# As passports write names (ICAO Doc 9303), so that a key reads as people expect it.
_LETTERS = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z",
        "и": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
        "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
        "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "iu", "я": "ia",
    }
)  # fmt: skip


def slug_of(title: str) -> str:
    """A key made of a title in Russian or English; "" where it has no letter of either.

    >>> slug_of("Звонок «после подключения»"), slug_of("???")
    ('zvonok-posle-podkliucheniia', '')
    """
    made = _BETWEEN.sub("-", title.lower().translate(_LETTERS)).strip("-")
    return made[:LONGEST].rstrip("-")


def given_slug(key: str, *, title: str, reserved: Collection[str]) -> str:
    """The key that was typed, or one made of the title where none was. Raises Malformed at "slug"."""
    typed = key.strip()
    made = typed or slug_of(title)
    if not _SHAPE.fullmatch(made) or len(made) > LONGEST:
        wrong = N_("“{given}”: a key has small Latin letters, digits and hyphens, {most} at most.")
        raise Malformed.of("slug", typed, wrong, given=made, most=LONGEST)
    if made in reserved:
        raise taken(typed, made)
    return made


def code_of(words: str, known: Collection[str]) -> str:
    """A code for a step or an end made of its words, another than those there are already.

    >>> code_of("Когда удобно прийти?", ()), code_of("???", ["s", "s_2"])
    ('kogda_udobno_priiti', 's_3')
    """
    made = slug_of(words).replace("-", "_")[:_CODE].strip("_")
    made = made if made[:1].isalpha() else f"s_{made}".rstrip("_")
    further = (f"{made}_{n}" for n in range(2, len(known) + 3))
    return made if made not in known else next(one for one in further if one not in known)


def taken(typed: str, made: str) -> Malformed:
    """The refusal of a key that another has."""
    wrong = N_("The key “{given}” is taken already. Type another one.")
    return Malformed.of("slug", typed, wrong, given=made)
