"""Whether an employee is away now, until when and who stands in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from abonent.kernel import clock
from abonent.kernel.db import reading
from abonent.kernel.i18n import _

_AWAY = "SELECT until, stand_in, stand_in_name FROM staff_away($2) WHERE user_id = $1"


@dataclass(frozen=True, slots=True)
class Away:
    """An absence of today; without `stand_in` the whole team does the work."""

    until: date
    stand_in: int | None
    stand_in_name: str | None

    @property
    def told(self) -> str:
        """The absence in words, for the line under the owner's name."""
        if self.stand_in_name is None:
            return _("away until {until}, the team does the work", until=self.until)
        name = self.stand_in_name
        return _("away until {until}, {name} stands in", until=self.until, name=name)


async def away_now(user: int | None) -> Away | None:
    """The absence of a user at this moment; None for who is there, and for nobody."""
    if user is None:
        return None
    async with reading() as connection:
        row = await connection.fetchrow(_AWAY, user, clock.now())
    return Away(**dict(row)) if row else None
