"""1CClientBankExchange: the same documents that two other parsers see, and every kind of trouble."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import client_bank_1c
import pytest
from client_bank_exchange_1c.client_bank_exchange_1c import Statement

from abonent.billing.rules.outside.client_bank import read_client_bank
from abonent.billing.rules.outside.incoming import Incoming, Other, OtherKind, Piece, Trouble, Wrong
from tests.outside.statements import OURS, THEIRS, Transfer, client_bank

THREE = (
    Transfer("104", 55000, "Оплата услуг связи, л/с 1001234 НДС не облагается"),
    Transfer(
        "105", 120005, "По договору 55-12 = без НДС", payer="ООО «Вектор Плюс»", tax_id="7701234567"
    ),
    Transfer("9", 70000, "Аренда", out=True),
)


def read(content: bytes, account: str = OURS) -> list[Piece]:
    return list(read_client_bank(BytesIO(content), bank_account=account))


def wrongs(pieces: list[Piece]) -> list[Wrong]:
    return [piece.wrong for piece in pieces if isinstance(piece, Trouble)]


@pytest.mark.parametrize("encoding", ["cp1251", "cp866", "utf-8-sig", "utf-8", "utf-16"])
def test_every_encoding_says_the_same(encoding: str) -> None:
    transfers = [
        Transfer(t.number, t.amount, t.purpose.replace("«", '"'), out=t.out) for t in THREE
    ]
    pieces = read(client_bank(transfers, encoding=encoding))
    came = [piece for piece in pieces if isinstance(piece, Incoming)]
    assert [(p.amount, p.purpose) for p in came] == [(t.amount, t.purpose) for t in transfers[:2]]
    assert came[0].payer == "Иванов Иван Иванович"
    assert came[0].payer_account == THEIRS
    assert wrongs(pieces) == []


def test_two_other_parsers_read_the_same_documents() -> None:
    content = client_bank(THREE)
    ours = [piece for piece in read(content) if isinstance(piece, Incoming)]
    text = content.decode("cp1251").replace("\r\n", "\n")
    one = client_bank_1c.load(text)
    other = Statement.from_text(text)
    first = [d for d in one.documents if d["ПолучательСчет"] == OURS and d["ДатаПоступило"]]
    second = [d for d in other.documents if d.receiver.account == OURS and d.receiver.date_received]
    assert [(p.amount, p.paid_on, p.payer_account, p.purpose) for p in ours] == [
        (int(d["Сумма"] * 100), d["ДатаПоступило"], d["ПлательщикСчет"], d["НазначениеПлатежа"])
        for d in first
    ]
    assert [(p.amount, p.paid_on, p.payer_account, p.purpose) for p in ours] == [
        (int(d.amount * 100), _day(d.receiver.date_received), d.payer.account, d.payment.purpose)
        for d in second
    ]


def _day(text: str) -> date:
    """That parser leaves this one date as it is written."""
    return date(*(int(part) for part in reversed(text.split("."))))


def test_a_payment_is_known_by_number_date_payer_and_sum() -> None:
    (piece, *_) = read(client_bank(THREE[:1]))
    assert isinstance(piece, Incoming)
    assert piece.external_id == f"104/2026-11-21/{THEIRS}/55000"


def test_money_out_and_between_own_accounts_is_told_apart() -> None:
    pieces = read(client_bank([*THREE, Transfer("7", 100, account=OURS)]))
    kinds = [piece.kind for piece in pieces if isinstance(piece, Other)]
    assert kinds == [OtherKind.OUTGOING, OtherKind.OWN_TRANSFER]


def test_what_the_bank_has_not_carried_out_is_not_money() -> None:
    pieces = read(client_bank([Transfer("104", 55000, booked=False)]))
    assert wrongs(pieces) == [Wrong.NOT_BOOKED]


def test_a_purpose_in_six_lines_or_broken_off_is_put_together() -> None:
    whole = client_bank(THREE[:1]).decode("cp1251")
    parts = whole.replace(
        "НазначениеПлатежа=Оплата услуг связи, ", "НазначениеПлатежа1=Оплата\r\nНазначениеПлатежа2="
    )
    (piece, *_) = read(parts.encode("cp1251"))
    assert isinstance(piece, Incoming)
    assert piece.purpose == "Оплата л/с 1001234 НДС не облагается"
    broken = whole.replace("связи, ", "связи,\r\n")
    (piece, *_) = read(broken.encode("cp1251"))
    assert isinstance(piece, Incoming)
    assert piece.purpose == "Оплата услуг связи, л/с 1001234 НДС не облагается"


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"account;amount\n1;2\n", Wrong.NOT_THIS_FORMAT),
        (b"", Wrong.NOT_THIS_FORMAT),
        (client_bank(THREE).replace(b"=1.03", b"=2.00"), Wrong.NOT_THIS_FORMAT),
        (client_bank(THREE, ours="40702810000000000006"), Wrong.ANOTHER_BANK_ACCOUNT),
        (client_bank(THREE, last=""), Wrong.CUT_OFF),
        (client_bank(THREE)[:-400], Wrong.CUT_OFF),
        (client_bank(THREE, closing=1), Wrong.BALANCES_DIFFER),
        (client_bank(THREE, came=1), Wrong.TOTALS_DIFFER),
    ],
)
def test_a_file_that_cannot_be_believed_stops(content: bytes, wrong: Wrong) -> None:
    stops = [p for p in read(content) if isinstance(p, Trouble) and p.stops]
    assert [piece.wrong for piece in stops] == [wrong]
    assert all("{" not in piece.text("ru") for piece in stops)


@pytest.mark.parametrize(
    ("was", "becomes", "wrong"),
    [
        ("Сумма=550.00", "Сумма=пять", Wrong.BAD_AMOUNT),
        ("Сумма=550.00", "Сумма=-550.00", Wrong.BAD_AMOUNT),
        ("Сумма=550.00", "Сумма=", Wrong.FIELD_MISSING),
        ("ДатаПоступило=21.11.2026", "ДатаПоступило=31.11.2026", Wrong.BAD_DATE),
        ("ДатаПоступило=21.11.2026", "ДатаПоступило=21.11.2025", Wrong.OUTSIDE_PERIOD),
    ],
)
def test_a_document_in_trouble_is_named_by_its_line_and_the_others_are_read(
    was: str, becomes: str, wrong: Wrong
) -> None:
    text = client_bank(THREE).decode("cp1251").replace(was, becomes, 1)
    pieces = read(text.encode("cp1251"))
    (trouble,) = [piece for piece in pieces if isinstance(piece, Trouble)]
    assert (trouble.wrong, trouble.place, trouble.stops) == (wrong, 20, False)
    assert [p.amount for p in pieces if isinstance(p, Incoming)] == [120005]


def test_days_are_the_days_of_arrival() -> None:
    pieces = read(client_bank([Transfer("1", 100, day=date(2026, 11, 20)), Transfer("2", 100)]))
    assert [p.paid_on.day for p in pieces if isinstance(p, Incoming)] == [20, 21]
