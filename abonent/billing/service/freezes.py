"""Voluntary suspension: pausing the whole account for some days (добровольная блокировка)."""

from __future__ import annotations

from datetime import date
from typing import Any

from abonent.billing.errors import FreezeLimit, NotOnAccount
from abonent.billing.queries.books import Loaded
from abonent.billing.rules import changes
from abonent.billing.rules.book import Freeze, Kind
from abonent.billing.service.books import acting
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_

_ALL = "SELECT no, starts_on, ends_on FROM billing_freeze WHERE account_id = $1"
_INSERT = """
INSERT INTO billing_freeze (account_id, no, starts_on, ends_on, reason) VALUES ($1, $2, $3, $4, $5)
"""
_END = "UPDATE billing_freeze SET ends_on = $3 WHERE account_id = $1 AND no = $2"


async def freeze_account(
    number: str, *, by: Actor, start: date, end: date, reason: str = "", override: bool = False
) -> tuple[Loaded, Freeze]:
    """Freeze on [start, end), tomorrow at the earliest, within the policy's limits.

    `override` (a right of its own) passes over the limits, never over another freeze.
    """
    if end <= start:
        raise Malformed.of("to", end, N_("The end must lie after the start."))
    async with acting(number, by=by, right="billing.freeze.set") as (work, loaded):
        account = loaded.book.account
        known = await known_freezes(work.connection, account)
        if override:
            by.require("billing.freeze.override")
        no = max((f["no"] for f in known), default=0) + 1
        made = changes.freeze(loaded.book, no=no, start=start, end=end)
        if not override:
            check_freeze(loaded, known, start, end)
            charge_freeze(loaded, known, start, end)
        await work.connection.execute(_INSERT, account, no, start, end, reason)
        after = {"from": start, "to": end}
        await work.audit("billing:freeze:set", f"{number}/{no}", account_id=account, after=after)
    return loaded, made


def frozen_days(freezes: list[Any], year: int) -> int:
    """The days of a year that freezes already take."""
    first, last = date(year, 1, 1), date(year + 1, 1, 1)
    spans = ((max(f["starts_on"], first), min(f["ends_on"], last)) for f in freezes)
    return sum(max(0, (end - start).days) for start, end in spans)


async def known_freezes(connection: Any, account: int) -> list[Any]:
    """Every freeze of an account, past ones too: rows of no, starts_on, ends_on."""
    return list(await connection.fetch(_ALL, account))


def check_freeze(loaded: Loaded, known: list[Any], start: date, end: date) -> None:
    """Refuse a freeze beyond the policy's limits; raises FreezeLimit."""
    policy = loaded.catalogue.freezes
    days = (end - start).days
    left = policy.year_days - frozen_days(known, start.year)
    if days < policy.least_days or days > left:
        raise FreezeLimit(days, policy.least_days, max(0, left))


def charge_freeze(loaded: Loaded, known: list[Any], start: date, end: date) -> None:
    """Days beyond the free ones of the year cost the policy's fee, posted with the freeze."""
    policy = loaded.catalogue.freezes
    used = frozen_days(known, start.year)
    paid = max(0, used + (end - start).days - max(policy.free_days, used))
    if paid and policy.day_fee:
        changes.move_money(loaded.book, Kind.FREEZE_FEE, -paid * policy.day_fee, days=paid)


async def end_freeze(
    number: str, no: int, *, by: Actor, on: date | None = None
) -> tuple[Loaded, Freeze]:
    """Let a freeze end on a day, tomorrow at the earliest."""
    async with acting(number, by=by, right="billing.freeze.set") as (work, loaded):
        if all(f.no != no for f in loaded.book.freezes):
            raise NotOnAccount("freeze", no)
        account = loaded.book.account
        changed = changes.end_freeze(loaded.book, no, on)
        await work.connection.execute(_END, account, no, changed.ends_on)
        after = {"to": changed.ends_on}
        await work.audit("billing:freeze:ended", f"{number}/{no}", account_id=account, after=after)
    return loaded, changed
