from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import zxingcpp

from abonent.kernel.errors import Malformed
from abonent.kernel.money import Currency
from abonent.kernel.payment_qr import code_png, code_svg, payment_text
from abonent.kernel.requisites import Requisites
from abonent.kernel.words import amount_in_words

OURS = Requisites(
    name="ООО «Провайдер»",
    inn="7701234567",
    kpp="770101001",
    bank_name="ПАО СБЕРБАНК",
    bic="044525225",
    account="40702810938000000001",
    corr_account="30101810400000000225",
)


def read(png: bytes) -> Any:
    """Read a code the way a telephone does, from its picture."""
    return zxingcpp.read_barcodes(_pixels(png))


def _pixels(png: bytes) -> Any:
    """A grey picture from a PNG of one bit per pixel, without an image library."""

    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour) in {(1, 0), (1, 3)}
    data, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    row = (width + 7) // 8 + 1
    raw = np.frombuffer(zlib.decompress(data), dtype=np.uint8).reshape(height, row).copy()
    for place, kind in enumerate(raw[:, 0]):  # a row as it is, or as its difference from the last
        assert kind in {0, 2}
        if kind == 2:
            raw[place, 1:] += raw[place - 1, 1:]
    bits = np.unpackbits(raw[:, 1:], axis=1)[:, :width]
    return (bits * 255).astype(np.uint8)


def test_the_code_holds_the_required_fields_first_and_in_order() -> None:
    text = payment_text(
        OURS, amount=55000, more={"PersAcc": "1001234", "Purpose": "Оплата услуг связи"}
    )
    assert text == (
        "ST00012|Name=ООО «Провайдер»|PersonalAcc=40702810938000000001|BankName=ПАО СБЕРБАНК"
        "|BIC=044525225|CorrespAcc=30101810400000000225|Sum=55000|Purpose=Оплата услуг связи"
        "|PayeeINN=7701234567|KPP=770101001|PersAcc=1001234"
    )


def test_a_reader_of_codes_reads_the_same_bytes_back() -> None:
    text = payment_text(OURS, amount=1, more={"LastName": "Ёлкина", "PersAcc": "00020417"})
    (found,) = read(code_png(text))
    assert found.format == zxingcpp.BarcodeFormat.QRCode
    assert bytes(found.bytes) == text.encode()


def test_the_picture_for_a_page_has_no_style_of_its_own() -> None:
    svg = code_svg(payment_text(OURS))
    assert svg.startswith("<svg")
    assert "style=" not in svg
    assert "<script" not in svg


@pytest.mark.parametrize("value", ["а|б", "а\nб", "а\x00б"])
def test_a_separator_in_a_value_is_refused(value: str) -> None:
    with pytest.raises(Malformed) as wrong:
        payment_text(OURS, more={"Purpose": value})
    assert wrong.value.field == "Purpose"


def test_requisites_that_cannot_be_paid_are_named() -> None:
    with pytest.raises(Malformed) as wrong:
        payment_text(replace(OURS, bic="", account=""), amount=0, more={"Colour": "red"})
    assert {error.field for error in wrong.value.errors} == {"BIC", "PersonalAcc", "Sum", "Colour"}


def test_a_purpose_too_long_is_refused_and_not_cut() -> None:
    with pytest.raises(Malformed):
        payment_text(OURS, more={"Purpose": "ж" * 211})


@pytest.mark.parametrize(
    ("amount", "russian"),
    [
        (0, "Ноль рублей 00 копеек"),
        (1, "Ноль рублей 01 копейка"),
        (100, "Один рубль 00 копеек"),
        (2100, "Двадцать один рубль 00 копеек"),
        (56050, "Пятьсот шестьдесят рублей 50 копеек"),
        (200202, "Две тысячи два рубля 02 копейки"),
        (-1100, "Минус одиннадцать рублей 00 копеек"),
        (10**12 + 23, "Десять миллиардов рублей 23 копейки"),
    ],
)
def test_amounts_are_said_in_words(amount: int, russian: str) -> None:
    assert amount_in_words(amount, "ru") == russian


def test_a_currency_without_words_is_named_by_its_code() -> None:
    assert amount_in_words(2150, "ru", Currency("AMD", 2)) == "Двадцать один 50/100 AMD"
    assert amount_in_words(2150, "en", Currency("JPY", 0)).endswith("JPY")
