"""Proving one account: every entry made again, every day's coverage followed from the first entry.

The entries alone say which days were charged; what is cached beside them (states, settled-to dates,
due days, bonus) must follow from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from abonent.billing.rules.book import CHARGE_KINDS, Book, Kind, Mode, Posting, Service
from abonent.billing.rules.calculation import recomputed, version_number
from abonent.billing.rules.charging import post
from abonent.billing.rules.history import day_amounts
from abonent.billing.rules.periods import DAY
from abonent.billing.rules.schedule import next_due


class Finding(NamedTuple):
    """Something that is not as it must be: the check's code, what it is about, both values."""

    check: str
    subject: str
    expected: object
    found: object


@dataclass(slots=True)
class Coverage:
    """One service's days as its entries leave them.

    `holder` is the charge that holds a day, `held` the money it holds, `net` the day's charge over
    all entries.
    """

    holder: dict[date, int] = field(default_factory=dict)
    held: dict[date, int] = field(default_factory=dict)
    net: dict[date, int] = field(default_factory=dict)
    modes: dict[date, Mode] = field(default_factory=dict)


def prove(
    book: Book, entries: Sequence[Posting], *, due: date, held_since: date | None
) -> list[Finding]:
    """Everything wrong with an account as it is kept; empty when it is right.

    `entries` are all of its entries in order of their numbers, `book` and `due` what is cached.
    """
    coverage: dict[int, Coverage] = {s.no: Coverage() for s in book.services}
    found = list(_entries(entries))
    for entry in entries:
        if entry.service is not None:
            if entry.service not in coverage:
                found.append(Finding("SERVICE", f"entry {entry.no}", "a service", entry.service))
                continue
            found += _follow(coverage[entry.service], entry)
    for service in book.services:
        own = coverage[service.no]
        found += _days(book, service, own)
        found += _cached(book, service, own)
    found += _bonus(book, entries)
    found += _held_since(book, entries, coverage, held_since)
    expected_due = next_due(book)
    if due > expected_due:
        found.append(Finding("DUE_DAY", "next opening", f"{expected_due} at the latest", due))
    return found


def _entries(entries: Sequence[Posting]) -> Iterator[Finding]:
    """Each entry by itself, and each correction beside what it corrects."""
    known = {entry.no: entry for entry in entries}
    left = {e.no: -e.amount for e in entries if e.kind in CHARGE_KINDS}
    reversed_already: set[int] = set()
    for entry in entries:
        subject = f"entry {entry.no}"
        again = recomputed(entry)
        if again != entry.amount:
            yield Finding("CALCULATION", subject, again, entry.amount)
        yield from _prices(entry, subject)
        if entry.corrects is None:
            continue
        target = known.get(entry.corrects)
        if target is None or target.no >= entry.no:
            yield Finding("CORRECTS", subject, "an earlier entry", entry.corrects)
        elif entry.kind is Kind.REVERSAL:
            if target.kind is not Kind.PAYMENT or -target.amount != entry.amount:
                yield Finding("REVERSAL", subject, -target.amount, entry.amount)
            if target.no in reversed_already:
                yield Finding("REVERSAL", subject, "one reversal", f"a second of {target.no}")
            reversed_already.add(target.no)
        elif target.no in left:
            left[target.no] -= entry.amount
            if left[target.no] < 0:
                most = left[target.no] + entry.amount
                yield Finding("CORRECTION", subject, f"at most {most}", entry.amount)
            if (entry.tax_code, entry.tax_rate) != (target.tax_code, target.tax_rate):
                expected = f"{target.tax_code} {target.tax_rate}"
                yield Finding("TAX", subject, expected, f"{entry.tax_code} {entry.tax_rate}")


def _prices(entry: Posting, subject: str) -> Iterator[Finding]:
    """The fee of each line is the fee of its version."""
    for line in entry.slices:
        fees = {v.id: v.fee for v in entry.tariff.versions} if entry.tariff else {}
        if not version_number(entry.tariff, line.version):
            yield Finding("PRICE", subject, "a known version", line.version)
        elif fees[line.version] != line.base:
            yield Finding("PRICE", subject, fees[line.version], line.base)


