from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abonent.kernel.money import (
    LARGEST,
    Currency,
    format_money,
    half_up,
    parse_amount,
    plain_amount,
    use_currency,
)

AMOUNTS = st.integers(min_value=-LARGEST, max_value=LARGEST)


@pytest.fixture
def yen() -> Iterator[None]:
    use_currency(Currency("JPY", 0))
    yield
    use_currency(Currency())


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (5, 3, 2), (-4, 3, -1), (0, 7, 0), (5, -2, -3), (7, 1, 7)],
)
def test_halves_are_rounded_away_from_zero(numerator, denominator, rounded):
    assert half_up(numerator, denominator) == rounded


@given(st.integers(), st.integers(min_value=1, max_value=10**6))
def test_rounding_is_never_off_by_more_than_a_half(numerator, denominator):
    difference = half_up(numerator, denominator) - Fraction(numerator, denominator)
    assert abs(difference) <= Fraction(1, 2)
    assert half_up(-numerator, denominator) == -half_up(numerator, denominator)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1 234,56", 123456),
        ("1\N{NO-BREAK SPACE}234.5", 123450),
        ("-0.5", -50),
        ("\N{MINUS SIGN}7", -700),
        ("+3", 300),
        ("0,100", 10),
        ("12,", None),
        (",5", None),
        ("1,234.56", None),
        ("0.001", None),
        ("1e5", None),
        ("", None),
        ("٣", None),
        ("99999999999999999999", None),
    ],
)
def test_an_amount_is_read_or_refused_but_never_guessed(text, amount):
    if amount is None:
        with pytest.raises(ValueError):
            parse_amount(text)
    else:
        assert parse_amount(text) == amount


@given(AMOUNTS)
def test_what_is_written_reads_back(amount):
    assert parse_amount(plain_amount(amount)) == amount
    for language in ("ru", "en"):
        written = format_money(amount, language, currency=False)
        if language == "ru":
            assert parse_amount(written) == amount


def test_money_is_written_as_the_reader_writes_it():
    assert format_money(-123456789, "ru") == "−1\xa0234\xa0567,89\xa0₽"
    assert format_money(123456789, "en", sign=True) == "+₽1,234,567.89"
    assert format_money(0, "en", sign=True, currency="EUR") == "EUR\xa00.00"
    assert format_money(5, "ru", currency=False) == "0,05"


def test_a_currency_may_have_no_minor_unit(yen):
    assert format_money(1234, "en") == "JPY\xa01,234"
    assert plain_amount(-1234) == "-1234"
    assert parse_amount("1234", 0) == 1234
