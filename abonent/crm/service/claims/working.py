"""Working on a claim: owned, looked into, noted, withdrawn, closed, handed to court; its files."""

from __future__ import annotations

from datetime import date
from typing import Any

from abonent.billing.queries.books import account_id
from abonent.crm.claim_errors import ClaimNotFound, CompensationOwed
from abonent.crm.rules.claims import DECIDE, TAKE, TEAMS, VIEW, WORK
from abonent.crm.service.claims.rows import (
    LONGEST,
    LONGEST_LINE,
    audit,
    locked_claim,
    make_move,
    one_of,
)
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Malformed, Refused
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.storage import Checked, Storage, key_of
from abonent.kernel.texts import given_text
from abonent.kernel.work import UnitOfWork

LONGEST_NAME = 120
MOST_FILES = 30
KINDS = {"finding": N_("A finding: it goes into the answer"), "note": N_("A note for colleagues")}

_OWN = """
UPDATE crm_claim SET owner = $3, substitute = $4, version = version + 1
WHERE account_id = $1 AND id = $2
"""
_NOTE = """
INSERT INTO crm_claim_note (account_id, claim_id, id, kind, text, at, by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
# A finding goes into the answer: who has begun to write it without is told.
_FOUND = "UPDATE crm_claim SET version = version + 1 WHERE account_id = $1 AND id = $2"
_FILES = "SELECT count(*) FROM crm_claim_file WHERE account_id = $1 AND claim_id = $2"
_FILE = """
INSERT INTO crm_claim_file (account_id, claim_id, id, name, media, size, stored_as, at, by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (account_id, claim_id, stored_as) DO NOTHING
"""
_OPENED = """
SELECT f.name, f.media, f.stored_as, f.account_id, p.district, b.number FROM crm_claim_file f
JOIN billing_account b ON b.account_id = f.account_id
JOIN billing_place p ON p.id = b.place_id
JOIN crm_claim k ON k.account_id = f.account_id AND k.id = f.claim_id
WHERE k.id = $1 AND f.id = $2
"""
_IS_OF = "SELECT EXISTS (SELECT FROM unnest($1::text[]) t, staff_of(t) s WHERE s.id = $2)"
_COURT = """
UPDATE crm_claim SET court = $3, court_case = $4, court_amount = $5, court_on = $6,
    version = version + 1
WHERE account_id = $1 AND id = $2
"""


async def own_claim(claim: int, *, by: Actor, owner: int, substitute: int | None = None) -> None:
    """Name who answers for a claim, and who does while they are away. Raises Malformed."""
    by.require(WORK)
    if owner == substitute:
        same = N_("The substitute is somebody else than the owner.")
        raise Malformed.of("substitute", str(substitute), same)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by)
        for name, who in (("owner", owner), ("substitute", substitute)):
            if who is not None and not await work.connection.fetchval(_IS_OF, list(TEAMS), who):
                raise Malformed.of(name, str(who), N_("Choose one of those offered."))
        await work.connection.execute(_OWN, row["account_id"], row["id"], owner, substitute)
        before = {"owner": row["owner"], "substitute": row["substitute"]}
        await audit(
            work, row, "owned", before=before, after={"owner": owner, "substitute": substitute}
        )


async def investigate_claim(claim: int, *, by: Actor) -> None:
    """Begin to look into a registered claim. Raises MoveRefused."""
    by.require(WORK)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by)
        await make_move(work, row, "investigate")


async def note_claim(claim: int, *, by: Actor, text: str, kind: str = "note") -> None:
    """Write down a note for colleagues, or a finding that the answer tells."""
    by.require(WORK)
    one_of("kind", kind, KINDS)
    words = given_text("text", text, longest=LONGEST)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by)
        who = f"{by.kind}:{by.id}"
        values = (row["account_id"], row["id"], new_id(), kind, words, clock.now(), who)
        await work.connection.execute(_NOTE, *values)
        if kind == "finding":
            await work.connection.execute(_FOUND, row["account_id"], row["id"])
        await audit(work, row, "noted", after={"kind": kind})


async def dismiss_claim(claim: int, *, by: Actor, reason: str) -> None:
    """Put aside what came as a claim and is none. Raises MoveRefused, Malformed."""
    await _moved(claim, "dismiss", by=by, reason=reason)


async def withdraw_claim(claim: int, *, by: Actor, note: str) -> None:
    """Close a claim that the subscriber took back; `note` tells how they said so."""
    await _moved(claim, "withdraw", by=by, note=note)


async def close_claim(claim: int, *, by: Actor, note: str = "") -> None:
    """Close an answered claim or one back from court.

    Raises CompensationOwed while its money is not given back.
    """
    by.require(WORK)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by)
        if row["compensation"] and row["posted"] is None:
            raise CompensationOwed(row["compensation"])
        await make_move(work, row, "close", note=note)


async def hand_to_court(
    claim: int,
    *,
    by: Actor,
    court: str,
    case: str = "",
    amount: int | None = None,
    on: date | None = None,
    note: str = "",
    seen: int | None = None,
) -> None:
    """Write down that a claim went to court: where, under which number, for how much.

    Raises Conflict where the claim is not the version `seen` any more.
    """
    by.require(DECIDE)
    name = given_text("court", court, longest=LONGEST_LINE)
    number = given_text("case", case, longest=LONGEST_LINE, needed=False)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by, seen=seen)
        await work.connection.execute(
            _COURT, row["account_id"], row["id"], name, number, amount, on
        )
        if row["state"] != "court":
            await make_move(work, row, "court", note=note)
        await audit(work, row, "court_named", after={"amount": amount})


async def _moved(claim: int, name: str, *, by: Actor, reason: str = "", note: str = "") -> None:
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by)
        await make_move(work, row, name, reason=reason, note=note)


async def keep_claim_file(number: str, checked: Checked, *, by: Actor, storage: Storage) -> None:
    """Put a checked file into the storage, before the transaction that records it."""
    by.require(TAKE)
    async with reading() as connection:
        account = await account_id(connection, number)
    await storage.keep(key_of("claims", account, checked), checked.content, checked.media)


async def add_claim_file(claim: int, checked: Checked, *, by: Actor, name: str) -> None:
    """Record a file of a claim that has been kept; the same one again changes nothing."""
    by.require(TAKE)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by)
        await _add_file(work, row, checked, name)


async def _add_file(work: UnitOfWork, row: dict[str, Any], checked: Checked, name: str) -> None:
    account, by = row["account_id"], work.by
    if await work.connection.fetchval(_FILES, account, row["id"]) >= MOST_FILES:
        full = N_("A claim holds at most {most} files.")
        raise Refused("CLAIM_FILES", full, field="file", most=MOST_FILES)
    title = " ".join(name.split())[:LONGEST_NAME] or checked.ending
    await work.connection.execute(
        _FILE, account, row["id"], new_id(), title, checked.media, len(checked.content),
        key_of("claims", account, checked), clock.now(), f"{by.kind}:{by.id}",
    )  # fmt: skip
    await audit(work, row, "filed", after={"size": len(checked.content), "sha256": checked.sha256})


async def open_claim_file(
    claim: int, file: int, *, by: Actor, storage: Storage
) -> tuple[dict[str, Any], bytes]:
    """Answer a file's name and media with its content; who looked is kept in the audit."""
    by.require(VIEW)
    async with unit_of_work(by) as work:
        row = await work.connection.fetchrow(_OPENED, claim, file)
        if row is None or not by.sees(row["district"]) or not by.reaches(row["number"]):
            raise ClaimNotFound(claim)
        found = dict(row) | {"id": claim}
        await audit(work, found, "file_opened", after={"file": file})
    return found, await storage.fetch(row["stored_as"])
