"""Calls about promised payments and freezes."""

from __future__ import annotations

from abonent.billing.service import freezes, promises
from abonent.billing.service.promises import Offered
from abonent.web.api.answers import FreezeAnswer, OfferAnswer, OfferList, PromiseAnswer
from abonent.web.api.inputs import EndOn, NewFreeze, NewPromise, Nothing
from abonent.web.api.operations import (
    ACCOUNT,
    ACTS,
    READS,
    Asked,
    Operation,
)
from abonent.web.api.views import account_of

CHANNEL = "api"


async def give_promise(asked: Asked[NewPromise]) -> PromiseAnswer:
    """Give a promised payment."""
    given = asked.given
    loaded, promise = await promises.give_promise(
        asked.number,
        by=asked.by,
        offer=given.offer,
        amount=given.amount,
        days=given.days,
        channel=CHANNEL,
        override=given.override,
    )
    fee = -sum(p.amount for p in loaded.book.postings if p.kind.value == "promise_fee")
    return PromiseAnswer(
        id=promise.no,
        amount=promise.amount,
        until=promise.ends_on,
        state=promise.state.value,
        automatic=promise.automatic,
        fee=fee,
        offer=given.offer,
        account=account_of(loaded),
    )


async def list_offers(asked: Asked[Nothing]) -> OfferList:
    """Every offer with its terms for this account today, or the rule that refuses it."""
    found = await promises.offers(asked.number, by=asked.by, channel=CHANNEL)
    return OfferList(items=[_offer(offered) for offered in found], next=None)


def _offer(offered: Offered) -> OfferAnswer:
    terms, refusal = offered.terms, offered.refusal
    return OfferAnswer(
        offer=offered.offer.code,
        name=offered.offer.name,
        amount=terms.amount if terms else None,
        until=terms.until if terms else None,
        fee=terms.fee if terms else None,
        code=refusal.code if refusal else None,
        detail=refusal.text() if refusal else None,
        allowed_from=refusal.allowed_from if refusal else None,
    )


async def freeze_account(asked: Asked[NewFreeze]) -> FreezeAnswer:
    """Freeze the account on [from, to)."""
    given = asked.given
    loaded, made = await freezes.freeze_account(
        asked.number,
        by=asked.by,
        start=given.from_,
        end=given.to,
        reason=given.reason or "",
        override=given.override,
    )
    return FreezeAnswer(
        id=made.no, from_=made.starts_on, to=made.ends_on, account=account_of(loaded)
    )


async def end_freeze(asked: Asked[EndOn]) -> FreezeAnswer:
    """Let a freeze end early."""
    loaded, made = await freezes.end_freeze(
        asked.number, asked.ordinal("freeze"), by=asked.by, on=asked.given.on
    )
    return FreezeAnswer(
        id=made.no, from_=made.starts_on, to=made.ends_on, account=account_of(loaded)
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="POST",
        path=f"{ACCOUNT}/promises",
        name="give_promise",
        summary="Give a promised payment",
        right="billing.promise.give",
        do=give_promise,
        given=NewPromise,
        answer=PromiseAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="GET",
        path=f"{ACCOUNT}/promises/offers",
        name="list_offers",
        summary="Offers of promised payments for this account today",
        right="billing.account.view",
        do=list_offers,
        answer=OfferList,
        refusals=READS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/freezes",
        name="freeze_account",
        summary="Freeze the account on [from, to)",
        right="billing.freeze.set",
        do=freeze_account,
        given=NewFreeze,
        answer=FreezeAnswer,
        refusals=ACTS,
    ),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/freezes/{{freeze}}/end",
        name="end_freeze",
        summary="Let a freeze end early",
        right="billing.freeze.set",
        do=end_freeze,
        given=EndOn,
        answer=FreezeAnswer,
        refusals=ACTS,
    ),
)
