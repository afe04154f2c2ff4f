"""An account's entries in order, each with the balance after it; what is accrued stands at the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from abonent.billing.errors import NotOnAccount
from abonent.billing.queries.books import (
    Installation,
    Loaded,
    account_id,
    installation,
    load_book,
    load_one,
)
from abonent.billing.queries.catalogue import Catalogue
from abonent.billing.queries.entries import entry_row, posting_of
from abonent.billing.queries.reach import check_place
from abonent.billing.rules.book import Posting
from abonent.billing.rules.opening import touch
from abonent.billing.rules.periods import FAR
from abonent.kernel.actor import Actor
from abonent.kernel.snapshot import snapshot

_PAGE = """
SELECT * FROM (
    SELECT e.*, sum(amount) OVER (ORDER BY no)::bigint AS balance_after FROM billing_entry e
    WHERE account_id = $1
) counted
WHERE day >= $2 AND day < $3 AND no > $4 ORDER BY no LIMIT $5
"""
_NEWEST = """
SELECT * FROM (
    SELECT e.*, sum(amount) OVER (ORDER BY no)::bigint AS balance_after FROM billing_entry e
    WHERE account_id = $1
) counted
WHERE day >= $2 AND day < $3 AND no < $4 ORDER BY no DESC LIMIT $5
"""
_EARLIEST = date(1900, 1, 1)
_NEVER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Item:
    """One entry; `id` is "NUMBER-NO", None for what is accrued or waits for the run to post it."""

    posting: Posting
    id: str | None
    balance_after: int
    actor: str | None
    created_at: datetime | None

    @property
    def settled(self) -> bool:
        """True once the entry is posted: it has a number and never changes again."""
        return self.id is not None


@dataclass(frozen=True, slots=True)
class Statement:
    """A page of entries, the cursor of the next one, and the catalogue that explains them."""

    number: str
    items: list[Item]
    next: str | None
    catalogue: Catalogue


async def statement(
    number: str,
    *,
    by: Actor,
    since: date | None = None,
    until: date | None = None,
    after: str | None = None,
    limit: int = 100,
    newest_first: bool = False,
) -> Statement:
    """The entries of an account posted on [since, until), oldest first unless asked otherwise.

    `after` is the `next` of the page before. The account is looked at as it stands on the open day:
    what no entry says yet follows the last entry, so that the items sum to the balance shown.
    Raises AccountNotFound.
    """
    by.require("billing.account.view")
    async with snapshot() as connection:
        here = await installation(connection)
        loaded = await load_book(connection, number)
        await check_place(connection, number, loaded.row["place_id"], by=by)
        chosen = (since or _EARLIEST, until or FAR)
        cursor = int(after) if after and after.isdecimal() else None
        given = (loaded.book.account, *chosen)
        page = _NEWEST if newest_first else _PAGE
        edge = cursor if cursor is not None else (_NEVER if newest_first else 0)
        rows = await connection.fetch(page, *given, edge, limit + 1)
    posted = [_posted(number, row, here.catalogue) for row in rows]
    pending = [i for i in _pending(loaded, here) if chosen[0] <= i.posting.day < chosen[1]]
    if newest_first:
        pending = [] if cursor is not None else pending[::-1]
        return _page(number, [*pending, *posted], limit + len(pending), here.catalogue)
    if len(posted) > limit:
        pending = []
    return _page(number, [*posted, *pending], limit + len(pending), here.catalogue)


def _page(number: str, items: list[Item], size: int, catalogue: Catalogue) -> Statement:
    kept = items[:size]
    cursor = str(kept[-1].posting.no) if len(items) > size else None
    return Statement(number, kept, cursor, catalogue)


def _posted(number: str, row: Any, catalogue: Catalogue) -> Item:
    return Item(
        posting_of(row, catalogue),
        f"{number}-{row['no']}",
        row["balance_after"],
        row["actor"],
        row["created_at"],
    )


def _pending(loaded: Loaded, here: Installation) -> list[Item]:
    """What the account's book would post if it were opened now; nothing is written."""
    balance = loaded.book.balance
    touch(loaded.book, here.day, loaded.due)
    items = []
    for posting in loaded.book.postings:
        balance += posting.amount
        items.append(Item(posting, None, balance, None, None))
    return items


async def read_entry(number: str, no: int, *, by: Actor) -> tuple[Item, Catalogue]:
    """One entry by its number on the account, a pending one by the number it would get.

    Raises AccountNotFound, NotOnAccount.
    """
    by.require("billing.account.view")
    async with snapshot() as connection:
        here = await installation(connection)
        account = await account_id(connection, number)
        loaded = await load_one(connection, account)
        await check_place(connection, number, loaded.row["place_id"], by=by)
        row = await entry_row(connection, account, no)
        if row is not None:
            rows = await connection.fetch(_PAGE, account, row["day"], FAR, no - 1, 1)
            return _posted(number, rows[0], here.catalogue), here.catalogue
    found = next((i for i in _pending(loaded, here) if i.posting.no == no), None)
    if found is None:
        raise NotOnAccount("entry", f"{number}-{no}")
    return found, here.catalogue
