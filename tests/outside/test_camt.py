"""camt.053: what ISO's own schema holds to be valid is read; batches, reversals, traps."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from lxml import etree

from abonent.billing.rules.outside.camt import read_camt
from abonent.billing.rules.outside.incoming import Incoming, Other, OtherKind, Piece, Trouble, Wrong
from tests.outside.statements import OURS, THEIRS, camt, details, entry

SCHEMA = Path(__file__).parent / "vendor" / "iso20022" / "camt.053.001.08.xsd"
ONE = entry(55000, details=details("Оплата услуг связи, л/с 1001234"))
BATCH = entry(
    30000,
    reference="B1",
    details=details("л/с 1", end_to_end="a", amount=10000)
    + details("л/с 2", end_to_end="b", amount=20000),
)


def read(content: bytes) -> list[Piece]:
    return list(read_camt(BytesIO(content), bank_account=OURS))


def came(pieces: list[Piece]) -> list[Incoming]:
    return [piece for piece in pieces if isinstance(piece, Incoming)]


def wrongs(pieces: list[Piece]) -> list[Wrong]:
    return [piece.wrong for piece in pieces if isinstance(piece, Trouble)]


VALID = {
    "one": camt(ONE, closing=155000),
    "batch": camt(BATCH, closing=130000),
    "out": camt(entry(1000, direction="DBIT"), closing=99000),
    "taken_back": camt(ONE + entry(55000, direction="DBIT", reversal=True), closing=100000),
    "pending": camt(ONE + entry(5, status="<Sts><Cd>PDNG</Cd></Sts>"), closing=155000),
    "empty": camt("", closing=100000),
}


@pytest.mark.parametrize("name", list(VALID))
def test_what_the_schema_of_iso_holds_valid_is_read(name: str) -> None:
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    schema.assertValid(etree.fromstring(VALID[name]))
    assert not [p for p in read(VALID[name]) if isinstance(p, Trouble) and p.stops]


def test_a_credit_is_a_payment_with_its_payer_and_purpose() -> None:
    (piece,) = came(read(VALID["one"]))
    assert (piece.external_id, piece.amount, piece.payer) == ("BANKREF-1", 55000, "Иванов Иван")
    assert (piece.payer_account, piece.purpose) == (THEIRS, "Оплата услуг связи, л/с 1001234")


@pytest.mark.parametrize("version", ["02", "04", "06", "08", "10", "13"])
def test_every_version_is_read(version: str) -> None:
    old = int(version) < 8
    status = "<Sts>BOOK</Sts>" if old else "<Sts><Cd>BOOK</Cd></Sts>"
    one = entry(100, status=status, details=details("л/с 5", pty=not old))
    (piece,) = came(read(camt(one, version=version, closing=100100)))
    assert (piece.payer, piece.amount) == ("Иванов Иван", 100)


def test_a_namespace_prefix_changes_nothing() -> None:
    text = VALID["one"].decode().replace("<", "<i:").replace("<i:/", "</i:").replace("<i:?", "<?")
    text = text.replace("xmlns=", "xmlns:i=")
    assert came(read(text.encode())) == came(read(VALID["one"]))


def test_a_batch_is_its_parts_each_known_by_its_own_number() -> None:
    parts = came(read(VALID["batch"]))
    assert [(p.external_id, p.amount) for p in parts] == [("B1/a", 10000), ("B1/b", 20000)]


def test_a_batch_without_the_amount_of_each_is_not_guessed() -> None:
    batch = entry(30000, details=details("л/с 1") + details("л/с 2"))
    pieces = read(camt(batch, closing=130000))
    assert wrongs(pieces) == [Wrong.BATCH_WITHOUT_PARTS]
    assert came(pieces) == []


def test_what_the_bank_takes_back_names_the_payment() -> None:
    pieces = read(VALID["taken_back"])
    (back,) = [piece for piece in pieces if isinstance(piece, Other)]
    assert (back.kind, back.reference, back.amount) == (OtherKind.TAKEN_BACK, "BANKREF-1", 55000)


def test_pending_entries_and_other_money_are_told() -> None:
    assert wrongs(read(VALID["pending"])) == [Wrong.NOT_BOOKED]
    dollars = camt(entry(500, currency="USD"), closing=100000)
    assert wrongs(read(dollars)) == [Wrong.FOREIGN_CURRENCY]


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (camt(ONE, closing=1), Wrong.BALANCES_DIFFER),
        (camt(ONE, closing=155000, ours="40702810000000000006"), Wrong.ANOTHER_BANK_ACCOUNT),
        (VALID["one"][:-60], Wrong.NOT_THIS_FORMAT),
        (b"<html/>", Wrong.NOT_THIS_FORMAT),
        (b"", Wrong.NOT_THIS_FORMAT),
        (b"1CClientBankExchange", Wrong.NOT_THIS_FORMAT),
    ],
)
def test_a_statement_that_cannot_be_believed_stops(content: bytes, wrong: Wrong) -> None:
    stops = [p.wrong for p in read(content) if isinstance(p, Trouble) and p.stops]
    assert stops == [wrong]


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE Document [<!ENTITY a "л/с 1">]>',
        '<!DOCTYPE Document [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Document SYSTEM "http://127.0.0.1/x.dtd">',
    ],
)
def test_entities_are_neither_unfolded_nor_fetched(prologue: str) -> None:
    text = VALID["one"].decode().replace("?>\n", f"?>\n{prologue}\n", 1).replace("л/с", "&a;")
    pieces = read(text.encode())
    assert wrongs(pieces) == [Wrong.NOT_THIS_FORMAT]
    assert came(pieces) == []


def test_a_tower_of_elements_is_refused_before_it_fills_the_memory() -> None:
    tower = camt("<A>" * 100_000 + "</A>" * 100_000, closing=100000)
    assert wrongs(read(tower)) == [Wrong.NOT_THIS_FORMAT]
