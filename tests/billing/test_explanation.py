"""Every kind of entry is told in words and numbers, and its telling recomputes to its amount."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abonent.billing.rules.book import (
    Kind,
    Mode,
    Posting,
    Slice,
    Span,
    Tariff,
    Version,
)
from abonent.billing.rules.calculation import recomputed, runs_of
from abonent.billing.rules.explanation import KIND_NAMES, Explanation, explain
from abonent.billing.rules.fees import discounted
from abonent.billing.rules.periods import Period, period_of, span_share
from abonent.billing.rules.taxes import Tax, TaxRate
from abonent.kernel.jsontext import to_json

VAT = Tax("vat", (TaxRate(date(2019, 1, 1), 2000), TaxRate(date(2026, 1, 1), 2200)))
OPTIMA = Tariff(
    7,
    "optima",
    "Оптима 100",
    "internet",
    Mode.ADVANCE,
    (
        Version(1, date(2000, 1, 1), 40000),
        Version(2, date(2026, 3, 1), 44000),
        Version(3, date(2026, 9, 1), 46000),
    ),
    tax=VAT,
)
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))


class Prices:
    """A catalogue of one tariff."""

    tariffs: ClassVar = {7: OPTIMA}

    def tariff_of(self, version: int) -> Tariff:
        return {v.id: OPTIMA for v in OPTIMA.versions}[version]


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def told(posting: Posting, language: str = "ru") -> Explanation:
    return explain(posting, catalogue=Prices(), language=language, account_number="20417")


def charge(*lines: Slice, **more: object) -> Posting:
    amount = -sum(span_share(s.fee, s.period, s.start, s.end) for s in lines)
    span = Span(lines[0].start, lines[-1].end)
    return Posting(
        57, lines[0].start, Kind.CHARGE, amount, 1, OPTIMA, span, slices=list(lines),
        tax_code="vat", tax_rate=2200, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def line(start: date, end: date, *, version: int = 3, percent: int = 0, off: int = 0) -> Slice:
    base = OPTIMA.versions[version - 1].fee
    fee = discounted(base, percent, off)
    return Slice(start, end, SEPTEMBER, version, base, percent, off, fee)


def test_the_rest_of_a_period_is_told_by_its_formula() -> None:
    answer = told(charge(line(date(2026, 9, 14), date(2026, 10, 1))))
    assert answer.total == -26067
    text = plain(answer.text)
    assert text.startswith("460,00 ₽ × (30/30 − 13/30) = 260,67 ₽. Тариф «Оптима 100», версия 3 от")
    assert "17 дней из 30: с 14.09.2026 по 30.09.2026." in text
    assert "В том числе НДС, 22 %: 47,01 ₽" in text
    assert any("остаётся 260,67 ₽" in plain(step) for step in answer.steps)


def test_the_same_in_english() -> None:
    answer = told(charge(line(date(2026, 9, 14), date(2026, 10, 1))), "en")
    assert answer.text.startswith("₽460.00 × (30/30 − 13/30) = ₽260.67. Tariff “Оптима 100”")
    assert "17 days of 30: from 14 Sep 2026 to 30 Sep 2026." in answer.text


def test_several_lines_are_told_one_by_one_and_summed() -> None:
    parts = (
        line(date(2026, 9, 1), date(2026, 9, 11)),
        line(date(2026, 9, 11), date(2026, 9, 21), percent=5000),
        line(date(2026, 9, 21), date(2026, 10, 1), off=1000),
    )
    answer = told(charge(*parts))
    assert plain(answer.text).startswith("153,33 ₽ + 76,66 ₽ + 150,00 ₽ = 379,99 ₽.")
    assert "Плата 460,00 ₽ минус 50 % = 230,00 ₽." in plain(answer.text)
    assert "Плата 460,00 ₽ минус 10,00 ₽ = 450,00 ₽." in plain(answer.text)
    assert len(answer.inputs["slices"]) == 3
    assert sum(part["amount"] for part in answer.inputs["slices"]) == answer.total


def test_a_return_names_its_charge_and_why() -> None:
    days = {date(2026, 9, 21) + timedelta(n): 1533 + (n == 9) for n in range(10)}
    posting = Posting(
        58, date(2026, 9, 14), Kind.RETURN, sum(days.values()), 1, OPTIMA,
        amounts=days, corrects=57, note={"cause": "freeze"},
    )  # fmt: skip
    answer = told(posting)
    text = plain(answer.text)
    assert text.startswith("Возвращено 153,31 ₽ за 10 дней с 21.09.2026 по 30.09.2026.")
    assert "Исправляет проводку 20417-57." in text
    assert "заблокирован по заявлению" in text
    assert "С 21.09.2026 по 29.09.2026: 15,33 ₽ × 9 = 137,97 ₽." in map(plain, answer.steps)


@pytest.mark.parametrize("cause", ["funds", "freeze", "tariff", "end"])
def test_every_cause_of_a_return_is_worded(cause: str) -> None:
    days = {date(2026, 9, 21): 1533}
    posting = Posting(
        58, date(2026, 9, 14), Kind.RETURN, 1533, 1, OPTIMA, amounts=days, note={"cause": cause}
    )
    assert cause not in told(posting).text
    assert told(posting).text != told(posting, "en").text


def test_a_payment_tells_where_it_came_from() -> None:
    note: dict[str, object] = {"external_id": "A-1", "paid_on": "2026-09-10"}
    posting = Posting(
        3, date(2026, 9, 14), Kind.PAYMENT, 50000, source="bank", settles=(1, 2), note=note
    )
    text = plain(explain(posting, catalogue=Prices(), language="ru", actor="import:7").text)
    assert text == (
        "Платёж: 500,00 ₽. Источник: банк. Номер у источника: A-1. Дата оплаты 10.09.2026. "
        "Сначала погашает № 1, № 2."
    )


def test_a_freeze_fee_tells_its_days() -> None:
    posting = Posting(
        3, date(2026, 9, 14), Kind.FREEZE_FEE, -3000, note={"days": 10}, tax_code="none"
    )
    assert plain(told(posting).text).startswith("3,00 ₽ × 10 = 30,00 ₽.")


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_kind_is_told_without_a_placeholder_left(kind: Kind, language: str) -> None:
    posting = Posting(
        4, date(2026, 9, 14), kind, -1000, source="cash", corrects=2,
        note={"reason": "просьба", "incident": "A-7", "served": False},
    )  # fmt: skip
    answer = told(posting, language)
    for text in (answer.text, *answer.steps):
        assert "{" not in text
    assert answer.total == -1000
    assert kind in KIND_NAMES
    to_json(answer.inputs)


AMOUNTS = st.integers(0, 10**9)


@st.composite
def charges(draw: st.DrawFn) -> Posting:
    """Charges of any fee, discount and cut of a period, of one to four lines."""
    day = draw(st.dates(date(2024, 1, 1), date(2028, 1, 1)))
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        period = period_of(day, draw(st.integers(1, 31)))
        end = draw(st.dates(day + timedelta(1), period.end))
        base, off = draw(AMOUNTS), draw(st.integers(0, 10**6))
        percent = draw(st.integers(0, 10000))
        fee = discounted(base, percent, off)
        lines.append(Slice(day, end, period, 3, base, percent, off, fee))
        day = end
    return charge(*lines)


@settings(max_examples=200, deadline=None)
@given(charges(), st.sampled_from(["ru", "en"]))
def test_a_charge_recomputes_to_its_amount(posting: Posting, language: str) -> None:
    answer = told(posting, language)
    assert answer.total == posting.amount
    assert sum(part["amount"] for part in answer.inputs["slices"]) == posting.amount
    assert "{" not in answer.text


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 3, 1)), AMOUNTS, min_size=1))
def test_a_correction_recomputes_and_its_runs_hold_every_day(amounts: dict[date, int]) -> None:
    posting = Posting(9, date(2026, 4, 1), Kind.CORRECTION, sum(amounts.values()), amounts=amounts)
    assert recomputed(posting) == posting.amount
    runs = runs_of(amounts)
    assert sum(run.days for run in runs) == len(amounts)
    assert sum(run.days * run.amount for run in runs) == posting.amount
    assert told(posting).total == posting.amount


def test_a_wrong_amount_does_not_recompute() -> None:
    posting = charge(line(date(2026, 9, 14), date(2026, 10, 1)))
    posting.amount -= 1
    assert told(posting).total != posting.amount


@pytest.mark.parametrize(
    ("actor", "name", "says"),
    [
        ("token:1882528734477969537", "Сбербанк Онлайн", "программой «Сбербанк Онлайн»."),
        ("token:1882528734477969537", None, "Проведено 14.09.2026 программой."),
        ("user:7", "Мария Петрова", "Проведено 14.09.2026: Мария Петрова."),
        ("import:cli", None, "при загрузке данных."),
        ("system:system", None, "Проведено автоматически 14.09.2026."),
        (None, None, "Проведено 14.09.2026."),
    ],
)
def test_who_posted_it_is_said_by_name_and_never_by_id(
    actor: str | None, name: str | None, says: str
) -> None:
    posting = Posting(3, date(2026, 9, 14), Kind.PAYMENT, 50000, source="sbp")
    answer = explain(posting, catalogue=Prices(), language="ru", actor=actor, actor_name=name)
    assert answer.posted.endswith(says)
    assert answer.steps[-1] == answer.posted
    assert not any("1882528" in step or "cli" in step for step in answer.steps)
    assert "Источник: СБП." in answer.text


def test_nothing_is_said_twice() -> None:
    whole = charge(line(date(2026, 9, 1), date(2026, 10, 1)))
    answer = told(whole)
    assert plain(answer.text).startswith("460,00 ₽ за весь период. Тариф")
    assert len(answer.more) == 2  # the tax and who posted it
    halves = charge(
        line(date(2026, 9, 1), date(2026, 9, 16)), line(date(2026, 9, 16), date(2026, 10, 1))
    )
    for posting in (whole, halves):
        assert len(set(told(posting).steps)) == len(told(posting).steps)
        assert told(posting).text.count("Тариф") == 1


def test_one_day_is_no_span() -> None:
    text = told(charge(line(date(2026, 9, 6), date(2026, 9, 7)), through=date(2026, 9, 6))).text
    assert "Один день из 30: 06.09.2026." in text
    assert text.count("06.09.2026") == 1
    assert "Начислялось по дням." in text


def test_the_fee_of_a_promise_says_how_long_it_counts() -> None:
    posting = Posting(
        3, date(2026, 9, 14), Kind.PROMISE_FEE, -3000, note={"until": "2026-09-24"}
    )  # fmt: skip
    assert "Действует по 23.09.2026, проверяется при открытии 24.09.2026." in told(posting).text
