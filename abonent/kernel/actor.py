"""Who acts: a user, an API token, a subscriber, an import or the system itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from abonent.kernel.errors import Forbidden
from abonent.kernel.i18n import N_

ActorKind = Literal["user", "token", "system", "subscriber", "import"]

EVERYTHING = "*"
OVER_ALL = N_("This concerns the whole provider, and your work is limited to districts.")


@dataclass(frozen=True, slots=True)
class Actor:
    """The one a use case acts for; `rights` are names such as "billing.payment.take".

    A right ending in ".*" covers everything below it; "*" covers all. `districts` are those whose
    subscribers the actor may see, None for all of them; `office` is where the actor works;
    `session` is the sign-in under which the actor acts, where there is one. `accounts`
    are the numbers that exist for the actor, None for all of them: a subscriber's are the own ones.
    `without` are rights that the actor may not use although they are held.
    """

    kind: ActorKind
    id: str
    name: str
    rights: frozenset[str]
    districts: frozenset[str] | None = None
    office: int | None = None
    session: int | None = None
    accounts: frozenset[str] | None = None
    without: frozenset[str] = frozenset()

    def may(self, right: str) -> bool:
        """Tell whether the actor holds the right and may use it."""
        return right not in self.without and self.holds(right)

    def holds(self, right: str) -> bool:
        """Tell whether the actor holds the right itself or one that covers it."""
        if EVERYTHING in self.rights or right in self.rights:
            return True
        parts = right.split(".")
        return any(".".join(parts[:size]) + ".*" in self.rights for size in range(1, len(parts)))

    def sees(self, district: str) -> bool:
        """Tell whether what lies in a district exists for the actor."""
        return self.districts is None or district in self.districts

    def sees_all(self, districts: Collection[str] | None) -> bool:
        """Tell whether every one of somebody's districts exists for the actor; None are all there are."""
        if self.districts is None:
            return True
        return districts is not None and self.districts.issuperset(districts)

    def reaches(self, number: str) -> bool:
        """Tell whether an account exists for the actor."""
        return self.accounts is None or number in self.accounts

    def require(self, right: str) -> None:
        """Raise Forbidden unless the actor may."""
        if self.holds(right) and right in self.without:
            raise Forbidden("FORBIDDEN", OVER_ALL, right=right)
        if not self.may(right):
            raise Forbidden("FORBIDDEN", N_("You do not have the right to do this."), right=right)


SYSTEM = Actor("system", "system", "system", frozenset({EVERYTHING}))
"""The automaton: closes days, delivers the outbox, runs jobs."""
