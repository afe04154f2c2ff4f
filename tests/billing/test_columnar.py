"""The columnar path equals the rules, for every plain account."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from abonent.billing.rules.book import (
    Book,
    Mode,
    Policy,
    Service,
    Span,
    Tariff,
    Term,
    Version,
)
from abonent.billing.rules.columnar import Plain, open_period
from abonent.billing.rules.opening import open_day
from abonent.billing.rules.periods import BillingDay, period_of
from abonent.billing.rules.schedule import next_due
from abonent.billing.rules.taxes import Tax, TaxRate
from abonent.kernel.columns import as_ints, date_of, day_number

DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@st.composite
def tariffs(draw: st.DrawFn, number: int) -> Tariff:
    fees = st.sampled_from([0, 1, 29, 3000, 56000, 99999]) | st.integers(0, 200_000)
    versions = [Version(number * 10, date(2000, 1, 1), draw(fees))]
    versions += [
        Version(number * 10 + n + 1, draw(DAYS), draw(fees), draw(st.booleans()))
        for n in range(draw(st.integers(0, 2)))
    ]
    rates = tuple(sorted(TaxRate(draw(DAYS), draw(st.integers(0, 2500))) for _ in range(2)))
    ordered = tuple(sorted(versions, key=lambda v: v.valid_from))
    return Tariff(number, str(number), "", "internet", Mode.ADVANCE, ordered, tax=Tax("vat", rates))


@st.composite
def situations(draw: st.DrawFn) -> tuple[date, dict[int, Tariff], list[tuple[int, ...]]]:
    known = {n: draw(tariffs(n)) for n in (1, 2)}
    billing_day = draw(st.integers(1, 31))
    day = period_of(draw(DAYS), billing_day).start
    row = st.tuples(
        st.integers(-1000, 250_000),
        st.sampled_from([0, 0, 500, 60_000]),
        st.sampled_from([1, 2]),
        st.integers(1, 1500),
        st.sampled_from([billing_day, billing_day, 1, 31]),
    )
    return day, known, draw(st.lists(row, min_size=1, max_size=12))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(situations(), st.booleans())
def test_columns_open_a_period_as_the_rules_do(
    situation: tuple[date, dict[int, Tariff], list[tuple[int, ...]]],
    lends: bool,  # noqa: FBT001 - drawn
) -> None:
    day, known, rows = situation
    starts = [day - timedelta(back) for *_, back, _ in rows]
    plain = Plain(
        as_ints(list(range(len(rows)))),
        as_ints([r[0] for r in rows]),
        as_ints([r[1] for r in rows]),
        as_ints([r[2] for r in rows]),
        as_ints([day_number(s) for s in starts]),
        as_ints([r[4] for r in rows]),
    )
    groups = open_period(plain, day, known, lends=lends)
    for n, (balance, credit, tariff, _, billing_day) in enumerate(rows):
        service = Service(1, starts[n], (Term(starts[n], known[tariff]),), served=True)
        book = Book(n, day - timedelta(1), (BillingDay(date.min, billing_day),), balance, credit)
        book.services = [service]
        book.policy = Policy(grace_days=3 if lends else 0)
        open_day(book, day)
        for group in groups:
            if group.charged[n]:
                (posting,) = book.postings
                (part,) = posting.slices
                assert service.served
                assert posting.amount == -group.version.fee
                assert (part.version, part.period) == (group.version.id, group.period)
                assert posting.period == Span(group.period.start, group.period.end)
                assert posting.tax_rate == group.rate
                assert next_due(book) == group.period.end
            assert not (lends and group.cut[n])
            if group.cut[n]:
                assert (book.postings, service.served) == ([], False)
                position = list(group.cut[: n + 1]).count(True) - 1
                assert next_due(book) == date_of(int(group.due[position]))
    plain_rows = sum(int(g.charged.sum() + g.cut.sum()) for g in groups)
    assert plain_rows <= len(rows)
