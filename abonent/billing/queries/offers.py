"""The offers of promised payments and how many could take one today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from abonent.billing.errors import OfferNotFound
from abonent.billing.queries.books import installation
from abonent.billing.rules.promises import Offer
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading

# By the stored state: whose money does not suffice today, and who of them the rules let through.
_REACH = """
SELECT count(*) AS lacking, count(*) FILTER (WHERE a.since <= $1 AND NOT EXISTS (
        SELECT FROM billing_promise p WHERE p.account_id = a.account_id AND NOT p.automatic
        AND (p.state = 'active' OR p.granted_on > $2 OR (p.state = 'broken' AND p.ends_on > $3)))
    AND ($4::bigint IS NULL OR -a.balance <= $4)
    AND ($5::int[] IS NULL OR NOT EXISTS (
        SELECT FROM billing_service s WHERE s.account_id = a.account_id AND s.ends_on > $6
        AND s.starts_on <= $6 AND coalesce((
            SELECT t.tariff_id FROM billing_service_tariff t
            WHERE t.account_id = s.account_id AND t.service_no = s.no AND t.since <= $6
            ORDER BY t.since DESC LIMIT 1), s.tariff_id) <> ALL($5)))) AS reached
FROM billing_account a WHERE a.state IN ('suspended', 'partly')
"""


@dataclass(frozen=True, slots=True)
class OfferReach:
    """Accounts whose money does not suffice today, and those of them the offer's rules let through.

    What is missing is not looked at: it may still be more than the offer gives.
    """

    lacking: int
    reached: int


async def offer_of(code: str, *, by: Actor) -> Offer:
    """One offer by its code. Raises OfferNotFound."""
    by.require("billing.tariff.view")
    async with reading() as connection:
        here = await installation(connection)
    if code not in here.catalogue.offers:
        raise OfferNotFound(code)
    return here.catalogue.offers[code]


async def offer_reach(offer: Offer, *, by: Actor) -> OfferReach:
    """Whom an offer would reach today if it stood so; one that is switched off reaches nobody."""
    by.require("billing.offer.edit")
    async with reading() as connection:
        here = await installation(connection)
        codes = here.catalogue.codes
        allowed = None
        if offer.tariffs is not None:
            allowed = [codes[code] for code in offer.tariffs if code in codes]
        row = await connection.fetchrow(
            _REACH,
            here.day - timedelta(offer.least_tenure_days),
            here.day - timedelta(offer.once_per_days),
            here.day - timedelta(offer.ban_days),
            offer.highest_debt,
            allowed,
            here.day,
        )
    return OfferReach(row["lacking"], row["reached"] if offer.active else 0)
