"""Proving one account: every entry made again, every day's coverage followed from the first entry.

The entries alone say which days were charged; what is cached beside them (states, settled-to dates,
due days, bonus) must follow from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from abonent.billing.rules.book import CHARGE_KINDS, Book, Kind, Mode, Posting, Service
from abonent.billing.rules.calculation import recomputed
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


class Held(NamedTuple):
    """Days [start, end) of a service that one charge holds."""

    start: date
    end: date
    entry: int
    mode: Mode


@dataclass(slots=True)
class Coverage:
    """One service's days while corrections are followed: which charge holds each, for how much.

    `net` is the day's charge over all entries, whoever holds it.
    """

    holder: dict[date, tuple[int, Mode]] = field(default_factory=dict)
    held: dict[date, int] = field(default_factory=dict)
    net: dict[date, int] = field(default_factory=dict)


def prove(
    book: Book, entries: Sequence[Posting], *, due: date, held_since: date | None
) -> list[Finding]:
    """Everything wrong with an account as it is kept; empty when it is right.

    `entries` are all of its entries in order of their numbers, `book` and `due` what is cached.
    """
    found = list(_entries(entries))
    holding: set[int] = set()
    by_service: dict[int, list[Posting]] = {s.no: [] for s in book.services}
    for entry in entries:
        if entry.service is None:
            continue
        if entry.service in by_service:
            by_service[entry.service].append(entry)
        else:
            found.append(Finding("SERVICE", f"entry {entry.no}", "a service", entry.service))
    for service in book.services:
        spans, wrong = _covered(service.no, by_service[service.no])
        found += wrong
        found += _days(book, service, spans)
        found += _cached(book, service, spans)
        holding |= {s.entry for s in spans if s.end > book.day and s.mode is not Mode.ARREARS}
    found += _bonus(book, entries)
    found += _held_since(entries, holding, held_since)
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
        if entry.slices:
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
    versions = entry.tariff.versions if entry.tariff else ()
    for line in entry.slices:
        version = next((v for v in versions if v.id == line.version), None)
        if version is None:
            yield Finding("PRICE", subject, "a known version", line.version)
        elif version.fee != line.base:
            yield Finding("PRICE", subject, version.fee, line.base)


def _covered(service: int, entries: Sequence[Posting]) -> tuple[list[Held], list[Finding]]:
    """The days a service's charges hold after all corrections, in order of their dates.

    Where nothing was ever corrected the lines of the charges say it; otherwise day by day.
    """
    if all(e.kind is Kind.CHARGE or e.amounts is None for e in entries):
        spans = sorted(
            Held(line.start, line.end, entry.no, _mode(entry))
            for entry in entries
            for line in entry.slices
        )
        return spans, list(_overlaps(service, spans))
    own = Coverage()
    found = [wrong for entry in entries for wrong in _follow(own, entry)]
    days = sorted(own.holder.items())
    return [Held(day, day + DAY, no, mode) for day, (no, mode) in days], found


def _mode(entry: Posting) -> Mode:
    return entry.tariff.mode if entry.tariff else Mode.ADVANCE


def _overlaps(service: int, spans: Sequence[Held]) -> Iterator[Finding]:
    for before, after in pairwise(spans):
        if after.start < before.end:
            subject = f"service {service}, {after.start}, entry {after.entry}"
            yield Finding("CHARGED_TWICE", subject, f"entry {before.entry} alone", after.entry)


def _follow(own: Coverage, entry: Posting) -> Iterator[Finding]:
    """Take one service entry into the coverage of its days."""
    for day, amount in sorted(day_amounts(entry).items()):
        subject = f"service {entry.service}, {day}, entry {entry.no}"
        own.net[day] = own.net.get(day, 0) - amount
        if own.net[day] < 0:
            yield Finding("CORRECTION", subject, f"at most {own.net[day] + amount}", amount)
        holder = own.holder[day][0] if day in own.holder else None
        if entry.kind is Kind.CHARGE:
            if holder is not None:
                yield Finding("CHARGED_TWICE", subject, f"entry {holder} alone", entry.no)
            own.holder[day], own.held[day] = (entry.no, _mode(entry)), -amount
        elif entry.kind is Kind.RETURN:
            if holder != entry.corrects:
                yield Finding("RETURN", subject, f"held by {holder}", entry.corrects)
            elif own.held[day] != amount:
                yield Finding("RETURN", subject, own.held[day], amount)
            own.holder.pop(day, None)
            own.held.pop(day, None)
        elif holder is not None and holder == entry.corrects:
            own.held[day] -= amount


def _days(book: Book, service: Service, spans: Sequence[Held]) -> Iterator[Finding]:
    """No day is held on which the service was not served: outside its life, frozen or paused."""
    for span in spans:
        if book.freezes or service.pauses or not _within(span, service):
            yield from _unserved(book, service, span)


def _within(span: Held, service: Service) -> bool:
    return span.start >= service.starts_on and span.end <= service.ends_on


def _unserved(book: Book, service: Service, span: Held) -> Iterator[Finding]:
    """The first day of each reason for which the span should not be held."""
    unserved = [
        ("outside the service's days", date.min, service.starts_on),
        ("outside the service's days", service.ends_on, date.max),
        *(("frozen", freeze.starts_on, freeze.ends_on) for freeze in book.freezes),
    ]
    if span.mode is Mode.ARREARS:
        unserved += [("suspended", start, end) for start, end in service.pauses]
    for why, start, end in unserved:
        if max(start, span.start) < min(end, span.end):
            subject = f"service {service.no}, {max(start, span.start)}"
            yield Finding("CHARGED_UNSERVED", subject, f"no charge: {why}", f"entry {span.entry}")


def _cached(book: Book, service: Service, spans: Sequence[Held]) -> Iterator[Finding]:
    """What the service's row says follows from its coverage."""
    today, subject = book.day, f"service {service.no}"
    prepaid = [s for s in spans if s.mode is not Mode.ARREARS]
    covered_to = max((s.end for s in prepaid), default=None)
    covered = any(s.start <= today < s.end for s in prepaid)
    billed_to = max((s.end for s in spans if s.mode is Mode.ARREARS), default=date.min)
    if service.billed_to < billed_to:
        yield Finding("BILLED_TO", subject, billed_to, service.billed_to)
    mode = service.mode_on(today)
    if not service.living(today) or book.frozen(today) or mode is Mode.ARREARS:
        if service.served:
            yield Finding("SERVED", subject, "not served by funds", "served")
        return
    accrues = mode is Mode.DAILY and service.served
    if accrues and covered_to and service.settled_to != covered_to:
        yield Finding("SETTLED_TO", subject, covered_to, service.settled_to)
    if service.served and not accrues and not covered:
        yield Finding("SERVED", subject, "a charge that holds today", "served without one")
    if accrues and not prepaid:
        yield Finding("SERVED", subject, "a charge of its first day", "served without one")
    if not service.served and covered:
        yield Finding("SERVED", subject, "served: today is charged", "not served")


def _bonus(book: Book, entries: Sequence[Posting]) -> Iterator[Finding]:
    """Bonus money left and used, spent first by every charge."""
    if (
        not book.bonus_left
        and not book.bonus_used
        and all(e.kind is not Kind.BONUS for e in entries)
    ):
        return
    again = Book(book.account, book.day, book.billing_days)
    for entry in entries:
        post(again, Posting(0, entry.day, entry.kind, entry.amount))
    if again.bonus_left != book.bonus_left:
        yield Finding("BONUS", "bonus left", again.bonus_left, book.bonus_left)
    if again.bonus_used != book.bonus_used:
        yield Finding("BONUS", "bonus used", again.bonus_used, book.bonus_used)


def _held_since(
    entries: Sequence[Posting], holding: set[int], kept: date | None
) -> Iterator[Finding]:
    """The engine reads entries from `held_since` on: nothing older may still hold a coming day."""
    oldest = min((entry.day for entry in entries if entry.no in holding), default=None)
    if oldest is not None and (kept is None or kept > oldest):
        yield Finding("HELD_SINCE", "oldest charge that matters", oldest, kept)
