"""What a company's documents say: entries of a period as lines, by service and tariff, with tax.

Each entry stands in exactly one line, so a document's sum is the sum of its entries. What is charged
after a period belongs to the period that ended: 2500.00 for January, posted on 1 February, stands in
the act of January.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from abonent.billing.rules.book import CHARGE_KINDS, MONEY_ONLY, Kind, Mode, Posting
from abonent.billing.rules.explanation import kind_name
from abonent.billing.rules.history import day_amounts
from abonent.billing.rules.periods import BillingDay, Period, next_period_start, period_on

SERVING = CHARGE_KINDS | MONEY_ONLY | {Kind.RETURN}
"""Entries that say what services cost; all others move money."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a document in minor units, tax included; [starts_on, ends_on).

    `days` are those that cost something, 0 where days do not make the price. `entries` are the
    numbers of the entries it stands for.
    """

    kind: str
    name: str
    starts_on: date
    ends_on: date
    amount: int
    service: int | None = None
    days: int = 0
    tax_code: str = "none"
    tax_rate: int = 0
    tax: int = 0
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TaxLine:
    """The tax inside a document at one rate; `rate` in hundredths of a percent."""

    code: str
    rate: int
    amount: int
    tax: int


@dataclass(slots=True)
class _Family:
    """A charge with everything that corrects it."""

    head: Posting
    members: list[Posting] = field(default_factory=list)

    @property
    def tax_code(self) -> str:
        return self.head.tax_code or "none"


def earned_on(posting: Posting) -> date:
    """The day for whose period an entry is documented."""
    after = posting.tariff is not None and posting.tariff.mode is Mode.ARREARS
    if after and posting.kind in {Kind.CHARGE, Kind.CONNECTION}:
        return posting.day - _DAY
    return posting.day


def earned_within(postings: Iterable[Posting], period: Period) -> list[Posting]:
    """The entries that the documents of a period are about, in order of their numbers."""
    return [p for p in postings if p.kind in SERVING and period.start <= earned_on(p) < period.end]


def roots_of(postings: Sequence[Posting]) -> dict[int, int]:
    """Entry to the charge it corrects in the end, itself where it corrects nothing.

    A charge that is not among the postings was documented earlier.
    """
    parents = {p.no: p.corrects for p in postings}
    roots = {}
    for no in parents:
        root = no
        while (parent := parents.get(root)) is not None:
            root = parent
        roots[no] = root
    return roots


def lines_of(postings: Sequence[Posting], *, language: str) -> list[Line]:
    """The lines of a document: one per service, tariff, tax and unbroken span of days.

    560.00 for April and 280.00 back for 16 to 30 April: one line, 1 to 15 April, 280.00.
    """
    families: dict[int, _Family] = {}
    roots = roots_of(postings)
    for posting in sorted(postings, key=lambda p: p.no):
        root = roots[posting.no]
        family = families.get(root) or families.setdefault(root, _Family(posting))
        family.members.append(posting)
    lines = [_line(family, language) for family in families.values()]
    lines.sort(key=lambda e: (e.kind != Kind.CHARGE, e.service or 0, e.name, e.starts_on))
    return _joined(lines)


def _line(family: _Family, language: str) -> Line:
    head = family.head
    net: dict[date, int] = {}
    for posting in family.members:
        for day, amount in day_amounts(posting).items():
            net[day] = net.get(day, 0) - amount
    days = sorted(day for day, amount in net.items() if amount)
    start, end = (days[0], days[-1] + _DAY) if days else _span(head)
    return Line(
        kind=head.kind.value,
        name=_name(head, language),
        service=head.service,
        starts_on=start,
        ends_on=end,
        days=len(days),
        amount=-sum(p.amount for p in family.members),
        tax_code=family.tax_code,
        tax_rate=head.tax_rate,
        tax=-sum(p.tax for p in family.members),
        entries=tuple(p.no for p in family.members),
    )


def _span(posting: Posting) -> tuple[date, date]:
    if posting.period is not None and posting.period.end > posting.period.start:
        return posting.period.start, posting.period.end
    return posting.day, posting.day + _DAY


def _name(posting: Posting, language: str) -> str:
    if posting.tariff is None:
        return kind_name(posting.kind, language)
    if posting.kind is Kind.CHARGE:
        return posting.tariff.name
    return f"{kind_name(posting.kind, language)}: {posting.tariff.name}"


def _joined(lines: Sequence[Line]) -> list[Line]:
    """Join charges of one price whose days follow each other."""
    joined: list[Line] = []
    for line in lines:
        last = joined[-1] if joined else None
        if last and _same(last, line) and last.ends_on == line.starts_on:
            joined[-1] = replace(
                last,
                ends_on=line.ends_on,
                days=last.days + line.days,
                amount=last.amount + line.amount,
                tax=last.tax + line.tax,
                entries=last.entries + line.entries,
            )
        else:
            joined.append(line)
    return joined


def _same(one: Line, other: Line) -> bool:
    def what(line: Line) -> tuple[object, ...]:
        return line.kind, line.service, line.name, line.tax_code, line.tax_rate

    return one.kind == Kind.CHARGE and what(one) == what(other)


def tax_lines(lines: Iterable[Line]) -> list[TaxLine]:
    """The tax of a document by rate; its sum is the sum of its lines' taxes."""
    sums: dict[tuple[str, int], tuple[int, int]] = {}
    for line in lines:
        amount, tax = sums.get((line.tax_code, line.tax_rate), (0, 0))
        sums[line.tax_code, line.tax_rate] = amount + line.amount, tax + line.tax
    return [TaxLine(code, rate, *both) for (code, rate), both in sorted(sums.items()) if any(both)]


def split_by_act(
    postings: Sequence[Posting], acts: Mapping[int, int]
) -> tuple[list[Posting], dict[int, list[Posting]]]:
    """Part entries into those of the period's own act and, by act, those that correct an earlier one.

    `acts` names the act that holds a charge documented earlier; what is in none stays here.
    """
    own: list[Posting] = []
    earlier: dict[int, list[Posting]] = {}
    roots = roots_of(postings)
    for posting in postings:
        act = acts.get(roots[posting.no])
        (own if act is None else earlier.setdefault(act, [])).append(posting)
    return own, earlier


def last_closed(history: tuple[BillingDay, ...], day: date) -> Period:
    """The latest billing period that has ended when `day` is open for the account."""
    end = period_on(history, day).start
    end = max([end, *(c.since for c in history[1:] if end < c.since <= day)])
    return Period(_start(history, end - _DAY), end)


def closed_periods(
    history: tuple[BillingDay, ...], *, since: date | None, first: date, day: date
) -> list[Period]:
    """The periods to be documented when `day` is open: those after `since`, the end of the last one.

    Where nothing is documented yet, the latest that has ended; none begins before `first`, the
    account's own first day.
    """
    if since is None:
        latest = last_closed(history, day)
        since = max(latest.start, first)
    found = []
    while (end := next_period_start(history, since)) <= day:
        if end > since:
            found.append(Period(since, end))
        since = end
    return found


def _start(history: tuple[BillingDay, ...], day: date) -> date:
    """Where the period of a day starts; after a change of billing day, on the day of the change."""
    changed = [c.since for c in history[1:] if c.since <= day]
    return max([period_on(history, day).start, *changed])
