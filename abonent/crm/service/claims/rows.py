"""What use cases of claims share: the locked row, its moves, its terms, words that are checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from abonent.crm.claim_errors import ClaimNotFound
from abonent.crm.rules.claims import CLAIM, RULES, Terms
from abonent.kernel.actor import Actor
from abonent.kernel.errors import Conflict, Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.legal import legal_rules
from abonent.kernel.work import UnitOfWork
from abonent.kernel.workflow import Move, log_move, said

LONGEST = 20_000
"""The longest text of a claim, its findings and its answer."""
LONGEST_LINE = 1_000

_LOCKED = """
SELECT k.*, b.number AS account, p.district FROM crm_claim k
JOIN billing_account b ON b.account_id = k.account_id
JOIN billing_place p ON p.id = b.place_id
WHERE k.id = $1 FOR UPDATE OF k
"""
_STATE = """
UPDATE crm_claim SET state = $3, version = version + 1 WHERE account_id = $1 AND id = $2
"""


async def locked_claim(
    connection: Any, claim: int, *, by: Actor, seen: int | None = None
) -> dict[str, Any]:
    """Lock and read a claim. Raises ClaimNotFound, also for one in no district of the actor.

    `seen` is the version that the actor acts upon; raises Conflict when it is another by now.
    """
    row = await connection.fetchrow(_LOCKED, claim)
    if row is None or not by.sees(row["district"]) or not by.reaches(row["account"]):
        raise ClaimNotFound(claim)
    if seen not in {None, row["version"]}:
        changed = N_(
            "A colleague has changed the claim meanwhile: close this, look and begin anew."
        )
        raise Conflict("CHANGED_MEANWHILE", changed)
    return dict(row)


async def make_move(
    work: UnitOfWork, row: Mapping[str, Any], name: str, *, reason: str = "", note: str = ""
) -> Move:
    """Make a move of the workflow. Raises MoveRefused, Malformed."""
    move = CLAIM.move(row["state"], name)
    work.by.require(move.right)
    given, words = said(move, reason=reason, note=note)
    await work.connection.execute(_STATE, row["account_id"], row["id"], move.target)
    account = row["account_id"]
    await log_move(
        work,
        CLAIM,
        row["id"],
        move=move,
        was=row["state"],
        account_id=account,
        reason=given,
        note=words,
    )
    return move


async def audit(work: UnitOfWork, row: Mapping[str, Any], done: str, **values: Any) -> None:
    """Write down what was done with a claim."""
    subject, account = f"claim:{row['id']}", row["account_id"]
    await work.audit(f"crm:claim:{done}", subject, account_id=account, **values)


async def terms_on(day: date) -> Terms:
    """The terms in force on a day. Raises LegalRuleUnchecked where nobody compared them."""
    found = await legal_rules(RULES, day)
    return Terms(*(found[key].number for key in RULES))


def one_of(name: str, value: str, known: Any) -> str:
    """A code that is known. Raises Malformed."""
    if value not in known:
        raise Malformed.of(name, value, N_("Choose one of those offered."))
    return value


def me(by: Actor) -> int | None:
    """The user who acts, where it is one."""
    return int(by.id) if by.kind == "user" else None
