"""Whose account a text names, and which numbers are one slip away."""

from __future__ import annotations

import pytest

from abonent.billing.rules.outside.purpose import (
    Named,
    Recognition,
    is_somebodys,
    near_numbers,
    numbers_named,
)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Оплата услуг связи, л/с 1001234 НДС не облагается", Named(accounts=("1001234",))),
        ("ЛС№1001234", Named(accounts=("1001234",))),
        ("Лицевой счёт: 1001234, за ноябрь 2026", Named(accounts=("1001234",))),
        ("л/сч 1001234", Named(bare=("1001234",))),
        ("дог. 55-12 от 01.02.2026", Named(contracts=("55-12",))),
        ("по договору № 55/12-А", Named(contracts=("55/12-А",))),
        ("По дог.55-12, л/с 7", Named(accounts=("7",), contracts=("55-12",))),
        ("1001234", Named(bare=("1001234",))),
        ("за интернет 1001234 сумма 550,00", Named(bare=("1001234",))),
        ("ИНН 7701234567 за интернет", Named()),
        ("счет 1234567 от 21.11.2026", Named()),
        ("р/с 40702810000000000005", Named()),
        ("за ноябрь 2026 года", Named()),
        ("Плата за 20261121", Named(bare=("20261121",))),
        ("", Named()),
        ("полс 1001234", Named(bare=("1001234",))),
    ],
)
def test_a_text_names(text: str, named: Named) -> None:
    assert numbers_named(text, Recognition()) == named


def test_words_are_data_and_a_bare_number_may_be_no_number() -> None:
    own = Recognition(account_words=("абонент",), contract_words=(), bare_digits=0)
    assert numbers_named("Абонент 55", own) == Named(accounts=("55",))
    assert numbers_named("л/с 1001234", own) == Named()


def test_a_word_is_no_pattern_and_a_long_text_is_read_at_once() -> None:
    own = Recognition(account_words=("(a+)+$",))
    assert numbers_named("a" * 100_000 + "! (a+)+$ 12", own) == Named()
    assert numbers_named("№" * 1000 + " л/с " + "№ " * 900 + "x", Recognition()) == Named()


def test_numbers_one_slip_away() -> None:
    near = near_numbers("1001234")
    for slip in ("1001235", "101234", "10012344", "1010234"):
        assert slip in near
    assert "1001234" not in near
    assert "1001253" not in near
    assert len(near) < 250
    assert near_numbers("ab") == near_numbers("12") == []


def test_only_an_account_of_one_payer_is_remembered() -> None:
    assert is_somebodys("40817810000000000042")
    assert is_somebodys("40702810000000000042")
    assert is_somebodys("DE89370400440532013000")
    for transit in ("30232810000000000042", "40911810000000000042", "40821810000000000042", ""):
        assert not is_somebodys(transit)
