"""What is known before a person is turned to: the frame of the day, and who the person is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from abonent.billing.rules.calendar import weekend
from abonent.crm.rules.contacting import (
    DAY,
    MONTH,
    WEEK,
    Attempt,
    Frame,
    Limit,
    Person,
    Purpose,
    Way,
    hours_of,
)
from abonent.kernel.i18n import time_zone
from abonent.kernel.legal import legal_rules
from abonent.kernel.norms import Span

AHEAD = timedelta(days=90)
_KEPT = timedelta(days=31)
_STRETCH = {"day": DAY, "week": WEEK, "month": MONTH}
_COUNTED = {
    Way.CALL: ("calls", ("day", "week", "month")),
    Way.MESSAGE: ("messages", ("day", "week", "month")),
    Way.MEETING: ("meetings", ("week",)),
}
_HOURS = ("ru.230.hours.working", "ru.230.hours.rest")
_KEYS = (
    *(f"ru.230.{name}.{part}" for name, parts in _COUNTED.values() for part in parts),
    *_HOURS,
)
_POLICY = "SELECT opens, closes, cap, part_price, version FROM crm_contact_policy"
_CALENDAR = "SELECT day, working FROM billing_calendar WHERE day BETWEEN $1 AND $2"
_CONTACT = """
SELECT s.id, s.kind, s.name, s.phone, s.email, b.number, e.name AS company,
    e.phone AS company_phone, b.account_id,
    ARRAY(SELECT kind FROM crm_contact_hold h WHERE h.subscriber_id = s.id AND h.since <= $3
        AND (h.till IS NULL OR h.till > $3)) AS holds,
    EXISTS (SELECT FROM crm_consent o WHERE o.subscriber_id = s.id AND o.purpose = 'advertising'
        AND o.channel IN ('any', $2) AND o.since <= $3 AND (o.till IS NULL OR o.till > $3))
        AS consents
FROM billing_account b
JOIN billing_legal_entity e ON e.id = b.legal_entity_id
LEFT JOIN crm_account a ON a.account_id = b.account_id
LEFT JOIN crm_contract c ON c.id = a.contract_id
LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id
WHERE b.account_id = ANY($1::bigint[])
"""
_PROVIDER = "SELECT name, phone FROM billing_legal_entity ORDER BY id LIMIT 1"
_ATTEMPTS = """
SELECT who, at, way, purpose, template, capped FROM crm_contact_attempt
WHERE who = ANY($1::text[]) AND at > $2 AND (purpose = 'debt' OR at > $3)
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """The provider's own measure; `part_price` is what one part of an SMS costs, in minor units."""

    quiet: Span
    cap: int
    part_price: int
    version: int


@dataclass(frozen=True, slots=True)
class Contacted:
    """Who a message is for, as far as the rules and the words of it need to know."""

    account_id: int | None
    subscriber: int | None
    number: str
    name: str
    phone: str
    email: str
    company: str
    company_phone: str
    legal_person: bool
    holds: Sequence[str]
    consents: bool

    def who(self, address: str) -> str:
        """What attempts are counted under: the person over all accounts, a stranger's address."""
        if self.subscriber is not None:
            return f"s{self.subscriber}"
        return "x" + hashlib.sha256(address.encode()).hexdigest()[:16]


async def contact_policy(connection: Any) -> Policy:
    """The provider's own measure of turning to people."""
    row = await connection.fetchrow(_POLICY)
    return Policy(Span(row["opens"], row["closes"]), row["cap"], row["part_price"], row["version"])


async def contact_frame(connection: Any, at: datetime, purpose: Purpose) -> Frame:
    """What the law and the policy say on a day. Only turning to debtors reads the law.

    Raises LegalRuleUnchecked where a rule that it needs was never compared with the law.
    """
    zone = time_zone()
    day = at.astimezone(zone).date()
    policy = await contact_policy(connection)
    rows = await connection.fetch(_CALENDAR, day - DAY, day + AHEAD)
    special = {row["day"]: bool(row["working"]) for row in rows}

    def worked(one: date) -> bool:
        return special.get(one, not weekend(one))

    rules = await legal_rules(_KEYS, day) if purpose is Purpose.DEBT else {}
    limits = {
        way: [Limit(_STRETCH[p], rules[f"ru.230.{name}.{p}"].number) for p in parts]
        for way, (name, parts) in _COUNTED.items()
        if rules
    }
    working, rest = (hours_of(rules[key].value) if rules else policy.quiet for key in _HOURS)
    return Frame(limits, working, rest, policy.quiet, policy.cap, worked, zone)


async def contacted(
    connection: Any, account: int | None, *, channel: str, at: datetime
) -> Contacted:
    """Whose an account is; None for somebody who has none."""
    accounts = [account] if account else []
    found = await all_contacted(connection, accounts, channel=channel, at=at) if accounts else {}
    if account in found:
        return found[account]
    own = await connection.fetchrow(_PROVIDER)
    return Contacted(
        account, None, "", "", "", "", own["name"], own["phone"],
        legal_person=False, holds=(), consents=False,
    )  # fmt: skip


async def all_contacted(
    connection: Any, accounts: Sequence[int], *, channel: str, at: datetime
) -> dict[int, Contacted]:
    """Whose several accounts are, by account."""
    rows = await connection.fetch(_CONTACT, list(accounts), channel, at)
    return {row["account_id"]: _contacted(row) for row in rows}


def _contacted(row: Any) -> Contacted:
    return Contacted(
        account_id=row["account_id"],
        subscriber=row["id"],
        number=row["number"],
        name=row["name"] or "",
        phone=row["phone"] or "",
        email=row["email"] or "",
        company=row["company"],
        company_phone=row["company_phone"],
        legal_person=row["kind"] == "company",
        holds=row["holds"],
        consents=row["consents"],
    )


async def person_of_contact(
    connection: Any, known: Contacted, address: str, at: datetime
) -> Person:
    """What the rules must know of the person, with every attempt that any of them counts."""
    (person,) = await persons_of_contact(connection, [(known, address)], at)
    return person


async def persons_of_contact(
    connection: Any, asked: Sequence[tuple[Contacted, str]], at: datetime
) -> list[Person]:
    """The same of several people with the address each is written to, in their order."""
    names = [known.who(address) for known, address in asked]
    rows = await connection.fetch(_ATTEMPTS, names, at - _KEPT, at - 2 * DAY)
    attempts: dict[str, list[Attempt]] = {}
    for row in rows:
        way, purpose = Way(row["way"]), Purpose(row["purpose"])
        one = Attempt(row["at"], way, purpose, row["template"], row["capped"])
        attempts.setdefault(row["who"], []).append(one)
    return [
        Person(known.legal_person, known.holds, known.consents, attempts.get(who, []))
        for who, (known, _address) in zip(names, asked, strict=True)
    ]
