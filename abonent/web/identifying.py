"""How sure one must be of who asks: what a dialog shows, and what stands before carrying it out.

An action below its level is done and written down, or refused, as the provider has set it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from abonent.crm.identity_levels import Level, identity_levels
from abonent.crm.queries.identity import standing_of
from abonent.crm.rules.identity import Mode, Standing
from abonent.crm.service.identity import FIELD, check_identity
from abonent.web.fields import Choices
from abonent.web.render import signed_in


@dataclass(frozen=True, slots=True)
class Asked:
    """What a dialog asks for: the level, what is confirmed, and the ways to confirm it here.

    `way` is how it was confirmed, in words; `ways` is empty for who may not confirm.
    """

    needed: Level
    standing: Standing
    way: str
    ways: Choices

    @property
    def enough(self) -> bool:
        """Tell whether what is confirmed suffices."""
        return self.standing.level >= self.needed.level

    @property
    def required(self) -> bool:
        """Tell whether nothing is done until it suffices."""
        return self.standing.mode is Mode.REQUIRE


async def asked_of(request: Request, action: str) -> Asked | None:
    """What a dialog of an account asks for before its action; None where it asks for nothing."""
    number = request.path_params.get("number")
    if not action or number is None:
        return None
    levels = await identity_levels()
    needed = levels.needed(action).level
    if needed == 0:
        return None
    by = signed_in(request).actor
    standing = await standing_of(number, by=by)
    if standing.mode is Mode.OFF:
        return None
    ways = [(way.code, way.label) for one in levels.level[needed:] for way in one.ways]
    may = by.may("crm.identity.confirm")
    way = levels.way_name(standing.way)
    return Asked(levels.level[needed], standing, way, ways if may else [])


async def stand_before(request: Request, action: str, form: Mapping[str, str]) -> None:
    """Confirm what the form says, then let the action pass, note it as a lapse, or refuse it.

    Call it in the transaction that carries the action out. Raises Malformed.
    """
    number = request.path_params.get("number")
    if action and number is not None:
        by, way = signed_in(request).actor, form.get(FIELD, "")
        await check_identity(number, by=by, action=action, way=way)
