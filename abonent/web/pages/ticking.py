"""Ticks of roles in a form: which roles of the staff something is for."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from abonent.web.fields import Choices
from abonent.web.registers.staff import role_choices
from abonent.web.rights import PORTAL_ROLE

_TICK = "role."


async def roles_of_staff() -> Choices:
    """Every role but that of subscribers, by code, in the reader's language."""
    return [(code, words) for code, words in await role_choices() if code != PORTAL_ROLE]


def ticked_roles(form: Mapping[str, str], offered: Choices) -> list[str]:
    """The roles ticked in a form, of those that were offered."""
    return [code for code, _words in offered if form.get(f"{_TICK}{code}") == "on"]


def given_roles(roles: Collection[str]) -> dict[str, str]:
    """What a form begins with where these roles are ticked."""
    return {f"{_TICK}{code}": "on" for code in roles}
