"""What subscribers do for themselves by SMS: balance, debt, promise, tariff, request, time, stop.

Only a confirmed phone is told anything of money; a promise takes a code besides. Whatever is no
command becomes a request, and a rating is put to the answer that was sent last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from abonent.billing.queries.accounts import AccountView, read_account
from abonent.billing.service.promises import give_promise, offers
from abonent.crm.events import SmsReceived
from abonent.crm.rules.sms_commands import Asked, Command, is_talk, read_command
from abonent.crm.service.messages import SMS, NewMessage, queue_message
from abonent.crm.service.requests.client import rate_request
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.crm.service.sms_codes import code_of, new_code, try_code, used_up
from abonent.crm.topics import OTHER, classifier
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.errors import DomainError
from abonent.kernel.i18n import _, last_moment, speaking
from abonent.kernel.money import format_money
from abonent.kernel.site import site_language
from abonent.kernel.work import UnitOfWork

RATED_WITHIN = timedelta(days=7)
LEAST_DIGITS = 10
"""Senders that are no telephones (short numbers, names of companies) are never answered."""
_RIGHTS = frozenset({"billing.account.view", "billing.promise.give", "crm.request.take"})

_ACCOUNTS = """
SELECT s.id AS subscriber, s.name, a.account_id, a.number, k.confirmed_at IS NOT NULL AS confirmed
FROM crm_contact k JOIN crm_subscriber s ON s.id = k.subscriber_id
JOIN crm_contract c ON c.subscriber_id = s.id AND c.state NOT IN ('draft', 'archive')
JOIN crm_account a ON a.contract_id = c.id
WHERE k.kind = 'phone' AND k.value = $1 AND k.removed_at IS NULL
ORDER BY confirmed DESC, a.account_id LIMIT 20
"""
_STOP = """
UPDATE crm_consent SET till = greatest(since, least(till, $2)), withdrawn_at = $2, withdrawal = $3,
    version = version + 1
WHERE subscriber_id = ANY($1::bigint[]) AND purpose = 'advertising' AND withdrawn_at IS NULL
RETURNING id
"""
_PEOPLE = """
SELECT DISTINCT subscriber_id FROM crm_contact
WHERE kind = 'phone' AND value = $1 AND removed_at IS NULL
"""
_LAST_ANSWERED = """
SELECT r.number FROM crm_request r
WHERE r.state IN ('resolved', 'rated') AND r.answered_at > $2
    AND (r.reply_to = $1 OR r.account_id = ANY($3::bigint[]))
ORDER BY r.answered_at DESC LIMIT 1
"""
_OPEN = """
SELECT number, due_at FROM crm_request WHERE open AND account_id = ANY($1::bigint[])
ORDER BY received_at DESC LIMIT 1
"""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote: the phone, and the accounts it stands for, those of confirmed phones first."""

    phone: str
    rows: Sequence[Any]

    @property
    def own(self) -> list[Any]:
        """The accounts that may be told of: the phone is confirmed for them."""
        return [row for row in self.rows if row["confirmed"]]

    def actor(self, row: Any) -> Actor:
        """The subscriber of an account, who may do this with the own accounts alone."""
        numbers = frozenset(one["number"] for one in self.own)
        return Actor("subscriber", str(row["subscriber"]), row["name"], _RIGHTS, accounts=numbers)


async def hear_sms(work: UnitOfWork, received: Sequence[SmsReceived]) -> None:
    """Answer what was written, in the transaction that keeps it."""
    for one in received:
        if one.sender.isdecimal() and len(one.sender) >= LEAST_DIGITS:
            await answer_sms(work, one.sender, one.text)


async def answer_sms(work: UnitOfWork, phone: str, text: str) -> None:
    """Do what an SMS asks for and answer it; one that cannot be done is left to a clerk."""
    asked = read_command(text)
    rows = await work.connection.fetch(_ACCOUNTS, phone)
    writer = Writer(phone, rows)
    with speaking(site_language()):
        try:
            await _DO[asked.command](work, writer, asked)
        except DomainError as error:
            _log.warning("sms.refused", command=asked.command, error=str(error))
            await _take(work, writer, Asked(Command.WORDS, text))


