"""The rights a token can be given, so that a slip of the hand is no right that nothing asks for."""

from __future__ import annotations

from collections.abc import Iterable

from abonent.kernel.actor import EVERYTHING
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.web.api.operations import ANYONE
from abonent.web.api.routes import OPERATIONS
from abonent.web.rights import METRICS

_ASKED_INSIDE = frozenset(
    {
        "billing.compensate",
        "billing.correct",
        "billing.freeze.override",
        "billing.promise.override",
        "crm.subscriber.edit",
        METRICS,
    }
)
"""What a call asks for beyond its own right, for some of the things it can be told to do."""

KNOWN_RIGHTS = frozenset(o.right for o in OPERATIONS if o.right != ANYONE) | _ASKED_INSIDE
"""Every right that a call of the API may ask for."""


def check_rights(rights: Iterable[str]) -> None:
    """Raise Malformed for a right that no call asks for; `billing.*` stands for all below it."""
    for right in rights:
        below = right.removesuffix("*")
        if right == EVERYTHING or right in KNOWN_RIGHTS:
            continue
        if below.endswith(".") and any(known.startswith(below) for known in KNOWN_RIGHTS):
            continue
        message = N_("There is no right {right}. There are: {known}.")
        known = ", ".join(sorted(KNOWN_RIGHTS))
        raise Malformed.of("rights", right, message, right=right, known=known)
