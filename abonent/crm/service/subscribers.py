"""Subscribers: taking one on with a contract and an account of their own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from abonent.billing.queries.books import Loaded
from abonent.billing.service.accounts import open_new_account, place_id
from abonent.crm.rules import Address, address_key, name_key, phone_digits
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.ids import new_id

_SUBSCRIBER = """
INSERT INTO crm_subscriber (id, kind, name, name_key, tax_id, phone, email)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_CONTRACT = (
    "INSERT INTO crm_contract (id, number, signed_on, subscriber_id) VALUES ($1, $2, $3, $4)"
)
_FACE = """
INSERT INTO crm_account (account_id, number, contract_id, place_id, flat, address_key)
VALUES ($1, $2, $3, $4, $5, $6)
"""


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
    return await _add(new, by)


async def _add(new: NewSubscriber, by: Actor) -> int:
    made = new_id()
    key, phone = name_key(new.name), phone_digits(new.phone)
    async with unit_of_work(by) as work:
        row = (made, new.kind, new.name.strip(), key, new.tax_id, phone, new.email.strip())
        await work.connection.execute(_SUBSCRIBER, *row)
        subject = f"subscriber:{made}"
        await work.audit("crm:subscriber:added", subject, personal=asdict(new))
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
) -> Loaded:
    """Open an account for a new subscriber: the person, a contract and the account in one act.

    The contract bears the account's number and the open day unless told. Raises AlreadyExists.
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
        person = await _add(subscriber, by)
        signed = new_id()
        on = signed_on or loaded.book.day
        await work.connection.execute(_CONTRACT, signed, contract or number, on, person)
        face = (loaded.book.account, number, signed, place, where.flat, address_key(where))
        await work.connection.execute(_FACE, *face)
        await work.audit(
            "crm:contract:signed", f"contract:{signed}", account_id=loaded.book.account
        )
    return loaded
