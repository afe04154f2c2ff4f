"""Setting the offers of promised payments."""

from __future__ import annotations

from abonent.billing.errors import AlreadyExists, OfferNotFound
from abonent.billing.rules.promises import Offer
from abonent.billing.service.tariffs import change_catalogue
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_

CHANNELS = ("office", "portal", "sms", "api")
_NAMES = (
    "code", "name", "days", "days_per_year", "most_days", "amount", "ceiling", "fee",
    "once_per_days", "least_tenure_days", "highest_debt", "ban_days", "tariffs", "channels", "active",
)  # fmt: skip
_WRITE = """
INSERT INTO billing_offer (code, name, days, days_per_year, most_days, amount, ceiling, fee,
    once_per_days, least_tenure_days, highest_debt, ban_days, tariffs, channels, active)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, days = excluded.days,
    days_per_year = excluded.days_per_year, most_days = excluded.most_days, amount = excluded.amount,
    ceiling = excluded.ceiling, fee = excluded.fee, once_per_days = excluded.once_per_days,
    least_tenure_days = excluded.least_tenure_days, highest_debt = excluded.highest_debt,
    ban_days = excluded.ban_days, tariffs = excluded.tariffs, channels = excluded.channels,
    active = excluded.active
"""


async def create_offer(offer: Offer, *, by: Actor) -> Offer:
    """Make an offer; its code must be new. Raises AlreadyExists, Malformed."""
    return await _write(offer, by, new=True)


async def change_offer(offer: Offer, *, by: Actor) -> Offer:
    """Change an offer, or switch it off; promises given by it stay. Raises OfferNotFound, Malformed."""
    return await _write(offer, by, new=False)


async def _write(offer: Offer, by: Actor, *, new: bool) -> Offer:
    by.require("billing.offer.edit")
    check_offer(offer)
    async with unit_of_work(by) as work:
        here = await change_catalogue(work)
        before = here.catalogue.offers.get(offer.code)
        if new and before is not None:
            raise AlreadyExists("code", offer.code)
        if not new and before is None:
            raise OfferNotFound(offer.code)
        for code in offer.tariffs or ():
            here.catalogue.tariff(code)
        await work.connection.execute(_WRITE, *_row(offer))
        done = "billing:offer:created" if new else "billing:offer:changed"
        told = _told(before) if before else None
        await work.audit(done, offer.code, before=told, after=_told(offer))
        here = await change_catalogue(work)
    return here.catalogue.offers[offer.code]


def check_offer(offer: Offer) -> None:
    """Raise Malformed naming every field that contradicts another."""
    wrong = []
    if offer.most_days < offer.days:
        short = N_("At most {most} days contradict {days} days at the beginning.")
        given = {"most": offer.most_days, "days": offer.days}
        wrong.append(FieldError("most_days", offer.most_days, short, given))
    if offer.amount is not None and offer.fee >= offer.amount:
        dear = N_("The fee of {fee:money} takes the whole amount of {amount:money}.")
        wrong.append(FieldError("fee", offer.fee, dear, {"fee": offer.fee, "amount": offer.amount}))
    if offer.amount is None and offer.fee >= offer.ceiling:
        dear = N_("The fee of {fee:money} takes the whole amount of {amount:money}.")
        wrong.append(
            FieldError("fee", offer.fee, dear, {"fee": offer.fee, "amount": offer.ceiling})
        )
    if offer.channels is not None and not offer.channels <= set(CHANNELS):
        unknown = N_("Unknown channel; known: {known}.")
        wrong.append(FieldError("channels", None, unknown, {"known": ", ".join(CHANNELS)}))
    if wrong:
        raise Malformed(*wrong)


def _row(offer: Offer) -> list[object]:
    values = [getattr(offer, name) for name in _NAMES]
    return [sorted(value) or None if isinstance(value, frozenset) else value for value in values]


def _told(offer: Offer) -> dict[str, object]:
    return dict(zip(_NAMES[1:], _row(offer)[1:], strict=True))
