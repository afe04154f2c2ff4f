"""Messages that the program writes by itself: noted where it happens, written by the worker.

What happens to accounts is noted in the same transaction, by one statement however many they are;
the words, the way and whether it may be said at all are settled when it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import structlog
from asyncpg import InterfaceError, PostgresError

from abonent.billing.events import PaymentTaken, PromiseGiven, ServiceSwitched
from abonent.billing.queries.accounts import AccountView, look, read_account
from abonent.crm.queries.notices import notice_setting
from abonent.crm.rules.notices import FRESH_DAYS, NOTICES, PAID, PRE_DUE, PROMISED, SUSPENDED
from abonent.crm.service.lasting import ending_of
from abonent.crm.service.messages import EMAIL, SMS, NewMessage, queue_message
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.content import ContentError
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import N_, speaking, time_zone
from abonent.kernel.jsontext import from_json, to_json
from abonent.kernel.money import format_money
from abonent.kernel.site import site_language
from abonent.kernel.work import UnitOfWork

EDIT = "crm.message.template"
MOST_DAYS = 14
_AT_DESK = "cash"
_AT_ONCE = 3_000
_KEPT = timedelta(days=40)
_DAY = timedelta(1)

_NOTE = """
INSERT INTO crm_notice (account_id, template, about, said, at)
SELECT n.account_id, $1, n.about, n.said::jsonb, $5
FROM unnest($2::bigint[], $3::text[], $4::text[]) n (account_id, about, said)
WHERE EXISTS (SELECT FROM crm_notice_setting WHERE template = $1 AND active_since <= $5)
ON CONFLICT DO NOTHING
"""
_SET = """
UPDATE crm_notice_setting SET active_since = $2, way = $3, days = $4 WHERE template = $1
"""
_TAKE = """
SELECT n.account_id, n.template, n.about, n.said, n.at, b.number, s.way,
    coalesce(s.active_since <= n.at, false) AS wanted,
    p.email <> '' AS email, p.phone <> '' AS phone
FROM crm_notice n
JOIN crm_notice_setting s ON s.template = n.template
JOIN billing_account b ON b.account_id = n.account_id
LEFT JOIN crm_account a ON a.account_id = n.account_id
LEFT JOIN crm_contract c ON c.id = a.contract_id
LEFT JOIN crm_subscriber p ON p.id = c.subscriber_id
WHERE n.done_at IS NULL ORDER BY n.at, n.account_id LIMIT 1 FOR UPDATE OF n SKIP LOCKED
"""
_DONE = """
UPDATE crm_notice SET done_at = $4, message_id = $5, reason = $6
WHERE account_id = $1 AND template = $2 AND about = $3
"""
_PAID_ON = "SELECT day FROM billing_entry WHERE account_id = $1 AND no = $2"
# Whoever has paid or promised since the days ahead were played is left out.
_NEAR = """
INSERT INTO crm_notice (account_id, template, about, said, at)
SELECT l.account_id, $1, (l.until + 1)::text, jsonb_build_object('day', l.until + 1), $2
FROM crm_lasting l JOIN billing_account b USING (account_id)
WHERE l.until < $3 AND b.balance <= l.balance AND b.last_promise = l.promise
    AND b.state IN ('served', 'partly')
    AND EXISTS (SELECT FROM crm_notice_setting WHERE template = $1 AND active_since <= $2)
