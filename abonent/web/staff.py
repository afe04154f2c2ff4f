"""Reads about staff: people and their roles, as administrators see them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import _
from abonent.web.errors import NoSuchUser, UnknownRole
from abonent.web.rights import PORTAL_ROLE, USER_VIEW, spelled_out

NAMED = 12
"""How many people a preview names; the rest are counted."""

_PERSON = """
SELECT u.id, u.login, u.name, u.role, r.name AS role_name, r.rights, u.office_id,
       o.name AS office, u.districts, u.active, u.version, u.created_at,
       r.second_factor AS wants_factor, f.confirmed_at AS factor_since,
       (SELECT max(last_seen_at) FROM web_session s WHERE s.user_id = u.id) AS seen_at,
       (SELECT count(*) FROM web_recovery_code c
         WHERE c.user_id = u.id AND c.used_at IS NULL) AS codes_left
  FROM web_user u
  JOIN web_role r ON r.code = u.role
  LEFT JOIN office o ON o.id = u.office_id
  LEFT JOIN web_second_factor f ON f.user_id = u.id
 WHERE u.id = $1
"""
_ROLES = """
SELECT r.code, r.name, r.rights, r.second_factor, r.shipped, r.version, count(u.id) AS people
  FROM web_role r LEFT JOIN web_user u ON u.role = r.code AND u.active
 WHERE $1::text IS NULL OR r.code = $1
 GROUP BY r.code ORDER BY NOT r.shipped, r.code
"""
_HOLDERS = """
SELECT u.name, count(*) OVER () AS people,
       count(*) FILTER (WHERE NOT EXISTS (
           SELECT FROM web_second_factor f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL
       )) OVER () AS without_factor
  FROM web_user u WHERE u.role = $1 AND u.active ORDER BY u.name LIMIT $2
"""
_ABSENCES = """
SELECT a.id, a.first_day, a.last_day, a.reason, a.substitute, s.name AS substitute_name,
       a.begins <= $2 AS now,
       w.stand_in IS NULL AND a.begins <= $2 AND a.substitute IS NOT NULL AS left_to_team
  FROM staff_absence a LEFT JOIN web_user s ON s.id = a.substitute
  LEFT JOIN staff_away($2) w ON w.user_id = a.user_id
 WHERE a.user_id = $1 AND a.called_off_at IS NULL AND a.ends > $2 ORDER BY a.first_day
"""
_BOTH_AWAY = """
SELECT u.name, greatest(o.first_day, a.first_day) AS first, least(o.last_day, a.last_day) AS last
FROM staff_absence o
JOIN staff_absence a ON a.user_id = $1
JOIN web_user u ON u.id = o.user_id
WHERE o.substitute = $1 AND o.called_off_at IS NULL AND a.called_off_at IS NULL
    AND o.ends > $2 AND a.ends > $2 AND o.begins < a.ends AND a.begins < o.ends
ORDER BY 2, u.name
"""
_STAND_INS = """
SELECT u.id, u.name, r.name AS role_name
  FROM web_user u JOIN web_role r ON r.code = u.role
 WHERE u.active AND u.role <> $2 AND u.id <> $1
 ORDER BY u.role <> (SELECT role FROM web_user WHERE id = $1), lower(u.name)
"""
_OFFICE_ID = "SELECT id FROM office WHERE code = $1"
_OFFICE_CODE = "SELECT code FROM office WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Somebody whose substitute is away on some of the same days."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who may sign in; `factor_since` is None without a second factor."""

    id: int
    login: str
    name: str
    role: str
    role_name: str
    rights: list[str]
    office_id: int | None
    office: str | None
    districts: list[str] | None
    active: bool
    version: int
    created_at: datetime
    wants_factor: bool
    factor_since: datetime | None
    seen_at: datetime | None
    codes_left: int

    def within(self, actor: Actor) -> bool:
        """Tell whether the actor holds all that the person does, and where, and so may change them."""
        held = all(actor.may(right) for right in self.rights)
        return held and actor.sees_all(self.districts)


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role with how many active people have it."""

    code: str
    name: str
    rights: list[str]
    second_factor: bool
    shipped: bool
    version: int
    people: int

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return _(self.name)

    @property
    def given(self) -> bool:
        """Tell whether people of the staff have it; the portal's role is for subscribers."""
        return self.code != PORTAL_ROLE

    def within(self, actor: Actor) -> bool:
        """Tell whether the actor holds all that the role does, and so may give it."""
        return all(actor.may(right) for right in self.rights)


