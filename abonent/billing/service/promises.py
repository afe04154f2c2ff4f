"""Promised payments: what is offered, giving one, and who was refused what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from abonent.billing.errors import NotOnAccount, PromiseRefused
from abonent.billing.events import PromiseGiven
from abonent.billing.queries.books import Loaded, load_book
from abonent.billing.rules.book import Book, Promise, PromiseState
from abonent.billing.rules.opening import touch
from abonent.billing.rules.promises import Offer, Terms, grant, terms_of
from abonent.billing.service.books import acting, keep_promises
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

_PAST = "SELECT * FROM billing_promise WHERE account_id = $1 ORDER BY no"
_INSERT = """
INSERT INTO billing_promise (account_id, no, offer, amount, fee, granted_on, ends_on, state, channel)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8)
"""


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer to this account today: its terms, or the rule that refuses it."""

    offer: Offer
    terms: Terms | None
    refusal: PromiseRefused | None


async def past_promises(connection: Any, book: Book) -> list[Promise]:
    """All promises of an account, oldest first; those its opening ended as they ended."""
    rows = await connection.fetch(_PAST, book.account)
    ended = {promise.no: promise for promise in book.ended}
    return [
        ended.get(r["no"])
        or Promise(
            r["no"], r["amount"], r["granted_on"], r["ends_on"],
            PromiseState(r["state"]), automatic=r["automatic"],
        )
        for r in rows
    ]  # fmt: skip


async def offers(number: str, *, by: Actor, channel: str = "office") -> list[Offered]:
    """Every offer of the provider with its terms for this account today, or why not."""
    by.require("billing.account.view")
    async with reading() as connection:
        loaded = await load_book(connection, number)
        touch(loaded.book, loaded.open_day, loaded.due)
        past = await past_promises(connection, loaded.book)
    known = loaded.catalogue.offers.values()
    return [_offered(loaded, offer, past, channel) for offer in known]


def _offered(loaded: Loaded, offer: Offer, past: list[Promise], channel: str) -> Offered:
    try:
        since = loaded.row["since"]
        terms = terms_of(loaded.book, offer, past=past, since=since, channel=channel)
    except PromiseRefused as refusal:
        return Offered(offer, None, refusal)
    return Offered(offer, terms, None)


async def give_promise(
    number: str,
    *,
    by: Actor,
    offer: str | None = None,
    amount: int | None = None,
    days: int | None = None,
    channel: str = "office",
    override: bool = False,
) -> tuple[Loaded, Promise]:
    """Give a promised payment: by an offer's rules, or for an amount and days set by staff.

    `override` (a right of its own) passes over the offer's rules, never over an active promise.
    """
    async with acting(number, by=by, right="billing.promise.give") as (work, loaded):
        if override or amount is not None:
            by.require("billing.promise.override")
        past = await past_promises(work.connection, loaded.book)
        if amount is not None and days is not None:
            terms = Terms(amount, loaded.book.day + timedelta(days), 0)
            chosen = None
        else:
            chosen = _chosen(loaded, offer)
            terms = _terms(loaded, chosen, past, channel, override=override)
        promise = grant(loaded.book, terms)
        code = chosen.code if chosen else None
        account = loaded.book.account
        row = (account, promise.no, code, terms.amount, terms.fee, promise.granted_on, terms.until)
        # What ended on the way to today makes room first: one promise by hand is active at a time.
        await keep_promises(work, [loaded])
        await work.connection.execute(_INSERT, *row, channel)
        work.record(PromiseGiven(account, promise.no, promise.amount, promise.ends_on))
        after = {"offer": code, "amount": terms.amount, "until": terms.until}
        subject = f"{number}/{promise.no}"
        await work.audit("billing:promise:given", subject, account_id=account, after=after)
    return loaded, promise


def _chosen(loaded: Loaded, code: str | None) -> Offer:
    known = loaded.catalogue.offers
    if code is None:
        found = next((o for o in known.values() if o.active), None)
        if found is None:
            raise PromiseRefused("OFF", "No promise is offered.")
        return found
    if code not in known:
        raise NotOnAccount("offer", code)
    return known[code]


def _terms(
    loaded: Loaded, offer: Offer, past: list[Promise], channel: str, *, override: bool
) -> Terms:
    since: date | None = loaded.row["since"]
    if override:
        offer = _without_rules(offer)
        past = []
    return terms_of(loaded.book, offer, past=past, since=since, channel=channel)


def _without_rules(offer: Offer) -> Offer:
    return Offer(
        offer.code,
        offer.name,
        days=offer.days,
        most_days=offer.most_days,
        amount=offer.amount,
        ceiling=10**15,
        fee=offer.fee,
        once_per_days=0,
        least_tenure_days=0,
        highest_debt=10**15,
        ban_days=0,
    )
