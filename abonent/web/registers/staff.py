"""The registers of people who sign in and of their roles."""

from __future__ import annotations

from collections.abc import Sequence

from abonent.billing.registers import district_choices
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import N_, _
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row, Way
from abonent.web.rights import ROLE_EDIT, USER_EDIT, USER_VIEW, name_of_right

_ROLES = "SELECT code, name FROM web_role ORDER BY NOT shipped, code"
_OFFICES = "SELECT code, name FROM office ORDER BY code"
_STATES = {"in": (N_("may sign in"), "good"), "off": (N_("locked"), "bad")}
_FACTORS = {
    "on": (N_("on"), "good"),
    "due": (N_("still to be set up"), "warn"),
    "no": (N_("no"), ""),
}


async def role_choices() -> Sequence[tuple[str, str]]:
    """Every role by code, in the reader's language."""
    async with reading() as connection:
        return [(row["code"], _(row["name"])) for row in await connection.fetch(_ROLES)]


async def office_choices() -> Sequence[tuple[str, str]]:
    """Every office by code."""
    async with reading() as connection:
        return [(row["code"], row["name"]) for row in await connection.fetch(_OFFICES)]


async def _people_in_words(rows: list[Row], by: Actor) -> None:
    del by
    for row in rows:
        if "role" in row:
            row["role"] = _(row["role"])
        if "districts" in row:
            row["districts"] = row["districts"] or _("all")


async def _roles_in_words(rows: list[Row], by: Actor) -> None:
    del by
    for row in rows:
        if "name" in row:
            row["name"] = _(row["name"])
        if "rights" in row:
            row["rights"] = "; ".join(name_of_right(right) for right in row["rights"])


STAFF = Register(
    code="staff",
    label=N_("Staff"),
    about=N_("Who may sign in, with which role, and where."),
    path="/staff",
    right=USER_VIEW,
    source="""web_user u
JOIN web_role r ON r.code = u.role
LEFT JOIN office o ON o.id = u.office_id
LEFT JOIN web_second_factor f ON f.user_id = u.id AND f.confirmed_at IS NOT NULL
LEFT JOIN LATERAL (
    SELECT max(last_seen_at) AS at FROM web_session s WHERE s.user_id = u.id
) seen ON true""",
    key="u.id",
    key_type="bigint",
    columns=(
        Column(
            name="name",
            label=N_("Person's name"),
            sql="u.name",
            head=True,
            order="lower(u.name)",
            link="/staff/{key}",
        ),
        Column(name="login", label=N_("Login"), sql="u.login", order="u.login"),
        Column(name="role", label=N_("Role"), sql="r.name", order="r.name"),
        Column(name="office", label=N_("Office"), sql="o.name"),
        Column(name="districts", label=N_("Districts"), sql="array_to_string(u.districts, ', ')"),
        Column(
            name="seen",
            label=N_("Last seen"),
            sql="seen.at",
            kind=Kind.INSTANT,
            order="coalesce(seen.at, '-infinity')",
            order_type="timestamptz",
        ),
        Column(
            name="factor",
            label=N_("Second factor"),
            sql="CASE WHEN f.user_id IS NOT NULL THEN 'on' WHEN r.second_factor THEN 'due' ELSE 'no' END",
            kind=Kind.STATE,
            words=_FACTORS,
        ),
        Column(
            name="state",
            label=N_("State"),
            sql="CASE WHEN u.active THEN 'in' ELSE 'off' END",
            kind=Kind.STATE,
            words=_STATES,
        ),
        Column(
            name="away",
            label=N_("Away until"),
            sql="(SELECT w.until FROM staff_away(now()) w WHERE w.user_id = u.id)",
            kind=Kind.DAY,
        ),
        Column(
            name="since",
            label=N_("Added"),
            sql="u.created_at",
            kind=Kind.INSTANT,
            shown=False,
        ),
    ),
    sort="name",
    search=Filter(
        name="q",
        label=N_("Name or login"),
        ask=Ask.TEXT,
        sql="lower(u.name) LIKE '%' || lower($1) || '%' OR u.login LIKE lower($1) || '%'",
    ),
    search_label=N_("Name or login"),
    filters=(
        Filter(
            name="role",
            label=N_("Role"),
            ask=Ask.CHOICE,
            sql="u.role = ANY($1::text[])",
            options=role_choices,
        ),
        Filter(
            name="office",
            label=N_("Office"),
            ask=Ask.CHOICE,
            sql="o.code = ANY($1::text[])",
            options=office_choices,
        ),
        Filter(
            name="district",
            label=N_("Works in district"),
            ask=Ask.CHOICE,
            sql="u.districts IS NULL OR u.districts && $1::text[]",
            options=district_choices,
        ),
        Filter(
            name="state",
            label=N_("State"),
            ask=Ask.CHOICE,
            sql="CASE WHEN u.active THEN 'in' ELSE 'off' END = ANY($1::text[])",
            choices=tuple((code, word) for code, (word, _tone) in _STATES.items()),
        ),
        Filter(
            name="bare",
            label=N_("Without a second factor"),
            ask=Ask.FLAG,
            sql="f.user_id IS NULL",
        ),
        Filter(
            name="away",
            label=N_("Away now"),
            ask=Ask.FLAG,
            sql="EXISTS (SELECT FROM staff_away($1) w WHERE w.user_id = u.id)",
            given=clock.now,
        ),
        Filter(
            name="alone",
            label=N_("Away with nobody instead"),
            ask=Ask.FLAG,
            sql="EXISTS (SELECT FROM staff_away($1) w WHERE w.user_id = u.id AND w.stand_in IS NULL)",
            given=clock.now,
        ),
    ),
    refine=_people_in_words,
    ways=(Way(label=N_("Add a person"), path="/staff/new", right=USER_EDIT, icon="user-plus"),),
    icon="user-cog",
    empty=(N_("Nobody yet"), ""),
)

ROLES = Register(
    code="roles",
    label=N_("Roles"),
    about=N_("What people may do. A change holds at once for all who have the role."),
    path="/roles",
    right=USER_VIEW,
    done={"deleted": N_("The role is deleted")},
    source="""web_role r
LEFT JOIN LATERAL (
    SELECT count(*) AS people FROM web_user u WHERE u.role = r.code AND u.active
) held ON true""",
    key="r.code",
    key_type="text",
    columns=(
        Column(name="name", label=N_("Role"), sql="r.name", head=True, link="/roles/{key}"),
        Column(
            name="people",
            label=N_("People"),
            sql="held.people",
            kind=Kind.NUMBER,
            order="held.people",
            order_type="bigint",
            link="/staff?role={key}",
        ),
        Column(
            name="factor",
            label=N_("Second factor asked for"),
            sql="r.second_factor",
            kind=Kind.FLAG,
        ),
        Column(name="rights", label=N_("Rights"), sql="r.rights", soft=True, shown=False),
        Column(name="code", label=N_("Code"), sql="r.code", order="r.code", shown=False, soft=True),
    ),
    sort="code",
    refine=_roles_in_words,
    ways=(Way(label=N_("Make a role"), path="/roles/new", right=ROLE_EDIT, icon="plus"),),
    icon="shield-lock",
)
