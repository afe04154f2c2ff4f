"""Calls about accounts: opening, reading, credit, billing day."""

from __future__ import annotations

from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.reach import check_site
from abonent.billing.service import accounts
from abonent.crm.rules.people import Address, read_address
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.web.api.answers import AccountAnswer, MeAnswer
from abonent.web.api.inputs import BillingDay, Building, Credit, Home, NewAccount, Nothing, Person
from abonent.web.api.operations import (
    ACCOUNT,
    ACTS,
    ANYONE,
    READS,
    Asked,
    Operation,
)
from abonent.web.api.views import account_answer, account_of


async def who_am_i(asked: Asked[Nothing]) -> MeAnswer:
    """Answer whose token it is."""
    by = asked.by
    return MeAnswer(kind=by.kind, id=by.id, name=by.name, rights=sorted(by.rights))


async def open_account(asked: Asked[NewAccount]) -> AccountAnswer:
    """Open an account, with its subscriber where one is named."""
    new = asked.given
    if new.subscriber is None:
        loaded = await accounts.open_new_account(
            new.number,
            by=asked.by,
            billing_day=new.billing_day,
            credit_limit=new.credit_limit,
            legal_entity=new.legal_entity,
        )
    else:
        loaded = await open_subscriber_account(
            new.number,
            by=asked.by,
            billing_day=new.billing_day,
            credit_limit=new.credit_limit,
            legal_entity=new.legal_entity,
            subscriber=_subscriber(new.subscriber),
            address=address_of(new.subscriber.address),
        )
    return account_of(loaded)


def _subscriber(person: Person) -> NewSubscriber:
    return NewSubscriber(
        name=person.name,
        kind=person.kind,
        tax_id=person.tax_id,
        phone=person.phone or "",
        email=person.email or "",
    )


def address_of(given: Building | str | None) -> Address:
    """An address given in parts or in one line."""
    if isinstance(given, Building):
        flat = given.flat if isinstance(given, Home) else ""
        return Address(given.district, given.street, given.house, flat)
    return read_address(given or "")


async def place_of(given: int | Building | str | None, *, by: Actor) -> int | None:
    """The id of a building given by its id, its parts or one line; a new one is recorded.

    Raises Refused for one outside the actor's districts.
    """
    if given is None:
        return None
    async with unit_of_work(by) as work:
        if isinstance(given, int):
            place = await accounts.check_place(work.connection, given)
        else:
            where = address_of(given)
            place = await accounts.place_id(
                work.connection, district=where.district, street=where.street, house=where.house
            )
        await check_site(place, by=by)
        return place


async def known_place(given: int | Building | str) -> int | None:
    """The id of a building that was recorded before, None for one that was not."""
    async with reading() as connection:
        if isinstance(given, int):
            return given
        where = address_of(given)
        return await accounts.find_place(
            connection, district=where.district, street=where.street, house=where.house
        )


async def show_account(asked: Asked[Nothing]) -> AccountAnswer:
    """Show an account as it stands on the open day."""
    return account_answer(await read_account(asked.number, by=asked.by))


async def set_credit(asked: Asked[Credit]) -> AccountAnswer:
    """Set the credit limit."""
    given = asked.given
    loaded = await accounts.set_credit(
        asked.number, by=asked.by, limit=given.limit, reason=given.reason
    )
    return account_of(loaded)


async def change_billing_day(asked: Asked[BillingDay]) -> AccountAnswer:
    """Change the billing day from a period's start on."""
    given = asked.given
    loaded = await accounts.change_billing_day(
        asked.number, by=asked.by, day=given.day, start=given.from_
    )
    return account_of(loaded)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="GET",
        path="/me",
        name="me",
        summary="Whose token it is and what it may do",
        right=ANYONE,
        do=who_am_i,
        answer=MeAnswer,
        refusals=(400, 401),
    ),
    Operation(
        method="POST",
        path="/accounts",
        name="open_account",
        summary="Open an account",
        right="billing.account.edit",
        do=open_account,
        given=NewAccount,
        answer=AccountAnswer,
        refusals=(400, 401, 403, 409),
    ),
    Operation(
        method="GET",
        path=ACCOUNT,
        name="show_account",
        summary="An account on the open day",
        right="billing.account.view",
        do=show_account,
        answer=AccountAnswer,
        refusals=READS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/credit",
        name="set_credit",
        summary="Set the credit limit",
        right="billing.credit.set",
        do=set_credit,
        given=Credit,
        answer=AccountAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/billing-day",
        name="change_billing_day",
        summary="Change the billing day from a period's start on",
        right="billing.account.edit",
        do=change_billing_day,
        given=BillingDay,
        answer=AccountAnswer,
        refusals=ACTS,
    ),
)
