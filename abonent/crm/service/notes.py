"""Notes on an account: written, corrected, pinned to the head of the card, taken off."""

from __future__ import annotations

from typing import Any

from abonent.billing.queries.books import account_id
from abonent.crm.service.holders import locked
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.ids import new_id
from abonent.kernel.texts import given_text
from abonent.kernel.work import UnitOfWork

LONGEST = 4000

_ADD = """
INSERT INTO crm_note (account_id, id, text, pinned, added_at, added_by)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_OF = """
SELECT text, pinned, version FROM crm_note
WHERE account_id = $1 AND id = $2 AND removed_at IS NULL FOR UPDATE
"""
_CHANGE = """
UPDATE crm_note SET text = $3, pinned = $4, version = version + 1 WHERE account_id = $1 AND id = $2
"""
_REMOVE = """
UPDATE crm_note SET removed_at = $3, pinned = false, version = version + 1
WHERE account_id = $1 AND id = $2
"""


async def add_note(number: str, *, by: Actor, text: str, pinned: bool = False) -> int:
    """Write a note on an account; a pinned one stands in the head of the card."""
    by.require("crm.note.write")
    kept = given_text("text", text, longest=LONGEST)
    async with unit_of_work(by) as work:
        account, made = await account_id(work.connection, number), new_id()
        row = (account, made, kept, pinned, clock.now(), f"{by.kind}:{by.id}")
        await work.connection.execute(_ADD, *row)
        after = {"pinned": pinned}
        await work.audit("crm:note:added", f"note:{made}", account_id=account, after=after)
    return made


async def change_note(
    number: str, note: int, *, by: Actor, seen: int | None, text: str, pinned: bool
) -> None:
    """Correct or pin a note. Raises NotOnCard, ChangedMeanwhile."""
    by.require("crm.note.write")
    kept = given_text("text", text, longest=LONGEST)
    async with unit_of_work(by) as work:
        account, row = await _locked(work, number, note, seen)
        await work.connection.execute(_CHANGE, account, note, kept, pinned)
        await work.audit(
            "crm:note:changed",
            f"note:{note}",
            account_id=account,
            before={"pinned": row["pinned"]},
            after={"pinned": pinned},
            personal={"was": row["text"]} if row["text"] != kept else None,
        )


async def remove_note(number: str, note: int, *, by: Actor) -> None:
    """Take a note off the card; it stays in the history."""
    by.require("crm.note.write")
    async with unit_of_work(by) as work:
        account, _row = await _locked(work, number, note, None)
        await work.connection.execute(_REMOVE, account, note, clock.now())
        await work.audit("crm:note:removed", f"note:{note}", account_id=account)


async def _locked(
    work: UnitOfWork, number: str, note: int, seen: int | None
) -> tuple[int, dict[str, Any]]:
    account = await account_id(work.connection, number)
    subject = f"note:{note}"
    row = await locked(work.connection, _OF, (account, note), subject=subject, seen=seen)
    return account, row
