"""Taking a claim in and registering it under a number without gaps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from abonent.billing.queries.books import account_id
from abonent.billing.queries.reach import check_reach
from abonent.crm.queries.claims import local_today
from abonent.crm.queries.hours import working_hours
from abonent.crm.rules.claims import (
    CHANNELS,
    REPLIES,
    SUBJECTS,
    TAKE,
    WORK,
    ClaimState,
    dates_of,
    register_by,
)
from abonent.crm.service.claims.rows import (
    LONGEST,
    LONGEST_LINE,
    audit,
    locked_claim,
    make_move,
    me,
    one_of,
    terms_on,
)
from abonent.crm.service.contacts import ContactKind, check_contact
from abonent.crm.service.messages import NewMessage, queue_message
from abonent.crm.service.numbers import take_number
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.texts import given_text
from abonent.kernel.work import UnitOfWork

_INSERT = """
INSERT INTO crm_claim (account_id, id, legal_entity_id, subject, demand, asked, text, channel,
    request, reply_by, reply_to, state, received_on, received_at, received_by, register_by, alarm_on)
SELECT $1, $2, legal_entity_id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15
FROM billing_account WHERE account_id = $1
"""
_REGISTER = """
UPDATE crm_claim SET number = $3, registered_at = $4, answer_by = $5, target_by = $6, alarm_on = $7,
    alarmed_at = NULL, owner = coalesce(owner, $8)
WHERE account_id = $1 AND id = $2
"""
_SUBJECT = "UPDATE crm_claim SET subject = $3 WHERE account_id = $1 AND id = $2"
_LINK = """
UPDATE crm_request SET link_kind = 'claim', link_number = $2, version = version + 1
WHERE number = $1 AND account_id = $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClaim:
    """What is demanded, by whom, and how the answer is wanted.

    `account` is a number, `received_on` the day the paper came (None: today), `request` the number
    of the request it came from. `told` is False where the subscriber has the number in hand.
    """

    account: str
    subject: str
    asked: str
    text: str
    channel: str
    demand: int = 0
    reply_by: str = "paper"
    reply_to: str = ""
    received_on: date | None = None
    request: int | None = None
    told: bool = True


async def take_claim(new: NewClaim, *, by: Actor, register: bool = True) -> int:
    """Take a claim in, and register it at once unless told otherwise; answers its id.

    What comes from the portal waits to be registered by somebody. Raises AccountNotFound, Malformed.
    """
    by.require(TAKE)
    await check_reach(new.account, by=by)
    today = local_today()
    came = new.received_on or today
    if came > today:
        raise Malformed.of("received_on", came, N_("This day is still to come."))
    for name, value, known in (
        ("subject", new.subject, SUBJECTS),
        ("channel", new.channel, CHANNELS),
        ("reply_by", new.reply_by, REPLIES),
    ):
        one_of(name, value, known)
    reply_to = " ".join(new.reply_to.split())
    if reply_to and new.reply_by == "email":
        reply_to = check_contact(ContactKind.EMAIL, reply_to, field="reply_to")
    if new.demand < 0:
        raise Malformed.of("demand", new.demand, N_("An amount is larger than zero."))
    asked, text = (
        given_text("asked", new.asked, longest=LONGEST_LINE),
        given_text("text", new.text, longest=LONGEST),
    )
    terms = await terms_on(came)
    async with unit_of_work(by) as work:
        connection, made = work.connection, new_id()
        account = await account_id(connection, new.account)
        until = register_by(came, terms, await working_hours(connection))
        await connection.execute(
            _INSERT, account, made, new.subject, new.demand, asked, text, new.channel, new.request,
            new.reply_by, reply_to, ClaimState.RECEIVED, came, clock.now(),
            f"{by.kind}:{by.id}", until,
        )  # fmt: skip
        row = await locked_claim(connection, made, by=by)
        await audit(work, row, "received", after={"subject": new.subject, "demand": new.demand})
        if register:
            await _register(work, row, told=new.told)
    return made


async def register_claim(claim: int, *, by: Actor, subject: str = "") -> str:
    """Give a claim its number and its terms; answers the number. Raises MoveRefused."""
    by.require(WORK)
    async with unit_of_work(by) as work:
        row = await locked_claim(work.connection, claim, by=by)
        if subject:
            one_of("subject", subject, SUBJECTS)
            await work.connection.execute(_SUBJECT, row["account_id"], row["id"], subject)
        return await _register(work, row)


async def _register(work: UnitOfWork, row: dict[str, Any], *, told: bool = True) -> str:
    now, today = clock.now(), local_today()
    terms = await terms_on(today)
    dates = dates_of(now, terms, await working_hours(work.connection))
    await make_move(work, row, "register")
    number = await take_number(work, row["legal_entity_id"], "claim", today)
    owner = me(work.by) if work.by.may(WORK) else None
    await work.connection.execute(
        _REGISTER, row["account_id"], row["id"], number, now, dates.answer_by, dates.target_by,
        dates.alarm_on, owner,
    )  # fmt: skip
    if row["request"] is not None:
        await work.connection.execute(_LINK, row["request"], number, row["account_id"])
    if told:
        await _tell(work, row, number, dates.answer_by)
    after = {"number": number, "answer_by": dates.answer_by.isoformat()}
    await audit(work, row, "numbered", after=after)
    return number


async def _tell(work: UnitOfWork, row: dict[str, Any], number: str, until: date) -> None:
    """Tell the subscriber the number and the term; where no rule lets us, the log says why."""
    channel = "email" if row["reply_by"] == "email" else "sms"
    message = NewMessage(
        account_id=row["account_id"],
        to=row["reply_to"] if channel == "email" else "",
        channel=channel,
        template="claim",
        values={"claim": number, "until": f"{until:%d.%m.%Y}"},
        about=f"claim:{row['id']}",
    )
    await queue_message(work, message)
