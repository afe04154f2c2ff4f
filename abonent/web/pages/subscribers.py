"""Looking subscribers up: the page of answers, and the same under the search line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.billing.queries.accounts import look_at
from abonent.billing.rules.standing import account_state
from abonent.crm.search import Hit, Hits, Why, find_accounts, hits_of
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_, _
from abonent.web.finding import Found, Group
from abonent.web.recents import seen_lately
from abonent.web.render import page_or_block, signed_in
from abonent.web.words import ACCOUNT_STATES, WHY, address_of, matched_phone

PAGE = 25
UNDER_THE_LINE = 8
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the register: who and where, and how the account stands on the open day."""

    hit: Hit
    tariffs: str
    state: str
    tone: str
    balance: int


async def show_register(request: Request) -> Response:
    """Show what matches the query in the address; the cards opened last when it is empty.

    Enter pressed before the list has come opens the account whose number was typed.
    """
    identity = signed_in(request)
    query = request.query_params.get("q", "").strip()[:_LONGEST]
    after = request.query_params.get("after")
    if query:
        hits = await find_accounts(query, by=identity.actor, after=after, limit=PAGE)
        if "open" in request.query_params and hits.found and _names_first(query, hits.found):
            return RedirectResponse(f"/accounts/{hits.found[0].number}", 303)
    else:
        recent = await seen_lately(identity.user_id)
        hits = Hits(await hits_of(recent, by=identity.actor) if recent else [], None)
    lines = await _lines(hits.found, by=identity.actor)
    further = f"/subscribers?{urlencode({'q': query, 'after': hits.next})}" if hits.next else ""
    context = {"query": query, "after": after, "lines": lines, "further": further}
    return page_or_block(
        request, "subscribers.html", "answers", context | {"why": partial(why_of, query)}
    )


async def _lines(found: Sequence[Hit], *, by: Actor) -> list[Line]:
    if not found:
        return []
    books = await look_at([hit.account_id for hit in found], by=by)
    lines = []
    for hit in found:
        book = books[hit.account_id].book
        living = [s for s in book.in_order() if s.living(book.day)]
        names = ", ".join(dict.fromkeys(s.term_on(book.day).tariff.name for s in living))
        state, tone = ACCOUNT_STATES[account_state(book)]
        lines.append(Line(hit, names, state, tone, book.balance))
    return lines


def why_of(query: str, hit: Hit) -> str:
    """Return why it matched, with the value that did where the line does not show it."""
    if hit.why is Why.PHONE:
        return f"{_(WHY[hit.why])} {matched_phone(hit.phone, query)}"
    if hit.why is Why.CONTRACT:
        return f"{_(WHY[hit.why])} {hit.contract}"
    return _(WHY[hit.why])


async def find_subscribers(actor: Actor, query: str) -> Group:
    """Find for the search line; nothing for who may not see subscribers."""
    if not (actor.may("crm.subscriber.view") and actor.may("billing.account.view")):
        return Group(N_("Subscribers"), ())
    if query:
        hits = await find_accounts(query, by=actor, limit=UNDER_THE_LINE)
        found = hits.found
    else:
        recent = await seen_lately(int(actor.id), limit=5) if actor.kind == "user" else []
        found = await hits_of(recent, by=actor) if recent else []
    lines = [_found(query, hit) for hit in found]
    if query and hits.next:
        more = f"/subscribers?{urlencode({'q': query})}"
        lines.append(Found(label=_("All that match"), path=more, icon="users"))
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
