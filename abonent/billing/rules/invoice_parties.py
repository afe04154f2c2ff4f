"""The two parties of a document: what must be known of them before it is issued."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.requisites import (
    Requisites,
    check_account,
    check_bic,
    check_corr_account,
    check_inn,
    check_kpp,
)

MISSING = {
    "seller.inn": N_("our INN"),
    "seller.kpp": N_("our KPP"),
    "seller.bank_name": N_("our bank"),
    "seller.bic": N_("our BIC"),
    "seller.account": N_("our account"),
    "seller.corr_account": N_("our corr. account"),
    "seller.head_name": N_("who signs for us"),
    "buyer.inn": N_("INN"),
    "buyer.kpp": N_("KPP"),
    "buyer.bic": N_("BIC"),
    "buyer.account": N_("bank account"),
    "buyer.signatory": N_("signatory"),
}
"""Details that keep a document from being issued, missing or wrong, in words."""

_COMPANY_INN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """The company a document is for, as it stands on the day of issue."""

    name: str
    inn: str = ""
    kpp: str = ""
    ogrn: str = ""
    address: str = ""
    bic: str = ""
    account: str = ""
    signatory: str = ""
    signs_by: str = ""
    contract: str = ""
    signed_on: date | None = None


def missing_details(seller: Requisites, buyer: Buyer) -> tuple[str, ...]:
    """Name every detail that is missing or does not fit its check digits, as codes of MISSING.

    A bank of the buyer is not needed, but one that is given has to be right. A KPP is a company's: a
    sole trader, whose INN has 12 digits, has none.
    """
    tests: dict[str, Callable[[], object]] = {
        "seller.inn": lambda: check_inn(seller.inn),
        "seller.kpp": lambda: _kpp(seller.inn, seller.kpp),
        "seller.bank_name": lambda: _given(seller.bank_name),
        "seller.bic": lambda: check_bic(seller.bic),
        "seller.account": lambda: _account(seller.account, seller.bic),
        "seller.corr_account": lambda: _corr_account(seller.corr_account, seller.bic),
        "seller.head_name": lambda: _given(seller.head_name),
        "buyer.inn": lambda: check_inn(buyer.inn),
        "buyer.kpp": lambda: _kpp(buyer.inn, buyer.kpp),
        "buyer.bic": lambda: (buyer.bic or buyer.account) and check_bic(buyer.bic),
        "buyer.account": lambda: buyer.account and _account(buyer.account, buyer.bic),
        "buyer.signatory": lambda: _given(buyer.signatory),
    }
    return tuple(code for code, test in tests.items() if _fails(test))


def _fails(test: Callable[[], object]) -> bool:
    try:
        test()
    except Malformed:
        return True
    return False


def _given(text: str) -> None:
    if not text.strip():
        raise Malformed.of("text", text, N_("Fill this in."))


def _kpp(inn: str, kpp: str) -> None:
    if kpp or len(inn) == _COMPANY_INN:
        check_kpp(kpp)


def _account(account: str, bic: str) -> str:
    return check_account(account, bic=check_bic(bic))


def _corr_account(corr_account: str, bic: str) -> None:
    """An account at the Bank of Russia itself has no corr. account."""
    if corr_account:
        check_corr_account(corr_account, bic=check_bic(bic))
