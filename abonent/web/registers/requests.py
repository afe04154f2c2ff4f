"""The register of requests at the desk: the department's own, with many of them passed on at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from abonent.crm.queries.requests import number_of_request, request_of, team_people
from abonent.crm.registers.requests import REQUESTS as DEPARTMENTS
from abonent.crm.rules.requests import TEAMS, WORK
from abonent.crm.service.requests.working import LONGEST_NOTE, pass_request
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_, _
from abonent.kernel.registers.declaration import Bulk, Change
from abonent.web.fields import Field, Kind


async def _whom() -> Sequence[tuple[str, str]]:
    """Every team, and below it each of its people: "office", "office:17"."""
    found = [(team, _("{team}: anybody", team=_(words))) for team, words in TEAMS.items()]
    for team, user, name in await team_people(list(TEAMS)):
        found.append((f"{team}:{user}", f"{_(TEAMS[team])}: {name}"))
    order = list(TEAMS)
    return sorted(found, key=lambda one: order.index(one[0].partition(":")[0]))


def _meant(values: Mapping[str, Any]) -> tuple[str, int | None]:
    """The team and the person chosen. Raises Malformed."""
    team, _colon, user = str(values.get("whom") or "").partition(":")
    if team not in TEAMS or (user and not user.isdecimal()):
        raise Malformed.of("whom", values.get("whom"), N_("Choose one of those offered."))
    return team, int(user) if user else None


async def _preview(keys: Sequence[Any], values: Mapping[str, Any], _by: Actor) -> list[Change]:
    named = dict(await _whom()).get(str(values.get("whom") or ""), "")
    return [Change(_("Passed to {name}", name=named) if named else _("Passed on"), len(keys))]


async def _pass(key: Any, values: Mapping[str, Any], by: Actor, _note: str) -> None:
    """Pass one on; one that is there already stays, so that a task done again says nothing twice."""
    team, owner = _meant(values)
    number = await number_of_request(int(key))
    found = await request_of(number, by=by)
    if found.open and (found.team, found.owner) == (team, owner):
        return
    await pass_request(number, by=by, team=team, owner=owner, note=str(values.get("note") or ""))


async def _named(key: Any) -> str:
    return str(await number_of_request(int(key)))


_TAKE = replace(DEPARTMENTS.actions[0], named=_named)
PASS = Bulk(
    code="pass",
    label=N_("Pass on"),
    right=WORK,
    commit=N_("Pass on"),
    preview=_preview,
    act=_pass,
    named=_named,
    icon="arrows-exchange",
    options={"whom": _whom},
    fields=(
        Field(name="whom", label=N_("To whom"), kind=Kind.CHOICE),
        Field(
            name="note",
            label=N_("What is to be done"),
            kind=Kind.AREA,
            required=False,
            longest=LONGEST_NOTE,
        ),
    ),
)
REQUESTS = replace(DEPARTMENTS, actions=(_TAKE, PASS))
