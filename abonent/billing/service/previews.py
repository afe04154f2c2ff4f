"""What a use case would do to an account, tried on the book in memory; nothing is written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date

from abonent.billing.errors import NotOnAccount
from abonent.billing.queries.accounts import AccountView, look, view_of
from abonent.billing.queries.books import Loaded
from abonent.billing.rules import changes
from abonent.billing.rules.book import Mode, Posting, Service, Tariff
from abonent.billing.rules.promises import Terms, grant
from abonent.billing.service.freezes import charge_freeze, check_freeze, known_freezes
from abonent.billing.service.services import own_service
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work

_DISTRICT = "SELECT district FROM billing_place WHERE id = $1"


@dataclass(slots=True)
class Preview:
    """The account before and after, and the entries that would be posted."""

    before: AccountView
    after: AccountView
    postings: list[Posting] = field(default_factory=list)

    @property
    def moved(self) -> int:
        """How far the balance would move."""
        return self.after.balance - self.before.balance

    @property
    def resumed(self) -> list[str]:
        """The names of services that would be served and are not now."""
        was = {s.no for s in self.before.services if s.state == "served"}
        return [s.name for s in self.after.services if s.state == "served" and s.no not in was]


@contextmanager
def _trying(loaded: Loaded) -> Iterator[Preview]:
    before = view_of(loaded)
    preview = Preview(before, before)
    known = len(loaded.book.postings)
    yield preview
    preview.after = view_of(loaded)
    preview.postings = loaded.book.postings[known:]


class _TriedError(Exception):
    """Ends a trial: everything it wrote is rolled back."""


async def tried(number: str, act: Callable[[], Awaitable[Loaded]], *, by: Actor) -> Preview:
    """Do the very thing in a transaction that is rolled back, and tell what it would have done.

    `act` is a use case on the account, with its checks and refusals; it answers the account's book.
    """
    by.require("billing.account.view")
    before = await look(number)
    previews: list[Preview] = []
    with suppress(_TriedError):
        async with unit_of_work(by):
            after = await act()
            new = after.book.postings[len(before.book.postings) :]
            previews.append(Preview(view_of(before), view_of(after), new))
            raise _TriedError
    return previews[0]


async def preview_payment(number: str, *, by: Actor, amount: int) -> Preview:
    """What a payment would do."""
    by.require("billing.account.view")
    loaded = await look(number)
    with _trying(loaded) as preview:
        changes.pay(loaded.book, amount=amount, source="")
    return preview


async def preview_promise(number: str, *, by: Actor, terms: Terms) -> Preview:
    """What a promised payment on these terms would do. Raises PromiseRefused by the state."""
    by.require("billing.account.view")
    loaded = await look(number)
    with _trying(loaded) as preview:
        grant(loaded.book, terms)
    return preview


async def preview_freeze(
    number: str, *, by: Actor, start: date, end: date, override: bool = False
) -> Preview:
    """What a freeze on [start, end) would do; refuses what `freeze_account` refuses."""
    by.require("billing.account.view")
    loaded = await look(number)
    async with reading() as connection:
        known = await known_freezes(connection, loaded.book.account)
    with _trying(loaded) as preview:
        changes.freeze(loaded.book, no=len(known) + 1, start=start, end=end)
        if not override:
            check_freeze(loaded, known, start, end)
            charge_freeze(loaded, known, start, end)
    return preview


async def preview_freeze_end(
    number: str, no: int, *, by: Actor, on: date | None = None
) -> tuple[Preview, date]:
    """What ending a freeze would do, and the day from which services go on."""
    by.require("billing.account.view")
    loaded = await look(number)
    if all(f.no != no for f in loaded.book.freezes):
        raise NotOnAccount("freeze", no)
    with _trying(loaded) as preview:
        changed = changes.end_freeze(loaded.book, no, on)
    return preview, changed.ends_on


@dataclass(frozen=True, slots=True)
class Choice:
    """A tariff a service may change to; `sold` is False where it is not sold at its place.

    `audience` is "person" or "company" where the tariff is meant for one of them.
    """

    code: str
    name: str
    mode: Mode
    fee: int
    sold: bool
    current: bool
    audience: str | None = None


@dataclass(frozen=True, slots=True)
class TariffChoices:
    """A service with the tariff in force, planned changes, and what it could change to."""

    loaded: Loaded
    service: Service
    choices: list[Choice]


async def tariff_choices(number: str, no: int | None, *, by: Actor) -> TariffChoices:
    """The tariffs of the service's kind, the one in force among them, the cheapest first.

    Without a number it is the first living service. Raises NotOnAccount.
    """
    by.require("billing.account.view")
    loaded = await look(number)
    service = own_service(loaded, no) if no is not None else _first(loaded)
    async with reading() as connection:
        place = service.place or loaded.row["place_id"]
        district = await connection.fetchval(_DISTRICT, place) or ""
    own = service.term_on(loaded.book.day).tariff
    offered = [
        _choice(loaded, tariff, district, current=tariff.code == own.code)
        for tariff in loaded.catalogue.tariffs.values()
        if tariff.code == own.code
        or (tariff.kind == own.kind and tariff.code not in loaded.catalogue.archived)
    ]
    return TariffChoices(loaded, service, sorted(offered, key=lambda c: (c.fee, c.name)))


async def services_sold(number: str, *, by: Actor) -> tuple[Loaded, list[Choice]]:
    """The account and the tariffs a new service of it may have, by kind, the cheapest first."""
    by.require("billing.account.view")
    loaded = await look(number)
    async with reading() as connection:
        district = await connection.fetchval(_DISTRICT, loaded.row["place_id"]) or ""
    tariffs = loaded.catalogue.tariffs.values()
    choices = [(t.kind, _choice(loaded, t, district, current=False)) for t in tariffs]
    choices = [(kind, choice) for kind, choice in choices if choice.sold]
    return loaded, [c for _kind, c in sorted(choices, key=lambda pair: (pair[0], pair[1].fee))]


def _first(loaded: Loaded) -> Service:
    living = [s for s in loaded.book.in_order() if s.ends_on > loaded.book.day]
    if not living:
        raise NotOnAccount("service", "")
    return living[0]


def _choice(loaded: Loaded, tariff: Tariff, district: str, *, current: bool) -> Choice:
    day = loaded.book.day
    known = [v for v in tariff.versions if v.valid_from <= day] or list(tariff.versions[:1])
    sold = loaded.catalogue.sold(tariff.code, district=district)
    audience = loaded.catalogue.audiences.get(tariff.code)
    return Choice(tariff.code, tariff.name, tariff.mode, known[-1].fee, sold, current, audience)