ON CONFLICT DO NOTHING RETURNING account_id
"""
_FORGET = "DELETE FROM crm_notice WHERE done_at < $1"

_log = structlog.get_logger(__name__)


async def set_notice(template: str, *, by: Actor, active: bool, way: str, days: int | None) -> None:
    """Set whether a message is written by itself, which way first and how many days ahead.

    Switched on, it tells of what happens from then on. Raises NotFound, Malformed.
    """
    by.require(EDIT)
    before = await notice_setting(template)
    if way not in {SMS, EMAIL}:
        raise Malformed.of("way", way, N_("Choose one of those offered."))
    ahead = NOTICES[template].ahead
    if ahead and not (days and 1 <= days <= MOST_DAYS):
        wrong = N_("A whole number from {least} to {most}.")
        raise Malformed.of("days", str(days or ""), wrong, least=1, most=MOST_DAYS)
    since = (before.active_since or clock.now()) if active else None
    async with unit_of_work(by) as work:
        await work.connection.execute(_SET, template, since, way, days if ahead else None)
        was = {"active": before.active_since is not None, "way": before.way, "days": before.days}
        after = {"active": active, "way": way, "days": days if ahead else None}
        await work.audit("crm:notice:set", f"notice:{template}", before=was, after=after)


async def note_payments(work: UnitOfWork, taken: Sequence[PaymentTaken]) -> None:
    """Note payments that nobody was handed a receipt for."""
    rows = [
        (p.account_id, str(p.entry_no), {"amount": p.amount}) for p in taken if p.source != _AT_DESK
    ]
    await _note(work, PAID, rows)


async def note_promises(work: UnitOfWork, given: Sequence[PromiseGiven]) -> None:
    """Note promised payments, but for those that the subscriber has just taken and seen."""
    if work.by.kind == "subscriber":
        return
    rows = [
        (p.account_id, str(p.promise_no), {"amount": p.amount, "until": p.ends_on - _DAY})
        for p in given
    ]
    await _note(work, PROMISED, rows)


async def note_cut_off(work: UnitOfWork, switched: Sequence[ServiceSwitched]) -> None:
    """Note accounts of which a service was cut off, each once in a day."""
    cut = {(s.account_id, s.day) for s in switched if not s.served}
    await _note(work, SUSPENDED, [(account, str(day), {}) for account, day in sorted(cut)])


async def _note(
    work: UnitOfWork, template: str, rows: Sequence[tuple[int, str, dict[str, Any]]]
) -> None:
    if rows:
        accounts, about, said = ([row[n] for row in rows] for n in range(3))
        texts = [to_json(one) for one in said]
        await work.connection.execute(_NOTE, template, accounts, about, texts, clock.now())


async def note_pre_due() -> int:
    """Note every account whose money runs out within the days ahead, each once; answers how many."""
    setting = await notice_setting(PRE_DUE)
    if setting.active_since is None or setting.days is None:
        return 0
    last = _today() + timedelta(setting.days)
    async with unit_of_work(SYSTEM) as work:
        return len(await work.connection.fetch(_NEAR, PRE_DUE, clock.now(), last))


async def send_notices(most: int = _AT_ONCE) -> dict[str, int]:
    """Write what was noted, one after another; answers how many were written and not written."""
    done = {"written": 0, "not": 0}
    with speaking(site_language()):
        for _turn in range(most):
            told = await _send_one()
            if told is None:
                break
            done["written" if told else "not"] += 1
    async with unit_of_work(SYSTEM) as work:
        await work.connection.execute(_FORGET, clock.now() - _KEPT)
    return done


async def _send_one() -> bool | None:
    """Write the oldest note; None where none waits, False where nothing was to be said.

    One that cannot be written for a reason nobody foresaw is put aside: the others go on. Where the
    database or a file of content fails nothing is put aside: all are tried again once that is mended.
    """
    taken: list[tuple[int, str, str]] = []
    try:
        return await _write_one(taken)
    except (PostgresError, InterfaceError, OSError, ContentError):
        raise
    except Exception:
        if not taken:
            raise
        _log.exception("notices.failed", template=taken[0][1])
        async with unit_of_work(SYSTEM) as work:
            await work.connection.execute(_DONE, *taken[0], clock.now(), None, "FAILED")
        return False


async def _write_one(taken: list[tuple[int, str, str]]) -> bool | None:
    async with unit_of_work(SYSTEM) as work:
        row = await work.connection.fetchrow(_TAKE)
        if row is None:
            return None
        taken.append((row["account_id"], row["template"], row["about"]))
        made, reason = None, ""
        try:
            values = await _values(work.connection, row) if row["wanted"] else None
            if values is None:
                reason = "STALE" if row["wanted"] else "OFF"
            else:
                queued = await queue_message(work, _message(row, values))
                made, reason = queued.id, "" if queued.id else queued.verdict.code
        except DomainError as error:
            _log.warning("notices.not_written", template=row["template"], error=error.code)
            reason = error.code
        await work.connection.execute(_DONE, *taken[0], clock.now(), made, reason)
    return made is not None


def _message(row: Any, values: dict[str, str]) -> NewMessage:
    first, other = (SMS, EMAIL) if row["way"] == SMS else (EMAIL, SMS)
    has = {SMS: row["phone"], EMAIL: row["email"]}
    channel = first if has[first] or not has[other] else other
    return NewMessage(
        account_id=row["account_id"],
        channel=channel,
        template=row["template"],
        values={"url": f"/my/{row['number']}/pay", **values},
        about=f"notice:{row['template']}:{row['about']}",
    )


async def _values(connection: Any, row: Any) -> dict[str, str] | None:
    """What the template names, as it stands now; None for what is true no more."""
    said = from_json(row["said"])
    view = await read_account(row["number"], by=SYSTEM)
    match row["template"]:
        case "paid":
            day = await connection.fetchval(_PAID_ON, row["account_id"], int(row["about"]))
            fresh = day is not None and day >= view.day - timedelta(FRESH_DAYS)
            return _words(amount=said["amount"], balance=view.balance) if fresh else None
        case "promise-on":
            if view.promise is None or str(view.promise.no) != row["about"]:
                return None
            until = date.fromisoformat(said["until"])
            return _words(debt=said["amount"]) | {"until": f"{until:%d.%m.%Y}"}
        case "suspend":
            owed = max(view.missing, -view.balance, 0)
            cut = view.state in {"suspended", "partly"} and owed
            return _words(debt=owed) | {"url": f"/my/{view.number}"} if cut else None
        case _:
            return await _runs_out(view, date.fromisoformat(said["day"]))


async def _runs_out(view: AccountView, day: date) -> dict[str, str] | None:
    ends = ending_of((await look(view.number)).book)
    if ends is None or ends.until + _DAY != day:
        return None
    return _words(balance=view.balance, amount=ends.amount) | {"day": f"{day:%d.%m.%Y}"}


def _words(**amounts: int) -> dict[str, str]:
    return {name: format_money(amount, site_language()) for name, amount in amounts.items()}


def _today() -> date:
    return clock.now().astimezone(time_zone()).date()
