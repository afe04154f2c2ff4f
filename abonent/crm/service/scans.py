"""The archive of scans on a card: added, handed out, deleted with a reason."""

from __future__ import annotations

from datetime import date
from typing import Any

from abonent.billing.queries.books import account_id
from abonent.crm.errors import AlreadyThere, NotOnCard
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.outbox import Delivery, Handler
from abonent.kernel.settings import Settings
from abonent.kernel.storage import Checked, Storage, key_of, storage_of

DELETE = "crm.scan.delete"
"""Kind of outbox row: the file goes after the row has said so."""

LONGEST_NAME = 120

_ADD = """
INSERT INTO crm_scan (account_id, id, kind, name, media, size, sha256, stored_as, dated_on,
    added_at, added_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (stored_as) WHERE removed_at IS NULL DO NOTHING RETURNING id
"""
_OF = """
SELECT kind, name, media, stored_as, removed_at FROM crm_scan WHERE account_id = $1 AND id = $2
"""
_LOCKED = """
SELECT kind, stored_as FROM crm_scan
WHERE account_id = $1 AND id = $2 AND removed_at IS NULL FOR UPDATE
"""
_REMOVE = """
UPDATE crm_scan SET removed_at = $3, removed_by = $4, removal = $5 WHERE account_id = $1 AND id = $2
"""
_STILL_THERE = "SELECT EXISTS (SELECT 1 FROM crm_scan WHERE stored_as = $1 AND removed_at IS NULL)"


async def keep_scan(number: str, *, by: Actor, checked: Checked, storage: Storage) -> None:
    """Put a checked file into the storage, before the transaction that records it.

    A file that no row names afterwards harms nobody: it is only found through a row.
    """
    by.require("crm.scan.add")
    async with reading() as connection:
        account = await account_id(connection, number)
    await storage.keep(key_of("scans", account, checked), checked.content, checked.media)


async def add_scan(
    number: str,
    *,
    by: Actor,
    checked: Checked,
    kind: str,
    name: str = "",
    dated_on: date | None = None,
) -> int:
    """Record a scan whose file has been kept. Raises AlreadyThere for the same file again."""
    by.require("crm.scan.add")
    async with unit_of_work(by) as work:
        account, made = await account_id(work.connection, number), new_id()
        title = " ".join(name.split())[:LONGEST_NAME]
        made = await work.connection.fetchval(
            _ADD, account, made, kind, title, checked.media, len(checked.content), checked.sha256,
            key_of("scans", account, checked), dated_on, clock.now(), f"{by.kind}:{by.id}",
        )  # fmt: skip
        if made is None:
            raise AlreadyThere("file", title, N_("This very file is on the card already."))
        await work.audit(
            "crm:scan:added",
            f"scan:{made}",
            account_id=account,
            after={"kind": kind, "size": len(checked.content), "sha256": checked.sha256},
        )
    return int(made)


async def open_scan(
    number: str, scan: int, *, by: Actor, storage: Storage
) -> tuple[dict[str, Any], bytes]:
    """Answer a scan's kind, name and media with its content; who looked is kept in the audit.

    Raises NotOnCard for one that was deleted.
    """
    by.require("crm.document.view")
    async with unit_of_work(by) as work:
        account = await account_id(work.connection, number)
        row = await work.connection.fetchrow(_OF, account, scan)
        if row is None or row["removed_at"] is not None:
            raise NotOnCard("scan", scan)
        after = {"kind": row["kind"]}
        await work.audit("crm:scan:opened", f"scan:{scan}", account_id=account, after=after)
    return dict(row), await storage.fetch(row["stored_as"])


async def remove_scan(number: str, scan: int, *, by: Actor, reason: str) -> None:
    """Delete a scan's file; the row stays with the reason."""
    by.require("crm.scan.remove")
    if not reason.strip():
        raise Malformed.of("reason", reason, N_("Say why it is deleted."))
    async with unit_of_work(by) as work:
        account = await account_id(work.connection, number)
        row = await work.connection.fetchrow(_LOCKED, account, scan)
        if row is None:
            raise NotOnCard("scan", scan)
        who = f"{by.kind}:{by.id}"
        await work.connection.execute(_REMOVE, account, scan, clock.now(), who, reason.strip())
        await work.send(DELETE, {"key": row["stored_as"]})
        after = {"kind": row["kind"]}
        await work.audit("crm:scan:removed", f"scan:{scan}", account_id=account, after=after)


def scan_handler(settings: Settings) -> Handler:
    """Answer the handler that deletes files of removed scans."""

    async def handle(delivery: Delivery) -> None:
        key = delivery.payload["key"]
        async with reading() as connection:
            # The same paper may have been added again meanwhile.
            if await connection.fetchval(_STILL_THERE, key):
                return
        await storage_of(settings).remove(key)

    return handle