async def _reply(
    work: UnitOfWork, writer: Writer, template: str, row: Any = None, **values: str
) -> None:
    account = row["account_id"] if row else None
    message = NewMessage(
        account_id=account, channel=SMS, to=writer.phone, template=template, values=values
    )
    await queue_message(work, message)


async def _one(work: UnitOfWork, writer: Writer, asked: Asked) -> Any:
    """The account that is meant; None where it was answered what is missing."""
    own = writer.own
    if not own:
        await _reply(work, writer, "phone-unknown")
        return None
    named = [row for row in own if row["number"] == asked.rest.strip()] if asked.rest else own
    if len(named) == 1:
        return named[0]
    numbers = ", ".join(row["number"] for row in own[:4])
    await _reply(work, writer, "which-account", own[0], numbers=numbers, number=own[0]["number"])
    return None


async def _view(writer: Writer, row: Any) -> AccountView:
    return await read_account(row["number"], by=writer.actor(row))


def _money(amount: int) -> str:
    return format_money(amount, site_language())


async def _balance(work: UnitOfWork, writer: Writer, asked: Asked) -> None:
    row = await _one(work, writer, asked)
    if row is None:
        return
    view = await _view(writer, row)
    until = f"{view.outlook.until:%d.%m.%Y}" if view.outlook.until else "—"
    values = {"number": row["number"], "balance": _money(view.balance), "until": until}
    await _reply(work, writer, "balance", row, **values)


async def _debt(work: UnitOfWork, writer: Writer, asked: Asked) -> None:
    row = await _one(work, writer, asked)
    if row is None:
        return
    view = await _view(writer, row)
    owed = max(view.missing, -view.balance, 0)
    values = {"number": row["number"], "debt": _money(owed), "url": f"/my/{row['number']}/pay"}
    await _reply(work, writer, "debt-answer", row, **values)


async def _tariff(work: UnitOfWork, writer: Writer, asked: Asked) -> None:
    row = await _one(work, writer, asked)
    if row is None:
        return
    living = [one for one in (await _view(writer, row)).services if one.state != "ended"]
    named = ", ".join(one.name for one in living) or "—"
    values = {"number": row["number"], "tariff": named[:40]}
    price = _money(sum(one.fee for one in living))
    await _reply(work, writer, "tariff-now", row, price=price, **values)


async def _promise(work: UnitOfWork, writer: Writer, asked: Asked) -> None:
    """Offer the cheapest promise there is, and wait for its code."""
    row = await _one(work, writer, asked)
    if row is None:
        return
    if await used_up(work, writer.phone):
        told = _("A promised payment by SMS: its codes of today are used up, see who asks.")
        await _register(work, writer, told)
        return
    found = await offers(row["number"], by=writer.actor(row), channel="portal")
    best = min(
        (one for one in found if one.terms),
        key=lambda one: (one.terms.fee, one.terms.amount) if one.terms else (0, 0),
        default=None,
    )
    if best is None or best.terms is None:
        view = await _view(writer, row)
        debt = _money(max(view.missing, -view.balance, 0))
        await _reply(work, writer, "promise-refused", row, debt=debt)
        return
    values = {
        "debt": _money(best.terms.amount),
        "fee": _money(best.terms.fee),
        "until": f"{best.terms.until - timedelta(1):%d.%m.%Y}",
        "code": await new_code(work, writer.phone, row["account_id"], best.offer.code),
    }
    await _reply(work, writer, "promise-code", row, **values)


async def _code(work: UnitOfWork, writer: Writer, asked: Asked) -> None:
    """Give the promise whose code this is."""
    kept = await code_of(work, writer.phone)
    row = next(
        (one for one in writer.own if kept and one["account_id"] == kept["account_id"]), None
    )
    if row is None or kept is None:
        await _take(work, writer, asked)
        return
    if not await try_code(work, kept, asked.rest):
        await _reply(work, writer, "code-wrong", row)
        return
    by = writer.actor(row)
    _loaded, promise = await give_promise(
        row["number"], by=by, offer=kept["offer"], channel="portal"
    )
    until = f"{promise.ends_on - timedelta(1):%d.%m.%Y}"
    url = f"/my/{row['number']}/pay"
    await _reply(work, writer, "promise-on", row, until=until, debt=_money(promise.amount), url=url)


