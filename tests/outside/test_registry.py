"""Registries: the columns of an agreement, decimal commas, the line of totals."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest

from abonent.billing.rules.outside.incoming import Incoming, Piece, Trouble, Wrong
from abonent.billing.rules.outside.registry import ColumnsOfRegistry, RegistryForm, read_registry
from tests.outside.statements import sber_registry

ROWS = (("300012345678ABCD", "1001234", 55000), ("300012345678ABCE", "1001235", 10))


def read(content: bytes, form: RegistryForm | None = None) -> list[Piece]:
    return list(read_registry(BytesIO(content), form=form or RegistryForm()))


def test_a_registry_of_sberbank_is_read_as_it_is() -> None:
    one, other = read(sber_registry(ROWS))
    assert isinstance(one, Incoming)
    assert isinstance(other, Incoming)
    assert (one.external_id, one.account, one.amount) == ROWS[0]
    assert (one.paid_on, one.payer, one.place) == (date(2026, 11, 21), "ИВАНОВ ИВАН ИВАНОВИЧ", 1)


def test_columns_may_be_counted_from_the_end() -> None:
    form = RegistryForm(columns=ColumnsOfRegistry(amount=-4))
    assert read(sber_registry(ROWS), form) == read(sber_registry(ROWS))


def test_another_agreement_has_other_columns() -> None:
    form = RegistryForm(
        encoding="utf-8", delimiter="\t", day_format="YYYY-MM-DD", header_lines=1, totals="",
        columns=ColumnsOfRegistry(day=1, number=0, account=2, amount=3, payer=0, purpose=4),
    )  # fmt: skip
    text = "когда\tсчёт\tсумма\tзачем\n2026-11-21\t7\t1 234,50\tинтернет\n\n"
    (piece,) = read(text.encode(), form)
    assert isinstance(piece, Incoming)
    assert (piece.account, piece.amount, piece.purpose) == ("7", 123450, "интернет")
    assert piece.external_id == "2026-11-21//7/123450"


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (sber_registry(ROWS, total=1), Wrong.TOTALS_DIFFER),
        (sber_registry(ROWS).replace(b"=2;", b"=3;"), Wrong.TOTALS_DIFFER),
        (b"\r\n".join(sber_registry(ROWS).splitlines()[:2]), Wrong.CUT_OFF),
        ("21-11-2026;ё".encode("cp866") + b"\x98", Wrong.NOT_THIS_FORMAT),
    ],
)
def test_totals_and_letters_must_be_right(content: bytes, wrong: Wrong) -> None:
    stops = [p.wrong for p in read(content) if isinstance(p, Trouble) and p.stops]
    assert stops[:1] == [wrong]


@pytest.mark.parametrize(
    ("was", "becomes", "wrong"),
    [
        (";550,00;", ";пять;", Wrong.BAD_AMOUNT),
        (";550,00;", ";0,00;", Wrong.BAD_AMOUNT),
        (";550,00;", ";;", Wrong.FIELD_MISSING),
        ("21-11-2026", "21.11.2026", Wrong.BAD_DATE),
    ],
)
def test_a_line_in_trouble_is_named_and_the_others_are_read(
    was: str, becomes: str, wrong: Wrong
) -> None:
    text = sber_registry(ROWS).decode("cp1251").replace(was, becomes, 1)
    trouble, other = read(text.encode("cp1251"))
    assert isinstance(trouble, Trouble)
    assert (trouble.place, trouble.wrong) == (1, wrong)
    assert isinstance(other, Incoming)
