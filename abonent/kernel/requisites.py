"""Requisites of a Russian organisation: tax numbers and bank accounts, checked digit by digit.

Every `check_x` answers the value without blanks and raises Malformed with the field, the value and
what is expected. INN and OGRN follow the tax service's check digits; the control key of an account
follows the Bank of Russia (order 515 of 8 September 1997).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stdnum.ru import inn as inn_number
from stdnum.ru import ogrn as ogrn_number

from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_

_KPP = re.compile(r"[0-9]{4}[0-9A-Z]{2}[0-9]{3}")
_BIC = re.compile(r"[0-9]{9}")
_ACCOUNT = re.compile(r"[0-9]{20}")
_WEIGHTS = (7, 1, 3)
_CASH_CENTRES = ("000", "001", "002")
"""Endings of BICs of the Bank of Russia's own offices, whose accounts are keyed as corr. ones."""

TAX_SYSTEMS = {
    "osn": N_("General"),
    "usn_income": N_("Simplified: income"),
    "usn_income_outcome": N_("Simplified: income less costs"),
    "esn": N_("Agricultural"),
    "patent": N_("Patent"),
}
"""Tax systems by their code on a fiscal receipt (54-FZ)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requisites:
    """What a payment order, an act or a receipt says of an organisation; empty where not known.

    `name` is the short name as it is printed; `full_name` the one of its charter.
    """

    name: str
    full_name: str = ""
    inn: str = ""
    kpp: str = ""
    ogrn: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    bank_name: str = ""
    bic: str = ""
    account: str = ""
    corr_account: str = ""
    tax_system: str = "osn"
    head_name: str = ""
    head_post: str = ""

    @property
    def can_be_paid(self) -> bool:
        """Tell whether money can be sent by these requisites."""
        return bool(self.name and self.bank_name and self.bic and self.account)


def check_inn(value: str, *, field: str = "inn") -> str:
    """Check an INN: 10 digits of a company, 12 of a person, with their check digits."""
    text = _squeezed(value)
    if not text.isascii() or not text.isdecimal() or len(text) not in (10, 12):
        wrong = N_("“{given}” is not an INN: 10 digits of a company or 12 of a person.")
        raise Malformed.of(field, value, wrong, given=value)
    if not inn_number.is_valid(text):
        wrong = N_("INN {given}: the check digit does not fit, look for a slip in it.")
        raise Malformed.of(field, value, wrong, given=value)
    return text


def check_kpp(value: str, *, field: str = "kpp") -> str:
    """Check a KPP: four digits of the tax office, two of the reason, three of the order."""
    text = _squeezed(value).upper()
    if not _KPP.fullmatch(text):
        wrong = N_("“{given}” is not a KPP: 9 digits are expected, such as 770101001.")
        raise Malformed.of(field, value, wrong, given=value)
    return text


def check_ogrn(value: str, *, field: str = "ogrn") -> str:
    """Check an OGRN (13 digits) or a sole trader's OGRNIP (15), with the check digit."""
    text = _squeezed(value)
    if not text.isascii() or not text.isdecimal() or len(text) not in (13, 15):
        wrong = N_("“{given}” is not an OGRN: 13 digits, or 15 of a sole trader.")
        raise Malformed.of(field, value, wrong, given=value)
    if not ogrn_number.is_valid(text):
        wrong = N_("OGRN {given}: the check digit does not fit, look for a slip in it.")
        raise Malformed.of(field, value, wrong, given=value)
    return text


def check_bic(value: str, *, field: str = "bic") -> str:
    """Check a BIC of a bank in Russia: 9 digits that begin with 0, 1 or 2."""
    text = _squeezed(value)
    if not _BIC.fullmatch(text) or text[0] not in "012":
        wrong = N_("“{given}” is not a BIC: 9 digits are expected, such as 044525225.")
        raise Malformed.of(field, value, wrong, given=value)
    return text


def check_account(value: str, *, bic: str, field: str = "account") -> str:
    """Check a bank account of 20 digits against its bank's BIC by the control key.

    Only the pair can be checked: a slip in either shows here.
    """
    text = _account_digits(value, field)
    prefix = _centre(bic) if bic[-3:] in _CASH_CENTRES else bic[-3:]
    if not _key_fits(prefix, text):
        wrong = N_("Account {given} does not fit BIC {bic}: there is a slip in one of them.")
        raise Malformed.of(field, value, wrong, given=value, bic=bic)
    return text


def check_corr_account(value: str, *, bic: str, field: str = "corr_account") -> str:
    """Check a bank's own account (301…) at the Bank of Russia against the bank's BIC."""
    text = _account_digits(value, field)
    if not text.startswith("301") or not _key_fits(_centre(bic), text):
        wrong = N_("Corr. account {given} does not fit BIC {bic}: there is a slip in one of them.")
        raise Malformed.of(field, value, wrong, given=value, bic=bic)
    return text


def check_requisites(given: Requisites) -> Requisites:
    """Check every requisite that is given; raises Malformed naming all that are wrong.

    Account and corr. account are checked against the BIC, so they need one.
    """
    found = dict.fromkeys(("inn", "kpp", "ogrn", "bic", "account", "corr_account"), "")
    wrong: list[FieldError] = []
    checks = {"inn": check_inn, "kpp": check_kpp, "ogrn": check_ogrn, "bic": check_bic}
    for name, check in checks.items():
        if value := getattr(given, name).strip():
            try:
                found[name] = check(value)
            except Malformed as error:
                wrong += error.errors
    wrong += _bank(given, found)
    wrong += _required(given)
    if wrong:
        raise Malformed(*wrong)
    texts = ("name", "full_name", "address", "phone", "email", "bank_name", "head_name")
    kept = {name: getattr(given, name).strip() for name in (*texts, "head_post")}
    return Requisites(**kept, **found, tax_system=given.tax_system)


def _bank(given: Requisites, found: dict[str, str]) -> list[FieldError]:
    """Check the accounts beside the bank's BIC, and keep them in `found`."""
    wrong: list[FieldError] = []
    checks = {"account": check_account, "corr_account": check_corr_account}
    for name, check in checks.items():
        value = getattr(given, name).strip()
        if not value:
            continue
        if not given.bic.strip():
            wrong.append(FieldError("bic", "", N_("Give the bank's BIC: an account needs it.")))
        elif found["bic"]:
            try:
                found[name] = check(value, bic=found["bic"])
            except Malformed as error:
                wrong += error.errors
    return wrong


def _required(given: Requisites) -> list[FieldError]:
    wrong = []
    if not given.name.strip():
        wrong.append(FieldError("name", given.name, N_("Fill this in.")))
    if given.tax_system not in TAX_SYSTEMS:
        wrong.append(FieldError("tax_system", given.tax_system, N_("Choose one of those offered.")))
    return wrong


def _account_digits(value: str, field: str) -> str:
    text = _squeezed(value)
    if not _ACCOUNT.fullmatch(text):
        wrong = N_("“{given}” is not a bank account: 20 digits are expected.")
        raise Malformed.of(field, value, wrong, given=value)
    return text


def _centre(bic: str) -> str:
    """The conditional number of the Bank of Russia's office behind a BIC."""
    return "0" + bic[4:6]


def _key_fits(prefix: str, account: str) -> bool:
    digits = prefix + account
    weights = (_WEIGHTS[place % 3] for place in range(len(digits)))
    return sum(int(d) * w % 10 for d, w in zip(digits, weights, strict=True)) % 10 == 0


def _squeezed(value: str) -> str:
    return re.sub(r"[\s\u00a0\u202f-]", "", value)
