"""Lists of codes and names as they are typed: apart by commas or lines."""

from __future__ import annotations

import re
from collections.abc import Collection

from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_

_APART = re.compile(r"[,;\n]")


def read_list(field: str, text: str, known: Collection[str]) -> list[str] | None:
    """Read a list; None where nothing is typed. Raises Malformed naming the first unknown one."""
    named = list(dict.fromkeys(part.strip() for part in _APART.split(text) if part.strip()))
    for one in named:
        if one not in known:
            unknown = N_("“{given}” is not known here; there are: {known}.")
            shown = ", ".join(sorted(known)[:20]) or "—"
            raise Malformed.of(field, text, unknown, given=one, known=shown)
    return named or None
