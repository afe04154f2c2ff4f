"""Whom a campaign may write to and in which words: of many people in three statements.

The dry run and the sending ask the same rules the same question; only the sending writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from abonent.billing.queries.accounts import look_at
from abonent.billing.queries.books import Loaded
from abonent.crm.queries.campaigns import Campaign
from abonent.crm.queries.contacting import Contacted, all_contacted, persons_of_contact
from abonent.crm.queries.templates import templates_in_force
from abonent.crm.rules.campaigns import COMING, NO_CHARGE
from abonent.crm.rules.contacting import Frame, Purpose, Window
from abonent.crm.rules.people import spoken_name
from abonent.crm.service.lasting import Ending, ending_of
from abonent.crm.service.messages import (
    Composed,
    NewMessage,
    compose_by,
    frame_or_why_not,
    judged,
)
from abonent.kernel.actor import SYSTEM
from abonent.kernel.errors import DomainError
from abonent.kernel.legal import LegalRuleUnchecked
from abonent.kernel.money import format_money
from abonent.kernel.site import site_language, whole_link
from abonent.kernel.templates import MessageTemplate

NO_DEBT, TOO_LONG = "NO_DEBT", "TOO_LONG"

_COMING = """
SELECT l.account_id, l.until, l.amount FROM crm_lasting l JOIN billing_account b USING (account_id)
WHERE l.account_id = ANY($1) AND b.balance <= l.balance AND b.last_promise = l.promise
    AND b.state IN ('served', 'partly')
"""
_BALANCES = "SELECT account_id, balance, state FROM billing_account WHERE account_id = ANY($1)"


@dataclass(frozen=True, slots=True)
class Means:
    """What weighing takes beside the people: the templates and what the law and policy say."""

    templates: Mapping[str, MessageTemplate]
    frame: Frame | LegalRuleUnchecked


@dataclass(frozen=True, slots=True)
class Weighed:
    """One person: the message and its words; `reason` is the rule that refuses, empty for none."""

    account: int
    number: str
    balance: int
    account_state: str
    message: NewMessage
    composed: Composed | None
    reason: str


async def means_of(connection: Any, campaign: Campaign, at: datetime) -> Means:
    """Read what all people of a campaign are weighed by at an instant."""
    frame = await frame_or_why_not(connection, at, Purpose(campaign.purpose))
    return Means(await templates_in_force(site_language()), frame)


def window_of(campaign: Campaign, templates: Mapping[str, MessageTemplate]) -> Window:
    """The hours in which a campaign may write; one that is not urgent never writes at night."""
    template = templates.get(campaign.template)
    law = campaign.purpose == Purpose.DEBT or (template is not None and template.window == "debt")
    return Window.DEBT if law else Window.DAY


async def weigh(
    connection: Any,
    campaign: Campaign,
    accounts: Sequence[int],
    means: Means,
    at: datetime,
    *,
    closely: bool,
) -> list[Weighed]:
    """Answer of each account whether it is written to at an instant; `closely` reads whole books."""
    rows = await connection.fetch(_BALANCES, list(accounts))
    stood = {row["account_id"]: (row["balance"], row["state"]) for row in rows}
    books = await look_at(accounts, by=SYSTEM) if closely else {}
    stood |= {one: (books[one].book.balance, stood[one][1]) for one in books}
    near = tells_of_charge(campaign, means)
    coming = await _coming(connection, accounts, books) if near else {}
    found = await all_contacted(connection, accounts, channel=campaign.channel, at=at)
    asked = []
    for account in accounts:
        known, (balance, _state) = found[account], stood[account]
        message = message_for(campaign, known, balance, coming.get(account))
        asked.append((known, message, _composed(message, known, means)))
    addresses = [(known, one.address if one else "") for known, _message, one in asked]
    persons = await persons_of_contact(connection, addresses, at)
    weighed = []
    for (known, message, composed), person in zip(asked, persons, strict=True):
        account = known.account_id or 0
        balance, state = stood[account]
        reason = TOO_LONG
        if composed is not None:
            verdict = judged(message, composed, person, means.frame, at)
            untrue = _untrue(campaign, balance, near=near, comes=account in coming)
            reason = untrue or ("" if verdict.allowed else verdict.code)
        one = Weighed(account, known.number, balance, state, message, composed, reason)
        weighed.append(one)
    return weighed


def tells_of_charge(campaign: Campaign, means: Means) -> bool:
    """Tell whether a campaign's template names when money ends and what to pay."""
    template = means.templates.get(campaign.template)
    return template is not None and set(template.longest) >= COMING


async def _coming(
    connection: Any, accounts: Sequence[int], books: Mapping[int, Loaded]
) -> dict[int, Ending]:
    """Whose money runs out soon: by their books where those were read, as it was played otherwise."""
    if books:
        ends = {one: ending_of(loaded.book) for one, loaded in books.items()}
        return {one: end for one, end in ends.items() if end is not None}
    rows = await connection.fetch(_COMING, list(accounts))
    return {row["account_id"]: Ending(row["until"], row["amount"]) for row in rows}


def _untrue(campaign: Campaign, balance: int, *, near: bool, comes: bool) -> str:
    """Why what a campaign says is not true of somebody; nothing where it is."""
    if campaign.purpose == Purpose.DEBT and balance >= 0:
        return NO_DEBT
    return NO_CHARGE if near and not comes else ""


def message_for(
    campaign: Campaign, known: Contacted, balance: int, coming: Ending | None = None
) -> NewMessage:
    """What is said to one: by the template, or in the campaign's own words with the names filled in."""
    language = site_language()
    values = {
        "balance": format_money(balance, language),
        "debt": format_money(max(0, -balance), language),
    }
    if coming is not None:
        values["day"] = f"{coming.until + timedelta(1):%d.%m.%Y}"
        values["amount"] = format_money(coming.amount, language)
        values["url"] = f"/my/{known.number}/pay"
    own = {
        "name": spoken_name(known.name),
        "number": known.number,
        "company": known.company,
        "phone": known.company_phone,
        "url": whole_link("/my"),
        **{name: values[name] for name in ("balance", "debt")},
    }
    return NewMessage(
        account_id=known.account_id,
        channel=campaign.channel,
        template=campaign.template,
        values=values,
        text=campaign.text.format(**own) if campaign.text else "",
        subject=campaign.subject.format(**own) if campaign.subject else "",
        purpose=campaign.purpose,
        about=f"campaign:{campaign.id}",
    )


def _composed(message: NewMessage, known: Contacted, means: Means) -> Composed | None:
    try:
        return compose_by(message, known, means.templates)
    except DomainError:
        return None
