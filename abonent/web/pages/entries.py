"""Finding an entry by the number that people read from a receipt: NUMBER-NO."""

from __future__ import annotations

from abonent.billing.queries.entries import LAST_NO
from abonent.billing.queries.statement import read_entry
from abonent.kernel.actor import Actor
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_
from abonent.web.finding import Found, Group
from abonent.web.render import written_money
from abonent.web.words import title_of

_LABEL = N_("Entries")


async def find_entry(actor: Actor, query: str) -> Group:
    """Find the entry "20417-57"; nothing for any other query and for who may not see accounts."""
    number, dash, no = query.replace(" ", "").rpartition("-")
    named = dash and number and no.isascii() and no.isdecimal() and 0 < int(no) <= LAST_NO
    if not (named and actor.may("billing.account.view")):
        return Group(_LABEL, ())
    try:
        item, _catalogue = await read_entry(number, int(no), by=actor)
    except NotFound:
        return Group(_LABEL, ())
    found = Found(
        label=f"{number}-{int(no)}",
        path=f"/accounts/{number}/entries/{int(no)}",
        icon="receipt",
        why=title_of(item),
        right=written_money(item.posting.amount, sign=True),
    )
    return Group(_LABEL, (found,), named=True)
