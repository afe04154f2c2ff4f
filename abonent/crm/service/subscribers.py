"""Subscribers: taking one on with a contract and an account of their own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from abonent.billing.queries.books import Loaded
from abonent.billing.service.accounts import open_new_account, place_id
from abonent.crm.rules.people import Address, address_key, name_key, phone_digits
from abonent.crm.service.contracts import ContractState, sign_contract
from abonent.crm.service.numbers import planned_number
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.ids import new_id
from abonent.kernel.work import UnitOfWork

_SUBSCRIBER = """
INSERT INTO crm_subscriber (id, kind, name, name_key, tax_id, phone, email)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_CONTACT = """
INSERT INTO crm_contact (id, subscriber_id, kind, value, main) VALUES ($1, $2, $3, $4, true)
"""
_FACE = """
INSERT INTO crm_account (account_id, number, contract_id, place_id, flat, address_key)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_ENTITY = "SELECT legal_entity_id FROM billing_account WHERE account_id = $1"


@dataclass(frozen=True, slots=True)
class NewSubscriber:
    """A person or company to be taken on; `kind` is "person" or "company"."""

    name: str
    kind: str = "person"
    tax_id: str = ""
    phone: str = ""
    email: str = ""


async def add_subscriber(new: NewSubscriber, *, by: Actor) -> int:
    """Record a person or company; answers the id. Names and contacts go beside the audit row."""
    by.require("crm.subscriber.edit")
    async with unit_of_work(by) as work:
        return await add_person(work, new)


async def add_person(work: UnitOfWork, new: NewSubscriber) -> int:
    """The same within another use case, which has checked the right."""
    made = new_id()
    key, phone, email = name_key(new.name), phone_digits(new.phone), new.email.strip()
    row = (made, new.kind, new.name.strip(), key, new.tax_id, phone, email)
    await work.connection.execute(_SUBSCRIBER, *row)
    contacts = [(kind, value) for kind, value in (("phone", phone), ("email", email)) if value]
    await work.write(_CONTACT, [(new_id(), made, kind, value) for kind, value in contacts])
    await work.audit("crm:subscriber:added", f"subscriber:{made}", personal=asdict(new))
    return made


async def open_subscriber_account(
    number: str,
    *,
    by: Actor,
    billing_day: int,
    credit_limit: int = 0,
    legal_entity: str | None = None,
    subscriber: NewSubscriber,
    address: Address | None = None,
    contract: str = "",
    signed_on: date | None = None,
    state: ContractState = ContractState.ACTIVE,
) -> Loaded:
    """Open an account for a new subscriber: the person, a contract and the account in one act.

    Unless told, the contract bears the next number of the legal entity's plan, or the account's
    where there is none, and the open day. Raises AlreadyExists, ContractNumberTaken.
    """
    where = address or Address()
    by.require("billing.account.edit")
    async with unit_of_work(by) as work:
        place = await place_id(
            work.connection, district=where.district, street=where.street, house=where.house
        )
        loaded = await open_new_account(
            number,
            by=by,
            billing_day=billing_day,
            credit_limit=credit_limit,
            legal_entity=legal_entity,
            place=place,
        )
        account, on = loaded.book.account, signed_on or loaded.book.day
        entity = await work.connection.fetchval(_ENTITY, account)
        person = await add_person(work, subscriber)
        named = contract or await planned_number(work, entity, "contract", on) or number
        signed = await sign_contract(
            work, named, subscriber=person, entity=entity, on=on, state=state
        )
        face = (account, number, signed, place, where.flat, address_key(where))
        await work.connection.execute(_FACE, *face)
        await work.audit("crm:contract:signed", f"contract:{signed}", account_id=account)
    return loaded
