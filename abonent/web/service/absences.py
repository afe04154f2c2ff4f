"""Absences: from when to when somebody is away, and who does their work meanwhile."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import FieldError, Malformed, NotFound, Refused
from abonent.kernel.i18n import N_, time_zone
from abonent.kernel.ids import new_id
from abonent.web.errors import NoSuchUser
from abonent.web.rights import PORTAL_ROLE, USER_EDIT
from abonent.web.rules import ABSENCES
from abonent.web.service.giving import check_giving, check_whereabouts

LONGEST = timedelta(days=400)
"""Longer than any leave; somebody who is gone for good is locked instead."""

_USER = """
SELECT u.id, u.name, u.active, u.districts, r.rights FROM web_user u JOIN web_role r ON r.code = u.role
 WHERE u.id = $1 FOR UPDATE OF u
"""
# In order of their ids: of two who name one another at the same moment the second sees the first.
_HOLD = "SELECT FROM web_user WHERE id = ANY($1) ORDER BY id FOR UPDATE"
_MAY_STAND_IN = "SELECT 1 FROM web_user WHERE id = $1 AND active AND role <> $2"
_OVERLAP = """
SELECT first_day, last_day, (SELECT name FROM web_user WHERE id = $1) AS name FROM staff_absence
 WHERE user_id = $1 AND called_off_at IS NULL AND first_day <= $3 AND last_day >= $2
   AND ends > $4
 ORDER BY first_day LIMIT 1
"""
_ADD = """
INSERT INTO staff_absence (id, user_id, first_day, last_day, begins, ends, reason, substitute, set_at,
    set_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_ONE = """
SELECT id, user_id, first_day, last_day FROM staff_absence
 WHERE user_id = $1 AND id = $2 AND called_off_at IS NULL AND ends > $3 FOR UPDATE
"""
_CALL_OFF = "UPDATE staff_absence SET called_off_at = $2 WHERE id = $1"


async def set_absence(
    user_id: int, *, first: date, last: date, reason: str, substitute: int | None, by: Actor
) -> int:
    """Write down that somebody is away from `first` to `last`, both included; answers its id.

    Everybody sets their own absences; those of others take the right to change staff. Without a
    substitute the whole team does the work. Raises Malformed (also for a substitute who is away on
    some of these days), NoSuchUser, RightNotHeld, and Refused where the person is away already.
    """
    _may(user_id, by)
    now = clock.now()
    _check(first, last, reason, now)
    if substitute == user_id:
        same = N_("Somebody else stands in, not the person who is away.")
        raise Malformed.of("substitute", str(substitute), same)
    async with unit_of_work(by) as work:
        await work.connection.execute(_HOLD, [user_id, substitute or user_id])
        await _locked(work.connection, user_id, by=by)
        known = (substitute, PORTAL_ROLE)
        if substitute is not None and not await work.connection.fetchval(_MAY_STAND_IN, *known):
            raise Malformed.of("substitute", str(substitute), N_("Choose one of those offered."))
        if substitute is not None:
            away = await work.connection.fetchrow(_OVERLAP, substitute, first, last, now)
            if away:
                raise _gone_too(substitute, away)
        if taken := await work.connection.fetchrow(_OVERLAP, user_id, first, last, now):
            raise _taken(taken)
        made, me = new_id(), f"{by.kind}:{by.id}"
        span = (_instant(first), _instant(last + timedelta(1)))
        row = (made, user_id, first, last, *span, reason, substitute, now, me)
        await work.connection.execute(_ADD, *row)
        after = {"first": first.isoformat(), "last": last.isoformat(), "substitute": substitute}
        await work.audit("web:absence:set", f"user:{user_id}", after=after)
    return made


async def call_absence_off(user_id: int, absence: int, *, by: Actor) -> None:
    """End an absence now, or take one back that has not begun. Raises NotFound."""
    _may(user_id, by)
    now = clock.now()
    async with unit_of_work(by) as work:
        await _locked(work.connection, user_id, by=by)
        row = await work.connection.fetchrow(_ONE, user_id, absence, now)
        if row is None:
            raise NotFound("NO_SUCH_ABSENCE", N_("This absence is over or was called off."))
        await work.connection.execute(_CALL_OFF, absence, now)
        before = {"first": row["first_day"].isoformat(), "last": row["last_day"].isoformat()}
        await work.audit("web:absence:off", f"user:{user_id}", before=before)


def _may(user_id: int, by: Actor) -> None:
    if not (by.kind == "user" and by.id == str(user_id)):
        by.require(USER_EDIT)


def _check(first: date, last: date, reason: str, now: datetime) -> None:
    """Raise Malformed naming every field that is wrong."""
    wrong = []
    if last < first:
        wrong.append(FieldError("last", str(last), N_("The last day is not before the first.")))
    elif last < now.astimezone(time_zone()).date():
        wrong.append(FieldError("last", str(last), N_("This day is over: give today or later.")))
    elif last - first >= LONGEST:
        params = {"most": LONGEST.days}
        too_long = N_("An absence lasts at most {most} days.")
        wrong.append(FieldError("last", str(last), too_long, params))
    if reason not in ABSENCES:
        wrong.append(FieldError("reason", reason, N_("Choose one of those offered.")))
    if wrong:
        raise Malformed(*wrong)


def _gone_too(substitute: int, row: Any) -> Malformed:
    gone = N_("{name} is away from {since} to {until}: choose somebody else, or nobody.")
    days = {"since": row["first_day"], "until": row["last_day"]}
    return Malformed.of("substitute", str(substitute), gone, name=row["name"], **days)


def _taken(row: Any) -> Refused:
    already = N_("{name} is away from {since} to {until} already: call that absence off first.")
    days = {"since": row["first_day"], "until": row["last_day"]}
    return Refused("AWAY_ALREADY", already, field="first", name=row["name"], **days)


def _instant(day: date) -> datetime:
    return datetime.combine(day, time(), time_zone())


async def _locked(connection: Any, user_id: int, *, by: Actor) -> Any:
    row = await connection.fetchrow(_USER, user_id)
    if row is None or not row["active"]:
        raise NoSuchUser(user_id)
    if not (by.kind == "user" and by.id == str(user_id)):
        check_giving(row["rights"], by=by)
        check_whereabouts(row["districts"], by=by)
    return row
