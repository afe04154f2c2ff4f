"""Naming who is written to where nobody deals with a request."""

from __future__ import annotations

from collections.abc import Mapping

from abonent.crm.queries.morning import VIEW
from abonent.crm.queries.request_alarms import EVERY_OTHER
from abonent.crm.rules.requests import TEAMS
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work

_CLEAR = "DELETE FROM crm_request_alarm"
_ADD = "INSERT INTO crm_request_alarm (team, email) VALUES ($1, $2)"


async def name_alarm_addresses(addresses: Mapping[str, str], *, by: Actor) -> None:
    """Set an address for teams by their codes, EVERY_OTHER for the rest; an empty one is none."""
    by.require(VIEW)
    known = {EVERY_OTHER, *TEAMS}
    given = {team: email.strip() for team, email in addresses.items() if team in known}
    kept = {team: email for team, email in given.items() if email}
    async with unit_of_work(by) as work:
        await work.connection.execute(_CLEAR)
        await work.write(_ADD, list(kept.items()))
        after = {"addresses": len(kept)}
        await work.audit("crm:request_alarms:set", "request:alarms", after=after, personal=kept)