def _follow(own: Coverage, entry: Posting) -> Iterator[Finding]:
    """Take one service entry into the coverage of its days."""
    for day, amount in sorted(day_amounts(entry).items()):
        subject = f"service {entry.service}, {day}, entry {entry.no}"
        own.net[day] = own.net.get(day, 0) - amount
        if own.net[day] < 0:
            yield Finding("CORRECTION", subject, f"at most {own.net[day] + amount}", amount)
        if entry.kind is Kind.CHARGE:
            if day in own.holder:
                yield Finding("CHARGED_TWICE", subject, f"entry {own.holder[day]} alone", entry.no)
            own.holder[day], own.held[day] = entry.no, -amount
            own.modes[day] = entry.tariff.mode if entry.tariff else Mode.ADVANCE
        elif entry.kind is Kind.RETURN:
            if own.holder.get(day) != entry.corrects:
                yield Finding("RETURN", subject, f"held by {own.holder.get(day)}", entry.corrects)
            elif own.held[day] != amount:
                yield Finding("RETURN", subject, own.held[day], amount)
            own.holder.pop(day, None)
            own.held.pop(day, None)
        elif own.holder.get(day) == entry.corrects:
            own.held[day] -= amount


def _days(book: Book, service: Service, own: Coverage) -> Iterator[Finding]:
    """No day is held on which the service was not served: outside its life, frozen or paused."""
    for day, entry in own.holder.items():
        why = ""
        if not service.living(day):
            why = "outside the service's days"
        elif book.frozen(day):
            why = "frozen"
        elif own.modes[day] is Mode.ARREARS and service.paused(day):
            why = "suspended"
        if why:
            subject = f"service {service.no}, {day}"
            yield Finding("CHARGED_UNSERVED", subject, f"no charge: {why}", f"entry {entry}")


def _cached(book: Book, service: Service, own: Coverage) -> Iterator[Finding]:
    """What the service's row says follows from its coverage."""
    today, subject = book.day, f"service {service.no}"
    mode = service.mode_on(today)
    prepaid = {day for day in own.holder if own.modes[day] is not Mode.ARREARS}
    postpaid = [day for day in own.holder if own.modes[day] is Mode.ARREARS]
    if postpaid and service.billed_to <= max(postpaid):
        yield Finding("BILLED_TO", subject, max(postpaid) + DAY, service.billed_to)
    if not service.living(today) or book.frozen(today) or mode is Mode.ARREARS:
        if service.served:
            yield Finding("SERVED", subject, "not served by funds", "served")
        return
    accrues = mode is Mode.DAILY and service.served
    if accrues and prepaid and service.settled_to != max(prepaid) + DAY:
        yield Finding("SETTLED_TO", subject, max(prepaid) + DAY, service.settled_to)
    if service.served and not accrues and today not in prepaid:
        yield Finding("SERVED", subject, "a charge that holds today", "served without one")
    if accrues and not prepaid:
        yield Finding("SERVED", subject, "a charge of its first day", "served without one")
    if not service.served and today in prepaid:
        yield Finding("SERVED", subject, "served: today is charged", "not served")


def _bonus(book: Book, entries: Sequence[Posting]) -> Iterator[Finding]:
    """Bonus money left and used, spent first by every charge."""
    again = Book(book.account, book.day, book.billing_days)
    for entry in entries:
        post(again, Posting(0, entry.day, entry.kind, entry.amount))
    if again.bonus_left != book.bonus_left:
        yield Finding("BONUS", "bonus left", again.bonus_left, book.bonus_left)
    if again.bonus_used != book.bonus_used:
        yield Finding("BONUS", "bonus used", again.bonus_used, book.bonus_used)


def _held_since(
    book: Book, entries: Sequence[Posting], coverage: dict[int, Coverage], kept: date | None
) -> Iterator[Finding]:
    """The engine reads entries from `held_since` on: nothing older may still hold a coming day."""
    holding = {
        no
        for own in coverage.values()
        for day, no in own.holder.items()
        if day >= book.day and own.modes[day] is not Mode.ARREARS
    }
    oldest = min((entry.day for entry in entries if entry.no in holding), default=None)
    if oldest is not None and (kept is None or kept > oldest):
        yield Finding("HELD_SINCE", "oldest charge that matters", oldest, kept)
