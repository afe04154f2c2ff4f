"""An account goes to another owner: the old contract ends, a new one is signed, the history stays."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from abonent.billing.queries.accounts import AccountView, view_of
from abonent.billing.rules.changes import refundable
from abonent.billing.service.books import keep, open_account
from abonent.billing.service.cash.taking import refund_at_desk
from abonent.billing.service.services import end_service
from abonent.crm.errors import NotGivenBack, NotOnCard, OwnerOwes, SameOwner
from abonent.crm.service.contracts import ContractState, move_locked, sign_contract
from abonent.crm.service.holders import Holder, holder_of
from abonent.crm.service.numbers import take_number
from abonent.crm.service.subscribers import NewSubscriber, add_person
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.work import UnitOfWork

_CONTRACT = """
SELECT id, number, signed_on, state, ends_on, border, border_text, version FROM crm_contract
WHERE id = $1 FOR UPDATE
"""
_LEFT = "SELECT EXISTS (SELECT 1 FROM crm_account WHERE contract_id = $1)"
_GIVE = """
UPDATE crm_account SET contract_id = $2, version = version + 1 WHERE account_id = $1
"""
_KNOWN = "SELECT 1 FROM crm_subscriber WHERE id = $1 FOR SHARE"
_DEVICES = """
SELECT coalesce(nullif(model, ''), kind) || ' ' || serial FROM crm_equipment
WHERE account_id = $1 AND returned_on IS NULL AND owner <> 'subscriber' ORDER BY given_on, id
"""
_RECORD = """
INSERT INTO crm_owner_change (account_id, no, day, at, from_contract, to_contract, balance,
    debt_taken, act)
SELECT $1, coalesce(max(no), 0) + 1, $2, $3, $4, $5, $6, $7, $8 FROM crm_owner_change
WHERE account_id = $1 RETURNING no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """Who takes what over.

    `owner` is a subscriber's id or somebody new. Services that do not go over end tomorrow, money
    that does not is paid back to the old owner by `refund_by`, equipment must have come back.
    Contacts and consents never go over: they are the person's own.
    """

    owner: int | NewSubscriber
    services: bool = True
    equipment: bool = True
    balance: bool = True
    debt: bool = False
    refund_by: str = "cash"
    contract: str = ""
    signed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """What a change of owner comes to; `no` numbers the changes of an account."""

    no: int
    act: str
    contract: str
    old_contract: str
    ends_old: bool
    balance: int
    refunded: int
    ended: tuple[str, ...]
    devices: tuple[str, ...]


async def change_owner(number: str, *, by: Actor, over: TakeOver) -> Handover:
    """Give an account to another owner in one act; the account keeps its number and history.

    Raises OwnerOwes for a debt that is not taken over, NotGivenBack, SameOwner,
    ContractNumberTaken.
    """
    by.require("crm.owner.change")
    async with unit_of_work(by) as work:
        loaded = await open_account(work, number)
        view, free = view_of(loaded), refundable(loaded.book)
        holder = await holder_of(work.connection, number)
        devices = await _check(work, holder, view, over)
        await keep(work, loaded)
        refunded = 0 if over.balance or view.balance <= 0 else free
        if refunded:
            await refund_at_desk(number, by=by, amount=refunded, method=over.refund_by)
        ended = () if over.services else await _end_services(number, view, by=by)
        return await _record(work, holder, view, over, (refunded, ended, devices))


class _OnlyLookedError(Exception):
    """Ends a preview: nothing of it is kept."""


async def preview_owner(number: str, *, by: Actor, over: TakeOver) -> Handover:
    """Answer what a change of owner would come to. Raises what it would raise; keeps nothing."""
    found: list[Handover] = []
    with suppress(_OnlyLookedError):
        async with unit_of_work(by):
            found.append(await change_owner(number, by=by, over=over))
            raise _OnlyLookedError
    return found[0]


async def _check(
    work: UnitOfWork, holder: Holder, view: AccountView, over: TakeOver
) -> tuple[str, ...]:
    """Answer the devices that go over; raises what forbids the change."""
    if isinstance(over.owner, int):
        if over.owner == holder.subscriber_id:
            raise SameOwner
        if await work.connection.fetchval(_KNOWN, over.owner) is None:
            raise NotOnCard("subscriber", over.owner)
    if view.balance < 0 and not over.debt:
        raise OwnerOwes(-view.balance)
    rows = await work.connection.fetch(_DEVICES, holder.account_id)
    devices = tuple(row[0].strip() for row in rows)
    if devices and not over.equipment:
        raise NotGivenBack(devices)
    return devices


async def _end_services(number: str, view: AccountView, *, by: Actor) -> tuple[str, ...]:
    living = [service for service in view.services if service.end is None]
    for service in living:
        await end_service(number, service.no, by=by)
    return tuple(service.name for service in living)


async def _record(
    work: UnitOfWork,
    holder: Holder,
    view: AccountView,
    over: TakeOver,
    done: tuple[int, tuple[str, ...], tuple[str, ...]],
) -> Handover:
    """Sign the new contract, end the old one where it has no other account, write the act."""
    day, entity = view.day, holder.legal_entity_id
    old = dict(await work.connection.fetchrow(_CONTRACT, holder.contract_id))
    owner = over.owner if isinstance(over.owner, int) else await add_person(work, over.owner)
    contract = over.contract.strip() or await take_number(work, entity, "contract", day)
    signed = await sign_contract(
        work,
        contract,
        subscriber=owner,
        entity=entity,
        on=over.signed_on or day,
        border=old["border"],
        border_text=old["border_text"],
    )
    await work.connection.execute(_GIVE, holder.account_id, signed)
    ends_old = not await work.connection.fetchval(_LEFT, holder.contract_id)
    if ends_old:
        await _end_old(work, holder, old, day)
    act = await take_number(work, entity, "owner_act", day)
    values = (holder.contract_id, signed, view.balance, view.balance < 0, act)
    no = await work.connection.fetchval(_RECORD, holder.account_id, day, clock.now(), *values)
    await work.audit(
        "crm:owner:changed",
        f"account:{holder.number}",
        account_id=holder.account_id,
        before={"contract": old["number"], "subscriber": holder.subscriber_id},
        after={
            "contract": contract,
            "subscriber": owner,
            "act": act,
            "balance": view.balance,
            "refunded": done[0],
        },
    )
    return Handover(no, act, contract, old["number"], ends_old, view.balance, *done)


async def _end_old(work: UnitOfWork, holder: Holder, old: dict[str, Any], day: date) -> None:
    """The contract that lost its last account ends; a draft is put away."""
    state = ContractState(old["state"])
    if state is ContractState.DRAFT:
        await move_locked(work, holder, old, ContractState.ARCHIVE, ends_on=None, reason="")
    elif state in (ContractState.ACTIVE, ContractState.NOTICE):
        ends_on, to = max(day, old["signed_on"]), ContractState.TERMINATED
        await move_locked(work, holder, old, to, ends_on=ends_on, reason="owner")
