"""The demo's people use the knowledge base: they have read part of it and said what helped."""

from __future__ import annotations

from collections.abc import Sequence

from abonent.crm.demo.staff import Staff
from abonent.crm.queries.knowledge import Shelf
from abonent.crm.service.knowledge import articles_shown, note_article_read, vote_on_article
from abonent.kernel.actor import Actor

_CLERK_HAS_READ = (
    "memo", "promise", "promise-broken", "money-until", "why-charged", "payment-missing", "freeze",
    "tariff-change", "owner-change", "receipt", "claim", "office-queue", "portal-sign-in",
    "suspended-debt", "wrong-account", "discount-bonus", "price-change", "no-internet",
)  # fmt: skip
_CASHIER_HAS_READ = ("memo", "cash-shift", "receipt", "ways-to-pay", "payment-missing", "promise")
_CLERK_SAID = {
    "promise": (True, ""),
    "payment-missing": (True, ""),
    "money-until": (True, ""),
    "owner-change": (True, ""),
    "portal-sign-in": (True, ""),
    "claim": (True, ""),
    "discount-bonus": (
        False,
        "Абоненты спрашивают, складываются ли две скидки. В статье этого нет.",
    ),
    "outage-recalculation": (False, "Не сказано, сколько часов — это порог по договору."),
}
_CASHIER_SAID = {
    "cash-shift": (True, ""),
    "receipt": (True, ""),
    "ways-to-pay": (False, "Добавьте, что делать, если терминал карт не отвечает."),
}


async def use_knowledge(staff: Staff) -> None:
    """Read and vote, where the demo has people to do it."""
    shelf = await articles_shown()
    await _use(staff.clerk, shelf, _CLERK_HAS_READ, _CLERK_SAID)
    await _use(staff.cashier, shelf, _CASHIER_HAS_READ, _CASHIER_SAID)


async def _use(
    by: Actor, shelf: Shelf, read: Sequence[str], said: dict[str, tuple[bool, str]]
) -> None:
    if by.kind != "user":
        return
    for slug in read:
        await note_article_read(slug, by=by, seen=shelf[slug].hash)
    for slug, (useful, note) in said.items():
        await vote_on_article(slug, by=by, seen=shelf[slug].hash, useful=useful, note=note)