async def _request(work: UnitOfWork, writer: Writer, asked: Asked) -> None:
    """Register what follows the word; the word alone tells how to go on."""
    if not asked.rest:
        await _reply(work, writer, "unknown-command")
        return
    await _register(work, writer, asked.rest)


async def _take(work: UnitOfWork, writer: Writer, asked: Asked) -> None:
    """Leave to a clerk what is talk; what is neither that nor a command is told the commands."""
    known = (await classifier()).known_by(asked.rest).code != OTHER
    if known or is_talk(asked.rest):
        await _register(work, writer, asked.rest)
    else:
        await _reply(work, writer, "unknown-command")


async def _register(work: UnitOfWork, writer: Writer, text: str) -> None:
    row = writer.rows[0] if writer.rows else None
    numbers = frozenset({row["number"]}) if row else frozenset()
    name = row["name"] if row else writer.phone
    by = Actor("subscriber", "sms", name, _RIGHTS, accounts=numbers)
    new = NewRequest(
        channel="sms",
        text=text,
        account=row["number"] if row else "",
        who="" if row else f"+{writer.phone}",
        reply_by="sms",
        reply_to=writer.phone,
        repeats=True,
    )
    taken = await take_request(new, by=by)
    if taken.joined:
        return
    until = await work.connection.fetchval(_DUE, taken.id)
    values = {"request": str(taken.number), "until": _term(until)[:10]}
    await _reply(work, writer, "request-taken", row, **values)


_DUE = "SELECT due_at FROM crm_request WHERE id = $1"


async def _time(work: UnitOfWork, writer: Writer, _asked: Asked) -> None:
    ids = [row["account_id"] for row in writer.own]
    found = await work.connection.fetchrow(_OPEN, ids)
    if not writer.own:
        await _reply(work, writer, "phone-unknown")
    elif found is None:
        await _reply(work, writer, "time-none", writer.own[0])
    else:
        values = {"request": str(found["number"]), "until": _term(found["due_at"])}
        await _reply(work, writer, "time-answer", writer.own[0], **values)


def _term(at: datetime | None) -> str:
    """A term in the sixteen letters an SMS has for it; midnight is the 24th hour of the day before."""
    if at is None:
        return "—"
    last = last_moment(at)
    return f"{last:%d.%m.%Y %H:%M}" if last == at else f"{last:%d.%m.%Y} 24:00"


async def _stop(work: UnitOfWork, writer: Writer, _asked: Asked) -> None:
    """Stop advertising at once, whoever wrote from this phone (38-FZ, article 18)."""
    people = [row["subscriber_id"] for row in await work.connection.fetch(_PEOPLE, writer.phone)]
    now = clock.now()
    ended = await work.connection.fetch(_STOP, people, now, "SMS")
    for row in ended:
        await work.audit("crm:consent:withdrawn", f"consent:{row['id']}", after={"how": "sms"})
    row = writer.rows[0] if writer.rows else None
    await _reply(work, writer, "stop-done", row)


async def _rating(work: UnitOfWork, writer: Writer, asked: Asked) -> None:
    """Rate the answer that came last; without one a digit says nothing."""
    ids = [row["account_id"] for row in writer.own]
    since = clock.now() - RATED_WITHIN
    number = await work.connection.fetchval(_LAST_ANSWERED, writer.phone, since, ids)
    if number is None:
        await _reply(work, writer, "unknown-command")
    else:
        await rate_request(number, rating=int(asked.rest))


_DO = {
    Command.BALANCE: _balance,
    Command.DEBT: _debt,
    Command.PROMISE: _promise,
    Command.TARIFF: _tariff,
    Command.REQUEST: _request,
    Command.TIME: _time,
    Command.STOP: _stop,
    Command.CODE: _code,
    Command.RATING: _rating,
    Command.WORDS: _take,
}
