"""Reads of who is written to where nobody deals with a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EVERY_OTHER = ""
"""Stands for every team that has no address of its own."""

_ALL = "SELECT team, email FROM crm_request_alarm"


async def alarm_addresses(connection: Any) -> Mapping[str, str]:
    """The address by the code of a team; EVERY_OTHER for teams without one of their own."""
    return {row["team"]: row["email"] for row in await connection.fetch(_ALL)}


def address_of(team: str, addresses: Mapping[str, str]) -> str:
    """Where it is told of a team's request; empty: nowhere.

    >>> address_of("cash", {"": "head@p.example"}), address_of("cash", {"office": "a@p.example"})
    ('head@p.example', '')
    """
    return addresses.get(team) or addresses.get(EVERY_OTHER, "")
