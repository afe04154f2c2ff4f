"""Before a norm is broken: who works on a request is warned, and when that was for nothing, the head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from abonent.crm.queries.request_alarms import address_of, alarm_addresses
from abonent.crm.service.requests.rows import add_line
from abonent.kernel import clock, mail
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import unit_of_work
from abonent.kernel.i18n import N_, gettext, written_term
from abonent.kernel.letters import write_letter
from abonent.kernel.site import site_language, whole_link
from abonent.kernel.work import UnitOfWork

_WARN = """
UPDATE crm_request SET warned_at = $1
WHERE open AND warned_at IS NULL AND warn_at <= $1
RETURNING id
"""
# Nobody to warn: at once. Warned: when half of what was left has gone by and no person did anything.
_ESCALATE = """
UPDATE crm_request r SET escalated_at = $1
WHERE r.open AND r.warned_at IS NOT NULL AND r.escalated_at IS NULL AND r.due_at IS NOT NULL
    AND (r.owner IS NULL OR EXISTS (SELECT FROM staff_away($1) w
            WHERE w.user_id = r.owner AND w.stand_in IS NULL) OR (
        r.warned_at + (r.due_at - r.warned_at) / 2 <= $1
        AND NOT EXISTS (SELECT FROM audit a WHERE a.subject = 'request:' || r.id
            AND a.at >= r.warned_at AND a.actor_kind NOT IN ('system', 'subscriber'))))
RETURNING r.id, r.number, r.account_id, r.title, r.team, r.due_at, actor_name('user:' || r.owner) AS owner,
    EXISTS (SELECT FROM staff_away($1) w WHERE w.user_id = r.owner) AS away,
    (SELECT stand_in_name FROM staff_away($1) w WHERE w.user_id = r.owner) AS stand_in
"""
_TOLD = """
SELECT string_agg(u.name, ', ' ORDER BY u.name) FROM staff_told($1) t JOIN web_user u ON u.id = t.user_id
"""


async def warn_requests() -> int:
    """Mark requests whose time is nearly up, each once, before their norm is broken."""
    async with unit_of_work(SYSTEM) as work:
        rows = await work.connection.fetch(_WARN, clock.now())
        if rows:
            await work.audit("crm:request:warned", "request:run", after={"requests": len(rows)})
    return len(rows)


async def escalate_requests() -> int:
    """Tell the head of warned requests that nobody deals with, each once in its term.

    A note on the request says whom it was told to; they have a tile; the address that is set
    for its team gets a letter. Answers how many there were.
    """
    language, now = site_language(), clock.now()
    async with unit_of_work(SYSTEM) as work:
        rows = await work.connection.fetch(_ESCALATE, now)
        if not rows:
            return 0
        told = await work.connection.fetchval(_TOLD, now)
        for row in rows:
            await add_line(work, row["id"], "note", _note(row, told, language))
            subject = f"request:{row['id']}"
            await work.audit("crm:request:escalated", subject, account_id=row["account_id"])
        await _write(work, rows, language=language, now=now)
    return len(rows)


def _why(row: Mapping[str, Any], language: str) -> str:
    if row["owner"] is None:
        return gettext(N_("Nobody has taken it."), language)
    if row["away"] and not row["stand_in"]:
        return gettext(N_("{owner} is away, nobody stands in."), language, owner=row["owner"])
    if row["stand_in"]:
        away = N_("{owner} is away, {name} stands in and has done nothing since the warning.")
        return gettext(away, language, owner=row["owner"], name=row["stand_in"])
    return gettext(N_("{owner} has done nothing since the warning."), language, owner=row["owner"])


def _note(row: Mapping[str, Any], told: str | None, language: str) -> str:
    whom = told or gettext(N_("nobody: there is no head"), language)
    first = gettext(N_("The time is nearly up. Told to: {whom}."), language, whom=whom)
    return f"{first} {_why(row, language)}"


async def _write(
    work: UnitOfWork, rows: Sequence[Mapping[str, Any]], *, language: str, now: datetime
) -> None:
    known = await alarm_addresses(work.connection)
    told: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if address := address_of(row["team"], known):
            told.setdefault(address, []).append(row)
    for address, theirs in told.items():
        await _write_to(work, address, theirs, language=language, now=now)


async def _write_to(
    work: UnitOfWork,
    address: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    language: str,
    now: datetime,
) -> None:
    requests = [
        {
            "number": row["number"],
            "title": row["title"],
            "due": written_term(row["due_at"], language),
            "why": _why(row, language),
            "link": whole_link(f"/requests/{row['number']}"),
        }
        for row in rows
    ]
    letter = await write_letter("request_alarm", {"requests": requests}, language=language)
    row = mail.mail(address, subject=letter.subject, text=letter.text, html=letter.html)
    await work.send(mail.KIND, row, key=f"requests:{rows[0]['id']}:{now:%FT%H%M}")