@dataclass(frozen=True, slots=True)
class Absence:
    """When somebody is away, both days included; `left_to_team`: the substitute is away as well."""

    id: int
    first_day: date
    last_day: date
    reason: str
    substitute: int | None
    substitute_name: str | None
    now: bool
    left_to_team: bool


@dataclass(frozen=True, slots=True)
class Affected:
    """What a change of a role would do: to how many people, who they are, which rights move.

    `to_set_up` is how many would have to set a second factor up before they go on.
    """

    people: int
    names: list[str]
    added: list[str]
    removed: list[str]
    to_set_up: int


async def person_of(user_id: int, *, by: Actor) -> Person:
    """Return a person. Raises NoSuchUser."""
    by.require(USER_VIEW)
    async with reading() as connection:
        row = await connection.fetchrow(_PERSON, user_id)
    if row is None:
        raise NoSuchUser(user_id)
    return Person(**row)


async def all_roles(*, by: Actor) -> list[Role]:
    """Return every role, those the product brings along first."""
    by.require(USER_VIEW)
    async with reading() as connection:
        return [Role(**row) for row in await connection.fetch(_ROLES, None)]


async def role_of(code: str, *, by: Actor) -> Role:
    """Return a role. Raises UnknownRole."""
    by.require(USER_VIEW)
    async with reading() as connection:
        row = await connection.fetchrow(_ROLES, code)
    if row is None:
        raise UnknownRole(code)
    return Role(**row)


async def affected_by(
    role: Role, *, rights: Collection[str], second_factor: bool, by: Actor
) -> Affected:
    """Return what changing a role to these rights would do; nothing is written."""
    by.require(USER_VIEW)
    async with reading() as connection:
        rows = await connection.fetch(_HOLDERS, role.code, NAMED)
    old, new = set(spelled_out(role.rights)), set(spelled_out(rights))
    asked_anew = second_factor and not role.second_factor
    return Affected(
        people=rows[0]["people"] if rows else 0,
        names=[row["name"] for row in rows],
        added=sorted(new - old),
        removed=sorted(old - new),
        to_set_up=rows[0]["without_factor"] if rows and asked_anew else 0,
    )


async def office_id(code: str | None) -> int | None:
    """Return the id of an office by its code; None for none."""
    async with reading() as connection:
        found: int | None = await connection.fetchval(_OFFICE_ID, code or "")
    return found


async def office_of(office: int | None) -> str:
    """Return the code of an office by its id; empty for none."""
    async with reading() as connection:
        return await connection.fetchval(_OFFICE_CODE, office) or ""


async def absences_of(user_id: int) -> list[Absence]:
    """Return the absences of a person that are not over, the nearest first."""
    async with reading() as connection:
        rows = await connection.fetch(_ABSENCES, user_id, clock.now())
    return [Absence(**row) for row in rows]


async def left_to_team(user_id: int) -> list[Uncovered]:
    """Who is away while their substitute, this person, is away too, and on which days both are."""
    async with reading() as connection:
        rows = await connection.fetch(_BOTH_AWAY, user_id, clock.now())
    return [Uncovered(**dict(row)) for row in rows]


async def stand_ins_for(user_id: int) -> list[tuple[str, str]]:
    """Return who may stand in for a person, as choices: those of the same role first."""
    async with reading() as connection:
        rows = await connection.fetch(_STAND_INS, user_id, PORTAL_ROLE)
    return [(str(row["id"]), f"{row['name']}, {_(row['role_name'])}") for row in rows]
