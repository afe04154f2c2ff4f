"""Contracts: their states, their border of responsibility, correcting them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from abonent.crm.errors import ContractNumberTaken, ContractStands
from abonent.crm.service.holders import Holder, changed_fields, holder_of, locked
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.work import UnitOfWork

LONGEST = 60

_OF = """
SELECT id, number, signed_on, state, ends_on, border, border_text, version FROM crm_contract
WHERE id = $1 FOR UPDATE
"""
_MOVE = "UPDATE crm_contract SET state = $2, ends_on = $3, version = version + 1 WHERE id = $1"
_CORRECT = """
UPDATE crm_contract SET number = $2, signed_on = $3, border = $4, border_text = $5,
    version = version + 1
WHERE id = $1
"""
_OF_ANOTHER = """
SELECT EXISTS (SELECT 1 FROM crm_contract WHERE number = $1 AND subscriber_id <> $2)
"""
_SIGN = """
INSERT INTO crm_contract (id, number, signed_on, subscriber_id, legal_entity_id, state, border,
    border_text)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


class ContractState(StrEnum):
    """Where a contract stands."""

    DRAFT = "draft"
    ACTIVE = "active"
    NOTICE = "notice"
    TERMINATED = "terminated"
    ARCHIVE = "archive"


MOVES: dict[ContractState, tuple[ContractState, ...]] = {
    ContractState.DRAFT: (ContractState.ACTIVE, ContractState.ARCHIVE),
    ContractState.ACTIVE: (ContractState.NOTICE, ContractState.TERMINATED),
    ContractState.NOTICE: (ContractState.ACTIVE, ContractState.TERMINATED),
    ContractState.TERMINATED: (ContractState.ARCHIVE,),
    ContractState.ARCHIVE: (),
}
"""What a contract may become; a notice can be taken back, an end cannot."""

_NEED_A_DAY = frozenset({ContractState.NOTICE, ContractState.TERMINATED})


async def sign_contract(
    work: UnitOfWork,
    number: str,
    *,
    subscriber: int,
    entity: int,
    on: date,
    state: ContractState = ContractState.ACTIVE,
    border: str = "flat",
    border_text: str = "",
) -> int:
    """Write a contract within a use case; answers its id. Raises ContractNumberTaken."""
    if await work.connection.fetchval(_OF_ANOTHER, number, subscriber):
        raise ContractNumberTaken(number)
    made = new_id()
    row = (made, number, on, subscriber, entity, state, border, border_text)
    await work.connection.execute(_SIGN, *row)
    return made


async def move_contract(
    number: str,
    *,
    by: Actor,
    to: ContractState,
    seen: int | None,
    ends_on: date | None = None,
    reason: str = "",
) -> None:
    """Move the account's contract on; a notice and an end need their day.

    Raises ContractStands where the contract does not go there, Malformed without a day.
    """
    by.require("crm.contract.edit")
    async with unit_of_work(by) as work:
        holder = await holder_of(work.connection, number)
        row = await _locked(work, holder, seen)
        await move_locked(work, holder, row, to, ends_on=ends_on, reason=reason)


async def move_locked(
    work: UnitOfWork,
    holder: Holder,
    row: dict[str, Any],
    to: ContractState,
    *,
    ends_on: date | None,
    reason: str,
) -> None:
    """Move a contract whose row is locked."""
    state = ContractState(row["state"])
    if to not in MOVES[state]:
        raise ContractStands(state, to)
    day = ends_on or (row["ends_on"] if to is not ContractState.ACTIVE else None)
    if to in _NEED_A_DAY and day is None:
        raise Malformed.of("ends_on", "", N_("Give the last day of the contract."))
    if day is not None and day < row["signed_on"]:
        early = N_("The contract was signed on {signed}: it cannot end before.")
        raise Malformed.of("ends_on", day, early, signed=row["signed_on"])
    await work.connection.execute(_MOVE, row["id"], to, day)
    await work.audit(
        f"crm:contract:{to}",
        f"contract:{row['id']}",
        account_id=holder.account_id,
        before={"state": state},
        after={"state": to, "ends_on": day, "reason": reason},
    )


async def correct_contract(
    number: str,
    *,
    by: Actor,
    seen: int | None,
    contract: str,
    signed_on: date,
    border: str,
    border_text: str = "",
) -> None:
    """Correct a contract's number, day and border. Raises ContractNumberTaken, ChangedMeanwhile."""
    by.require("crm.contract.edit")
    text = contract.strip()
    if not 0 < len(text) <= LONGEST:
        wrong = N_("A contract's number has 1 to {longest} characters.")
        raise Malformed.of("contract", contract, wrong, longest=LONGEST)
    async with unit_of_work(by) as work:
        holder = await holder_of(work.connection, number)
        row = await _locked(work, holder, seen)
        if await work.connection.fetchval(_OF_ANOTHER, text, holder.subscriber_id):
            raise ContractNumberTaken(text)
        after = {
            "number": text,
            "signed_on": signed_on,
            "border": border,
            "border_text": border_text.strip(),
        }
        await work.connection.execute(_CORRECT, row["id"], *after.values())
        fields = changed_fields(row, after)
        await work.audit(
            "crm:contract:corrected",
            f"contract:{row['id']}",
            account_id=holder.account_id,
            before={name: row[name] for name in fields if name != "border_text"},
            after={name: after[name] for name in fields if name != "border_text"},
        )


async def _locked(work: UnitOfWork, holder: Holder, seen: int | None) -> dict[str, Any]:
    subject = f"contract:{holder.contract_id}"
    keys = (holder.contract_id,)
    return await locked(work.connection, _OF, keys, subject=subject, seen=seen)
