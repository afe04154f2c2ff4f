"""Accounts, services and entries as the API shows them."""

from __future__ import annotations

from abonent.billing.queries.accounts import AccountView, ServiceView, view_of
from abonent.billing.queries.books import Loaded
from abonent.billing.queries.catalogue import Catalogue
from abonent.billing.rules.book import Posting, Promise
from abonent.billing.rules.explanation import explain
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import current_language
from abonent.web.api.answers import (
    AccountAnswer,
    FreezeSpan,
    PromiseState,
    Scheduled,
    ServiceAnswer,
    ServiceState,
)
from abonent.web.api.book_answers import (
    EntryAnswer,
    EntryItem,
    Explanation,
    Interval,
)


def account_answer(view: AccountView) -> AccountAnswer:
    """An account as GET /accounts/{number} gives it."""
    return AccountAnswer(
        number=view.number,
        day=view.day,
        balance=view.balance,
        funds=view.funds,
        credit_limit=view.credit_limit,
        billing_day=view.billing_day,
        state=view.state,
        money_lasts_until=view.outlook.until,
        missing=view.missing,
        promise=_promise(view.promise),
        freezes=[FreezeSpan(id=no, from_=start, to=end) for no, start, end in view.freezes],
        services=[_service(service) for service in view.services],
    )


def account_of(loaded: Loaded) -> AccountAnswer:
    """The account of a book that a use case has just left."""
    return account_answer(view_of(loaded))


def service_answer(loaded: Loaded, no: int) -> ServiceAnswer:
    """One service of an account, with the account."""
    account = account_of(loaded)
    state = next(service for service in account.services if service.id == no)
    return ServiceAnswer(**dict(state), account=account)


def _promise(promise: Promise | None) -> PromiseState | None:
    if promise is None:
        return None
    return PromiseState(
        id=promise.no,
        amount=promise.amount,
        until=promise.ends_on,
        state=promise.state.value,
        automatic=promise.automatic,
    )


def _service(view: ServiceView) -> ServiceState:
    return ServiceState(
        id=view.no,
        tariff=view.tariff,
        name=view.name,
        kind=view.kind,
        mode=view.mode.value,
        priority=view.priority,
        fee=view.fee,
        start=view.start,
        end=view.end,
        state=view.state.value,
        paid_until=view.paid_until,
        scheduled=[Scheduled(on=on, tariff=tariff) for on, tariff in view.scheduled],
    )


def entry_id(number: str, no: int) -> str:
    """The public id of an entry: the account's number, a dash, the entry's number."""
    return f"{number}-{no}"


def entry_no(number: str, text: str) -> int | None:
    """The number of an entry on an account out of its public id, None for another's or none."""
    owner, _dash, no = text.rpartition("-")
    fits = owner == number and no.isascii() and no.isdigit() and len(no) < 10
    return int(no) if fits and int(no) > 0 else None


def entry_item(
    posting: Posting,
    *,
    number: str,
    catalogue: Catalogue,
    balance_after: int,
    actor: str | None,
    actor_name: str | None,
    settled: bool = True,
) -> EntryItem:
    """An entry with its explanation in the current language."""
    told = explain(
        posting,
        catalogue=catalogue,
        language=current_language(),
        account_number=number,
        actor=actor,
        actor_name=actor_name,
    )
    period = posting.period
    external = posting.note.get("external_id")
    return EntryItem(
        id=entry_id(number, posting.no) if settled else None,
        day=posting.day,
        kind=posting.kind.value,
        amount=posting.amount,
        service=posting.service,
        period=Interval(from_=period.start, to=period.end) if period else None,
        through=posting.through,
        tax=posting.tax,
        tax_code=posting.tax_code,
        due=posting.due_on,
        corrects=entry_id(number, posting.corrects) if posting.corrects else None,
        source=posting.source,
        external_id=None if external is None else str(external),
        settled=settled,
        explanation=Explanation(
            text=told.text, inputs=told.inputs, steps=told.steps, total=told.total
        ),
        balance_after=balance_after,
    )


def entry_answer(loaded: Loaded, no: int, *, by: Actor) -> EntryAnswer:
    """An entry that a use case has just posted for somebody, with the account."""
    book = loaded.book
    posting = next(p for p in book.postings if p.no == no)
    later = sum(p.amount for p in book.postings if p.no > no)
    item = entry_item(
        posting,
        number=loaded.number,
        catalogue=loaded.catalogue,
        balance_after=book.balance - later,
        actor=f"{by.kind}:{by.id}",
        actor_name=by.name,
    )
    return EntryAnswer(**dict(item), account=account_of(loaded))
