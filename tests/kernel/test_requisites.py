from __future__ import annotations

import pytest

from abonent.kernel.errors import Malformed
from abonent.kernel.requisites import (
    Requisites,
    check_account,
    check_bic,
    check_corr_account,
    check_inn,
    check_kpp,
    check_ogrn,
    check_requisites,
)

# Published by the bank itself.
SBERBANK = {
    "inn": "7707083893",
    "kpp": "773601001",
    "ogrn": "1027700132195",
    "bic": "044525225",
    "corr_account": "30101810400000000225",
}


def test_requisites_of_a_real_bank_pass_and_lose_their_blanks() -> None:
    spaced = SBERBANK | {"inn": " 7707 083 893 ", "bic": "044525225"}
    checked = check_requisites(Requisites(name=" ПАО Сбербанк ", **spaced))
    assert (checked.inn, checked.name) == ("7707083893", "ПАО Сбербанк")
    assert checked.corr_account == SBERBANK["corr_account"]


@pytest.mark.parametrize("place", range(10))
def test_one_wrong_digit_of_an_inn_is_noticed(place: int) -> None:
    digit = str((int(SBERBANK["inn"][place]) + 1) % 10)
    with pytest.raises(Malformed) as wrong:
        check_inn(SBERBANK["inn"][:place] + digit + SBERBANK["inn"][place + 1 :])
    assert wrong.value.field == "inn"
    assert "INN" in wrong.value.errors[0].text("en")


@pytest.mark.parametrize("inn", ["", "770708389", "77070838930", "770708389x", "٧٧٠٧٠٨٣٨٩٣"])
def test_what_has_not_the_shape_of_an_inn_is_told_so(inn: str) -> None:
    with pytest.raises(Malformed, match="MALFORMED") as wrong:
        check_inn(inn, field="tax_id")
    assert wrong.value.field == "tax_id"
    assert "10 digits" in wrong.value.errors[0].text("en")


def test_a_persons_inn_has_twelve_digits() -> None:
    assert check_inn("500100732259") == "500100732259"
    with pytest.raises(Malformed):
        check_inn("500100732258")


def test_a_kpp_may_hold_letters_in_its_reason() -> None:
    assert check_kpp("7701ab001") == "7701AB001"
    with pytest.raises(Malformed):
        check_kpp("77010100")


def test_an_ogrn_is_checked_for_companies_and_sole_traders() -> None:
    assert check_ogrn(SBERBANK["ogrn"]) == SBERBANK["ogrn"]
    assert check_ogrn("304500116000157") == "304500116000157"
    for wrong in ("1027700132194", "304500116000158", "10277001321"):
        with pytest.raises(Malformed):
            check_ogrn(wrong)


def test_a_bic_has_nine_digits_and_a_country_it_can_have() -> None:
    assert check_bic("044525225") == "044525225"
    for wrong in ("04452522", "944525225", "04452522x"):
        with pytest.raises(Malformed):
            check_bic(wrong)


@pytest.mark.parametrize("place", range(20))
def test_a_slip_in_an_account_does_not_fit_the_bic(place: int) -> None:
    account = "40702810938000000001"
    assert check_account(account, bic="044525225") == account
    slipped = account[:place] + str((int(account[place]) + 1) % 10) + account[place + 1 :]
    with pytest.raises(Malformed, match="MALFORMED") as wrong:
        check_account(slipped, bic="044525225")
    assert "044525225" in wrong.value.errors[0].text("en")


def test_a_corr_account_fits_its_bank_alone() -> None:
    account = SBERBANK["corr_account"]
    assert check_corr_account(account, bic="044525225") == account
    with pytest.raises(Malformed):
        check_corr_account(account, bic="042202603")


def test_every_wrong_requisite_is_named_at_once() -> None:
    with pytest.raises(Malformed) as wrong:
        check_requisites(Requisites(name="", inn="1", bic="2", account="3", tax_system="envd"))
    assert [e.field for e in wrong.value.errors] == ["inn", "bic", "name", "tax_system"]


def test_an_account_without_a_bic_asks_for_the_bic() -> None:
    with pytest.raises(Malformed) as wrong:
        check_requisites(Requisites(name="Сеть", account="40702810938000000001"))
    assert wrong.value.field == "bic"
