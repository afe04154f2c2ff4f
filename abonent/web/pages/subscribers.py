"""Looking subscribers up under the search line."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from abonent.crm.registers.subscribers import why_of
from abonent.crm.search import Hit, Hits, find_accounts, hits_of
from abonent.crm.ways import Why
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_, _
from abonent.web.finding import Found, Group
from abonent.web.recents import seen_lately
from abonent.web.words import address_of

PAGE = 25
UNDER_THE_LINE = 8
_LONGEST = 200


async def find_subscribers(actor: Actor, query: str) -> Group:
    """Find for the search line; nothing for who may not see subscribers."""
    if not (actor.may("crm.subscriber.view") and actor.may("billing.account.view")):
        return Group(N_("Subscribers"), ())
    if query:
        hits = await find_accounts(query, by=actor, limit=UNDER_THE_LINE)
    else:
        recent = await seen_lately(int(actor.id), limit=5) if actor.kind == "user" else []
        hits = Hits(await hits_of(recent, by=actor) if recent else [], None)
    found = hits.found
    lines = [_found(query, hit) for hit in found]
    more = f"/subscribers?{urlencode({'q': query})}"
    if hits.next:
        lines.append(Found(label=_("All that match"), path=more, icon="users"))
    elif hits.cut:
        label = _("Too many are alike: type one letter or the house number more")
        lines.append(Found(label=label, path=more, icon="users"))
    sure = any(hit.why is not Why.ALIKE for hit in found)
    named = bool(found) and _names_first(query, found)
    return Group(N_("Subscribers"), tuple(lines), sure=sure, named=named)


def _names_first(query: str, found: Sequence[Hit]) -> bool:
    """Tell whether it is the whole number of the first account, or of its contract alone."""
    if query == found[0].number:
        return True
    return [hit.contract for hit in found].count(query) == 1 and found[0].contract == query


def _found(query: str, hit: Hit) -> Found:
    place = address_of(hit.street, hit.house, hit.flat)
    why = "" if hit.why in {Why.RECENT, Why.NAME, Why.ADDRESS} else why_of(query, hit)
    return Found(
        label=hit.name or _("Account {number}", number=hit.number),
        path=f"/accounts/{hit.number}",
        icon="user",
        why=" · ".join(part for part in (place, why) if part),
        right=hit.number,
    )
