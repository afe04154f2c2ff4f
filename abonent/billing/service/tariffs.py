"""Tariffs and their prices: what is sold, and a new price with its notice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from abonent.billing.errors import AlreadyExists, NoticeTooShort
from abonent.billing.queries.books import Installation, Loaded, installation
from abonent.billing.queries.catalogue import Catalogue
from abonent.billing.rules.book import Tariff, Version
from abonent.billing.rules.changes import reprice
from abonent.billing.service.books import DAY_LOCK, keep, open_accounts
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.jsontext import to_json
from abonent.kernel.work import UnitOfWork

BATCH = 500
KINDS = ("internet", "tv", "phone", "equipment", "bundle", "other")
_ALONE = "SELECT pg_advisory_xact_lock($1)"
_CHANGED = "UPDATE billing_installation SET catalogue = $1"
_TARIFF = """
INSERT INTO billing_tariff (code, name, kind, mode, due_days, connection_fee, tax_code, attributes, districts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (code) DO NOTHING RETURNING id
"""
_VERSION = """
INSERT INTO billing_tariff_version (tariff_id, valid_from, fee, moves) VALUES ($1, $2, $3, $4)
ON CONFLICT (tariff_id, valid_from) DO NOTHING RETURNING id
"""
FIRST = date(2000, 1, 1)
"""The first version of a tariff is in force since ever."""
_REACHED = """
SELECT count(*) FROM billing_service s WHERE s.ends_on > $2 AND coalesce((
    SELECT t.tariff_id FROM billing_service_tariff t
    WHERE t.account_id = s.account_id AND t.service_no = s.no AND t.since <= $2
    ORDER BY t.since DESC LIMIT 1), s.tariff_id) = $1
"""
_HOLDING = """
SELECT DISTINCT a.account_id FROM billing_account a JOIN billing_service s USING (account_id)
WHERE a.held_since IS NOT NULL AND s.ends_on > $2 AND (s.tariff_id = $1 OR EXISTS (
    SELECT 1 FROM billing_service_tariff t
    WHERE t.account_id = s.account_id AND t.service_no = s.no AND t.tariff_id = $1))
ORDER BY a.account_id
"""
_ARCHIVE = "UPDATE billing_tariff SET archived_on = $2 WHERE code = $1"
_DESCRIBE = """
UPDATE billing_tariff SET name = $2, districts = $3,
    analogue_id = (SELECT id FROM billing_tariff WHERE code = $4)
WHERE code = $1
"""
_DESCRIBED = "SELECT name, districts, analogue_id FROM billing_tariff WHERE code = $1"


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A recorded price, and how many services it reaches on its day."""

    version: Version
    services: int


async def change_catalogue(work: UnitOfWork) -> Installation:
    """Wait for every use case in flight, then let nothing see the old catalogue again."""
    await work.connection.execute(_ALONE, DAY_LOCK)
    await work.connection.execute(_CHANGED, new_id())
    return await installation(work.connection)


async def create_tariff(
    *,
    by: Actor,
    code: str,
    name: str,
    kind: str,
    mode: str,
    fee: int,
    due_days: int = 0,
    connection_fee: int = 0,
    tax_code: str = "none",
    attributes: dict[str, Any] | None = None,
    districts: list[str] | None = None,
) -> Tariff:
    """Put a tariff on sale with its first price; the code must be new."""
    by.require("billing.tariff.edit")
    async with unit_of_work(by) as work:
        here = await change_catalogue(work)
        check_tax(here.catalogue, tax_code)
        row = (code, name, kind, mode, due_days, connection_fee, tax_code)
        extra = to_json(attributes or {})
        made = await work.connection.fetchval(_TARIFF, *row, extra, districts)
        if made is None:
            raise AlreadyExists("code", code)
        await work.connection.execute(_VERSION, made, FIRST, fee, True)
        await work.audit("billing:tariff:created", code, after={"fee": fee, "mode": mode})
        here = await change_catalogue(work)
    return here.catalogue.tariff(code)


def check_tax(catalogue: Catalogue, code: str) -> None:
    """Refuse a tax code nobody has given rates for."""
    if code not in catalogue.taxes:
        known = ", ".join(sorted(catalogue.taxes))
        raise Malformed.of("tax_code", code, N_("Unknown tax code; known: {known}."), known=known)


async def add_version(code: str, *, by: Actor, fee: int, start: date, moves: bool) -> NewVersion:
    """Set a price from a day on; `moves` takes existing services along, after the notice term.

    Days already charged beyond that day are adjusted at once, in the same transaction.
    """
    by.require("billing.tariff.edit")
    async with unit_of_work(by) as work:
        here = await change_catalogue(work)
        tariff = here.catalogue.tariff(code)
        earliest = here.day + timedelta(here.catalogue.notice_days if moves else 0)
        if start < earliest:
            raise NoticeTooShort(start, earliest)
        row = (tariff.id, start, fee, moves)
        if await work.connection.fetchval(_VERSION, *row) is None:
            raise AlreadyExists("from", start)
        here = await change_catalogue(work)
        reached = 0
        if moves:
            reached = await work.connection.fetchval(_REACHED, tariff.id, start)
            await _reprice_all(work, tariff.id, here.day)
        await work.audit("billing:tariff:priced", code, after={"fee": fee, "from": start})
    version = next(v for v in here.catalogue.tariff(code).versions if v.valid_from == start)
    return NewVersion(version, reached)


async def _reprice_all(work: UnitOfWork, tariff: int, day: date) -> None:
    """Adjust what accounts on a tariff hold for days the new price reaches, batch by batch."""
    accounts = [r["account_id"] for r in await work.connection.fetch(_HOLDING, tariff, day)]
    for start in range(0, len(accounts), BATCH):
        books = await open_accounts(work, accounts[start : start + BATCH])
        for loaded in books:
            _reprice(loaded)
        await keep(work, *books)


def _reprice(loaded: Loaded) -> None:
    for service in loaded.book.services:
        reprice(loaded.book, service)


async def archive_tariff(code: str, *, by: Actor) -> Tariff:
    """Stop selling a tariff; services on it go on as they are."""
    by.require("billing.tariff.edit")
    async with unit_of_work(by) as work:
        here = await change_catalogue(work)
        tariff = here.catalogue.tariff(code)
        await work.connection.execute(_ARCHIVE, code, here.day)
        await work.audit("billing:tariff:archived", code)
        await change_catalogue(work)
    return tariff


async def reopen_tariff(code: str, *, by: Actor) -> Tariff:
    """Sell an archive tariff again."""
    by.require("billing.tariff.edit")
    async with unit_of_work(by) as work:
        here = await change_catalogue(work)
        tariff = here.catalogue.tariff(code)
        await work.connection.execute(_ARCHIVE, code, None)
        await work.audit("billing:tariff:reopened", code)
        await change_catalogue(work)
    return tariff


async def describe_tariff(
    code: str, *, by: Actor, name: str, districts: list[str] | None, analogue: str | None
) -> Tariff:
    """Give a tariff its name, the districts where it is sold and its open analogue.

    `districts` None sells it everywhere; `analogue` is the code of another tariff, None the nearest.
    Services in force stay as they are. Raises TariffNotFound, Malformed.
    """
    by.require("billing.tariff.edit")
    if analogue == code:
        raise Malformed.of("analogue", code, N_("A tariff is compared with another one."))
    async with unit_of_work(by) as work:
        here = await change_catalogue(work)
        here.catalogue.tariff(code)
        if analogue is not None:
            here.catalogue.tariff(analogue)
        before = await work.connection.fetchrow(_DESCRIBED, code)
        await work.connection.execute(_DESCRIBE, code, name, districts or None, analogue)
        await work.audit(
            "billing:tariff:described",
            code,
            before={"name": before["name"], "districts": before["districts"]},
            after={"name": name, "districts": districts, "analogue": analogue},
        )
        here = await change_catalogue(work)
    return here.catalogue.tariff(code)
