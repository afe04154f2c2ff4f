"""The payment code of Russian banks: ST00012 (GOST R 56042-2014), as text and as a picture.

Required come first and in order: Name, PersonalAcc, BankName, BIC, CorrespAcc. A value may not hold
the separator. The text is UTF-8 and the sum is in kopecks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO

import segno

from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.requisites import Requisites

HEADER = "ST00012"
"""The format's name, its version and 2 for UTF-8."""

SEPARATOR = "|"
LONGEST = {"Name": 160, "BankName": 45, "Purpose": 210, "PersAcc": 30}
MOST_BYTES = 2331
"""What the largest code of the error correction M holds."""

KNOWN = (
    "Sum", "Purpose", "PayeeINN", "PayerINN", "KPP", "LastName", "FirstName", "MiddleName",
    "PayerAddress", "PersAcc", "FlatNum", "Phone", "PaymPeriod", "Category", "ServiceName",
    "DocNo", "DocDate", "Contract", "OKTMO", "CBC", "UIN", "TechCode",
)  # fmt: skip
"""Further fields, in the order they are written."""
_SIZE = re.compile(r'width="(\d+)" height="(\d+)"')


def payment_text(
    payee: Requisites, *, amount: int | None = None, more: Mapping[str, str] | None = None
) -> str:
    """Write the text of the code: who is paid, how much (minor units), and further fields.

    Empty fields are left out. Raises Malformed for a separator or a line break in a value, a field
    the format does not know, a value too long, requisites that cannot be paid, a sum not above 0.
    """
    fields = {
        "Name": payee.name,
        "PersonalAcc": payee.account,
        "BankName": payee.bank_name[: LONGEST["BankName"]],
        "BIC": payee.bic,
        "CorrespAcc": payee.corr_account or "0",
    }
    wrong = [
        FieldError(name, value, N_("The payment code needs {name}."), {"name": name})
        for name, value in fields.items()
        if not value
    ]
    given = {"PayeeINN": payee.inn, "KPP": payee.kpp, **(more or {})}
    if amount is not None:
        given["Sum"] = str(amount)
        if amount <= 0:
            wrong.append(FieldError("Sum", amount, N_("An amount is larger than zero.")))
    unknown = given.keys() - set(KNOWN)
    wrong += [
        FieldError(name, given[name], N_("The payment code has no field {name}."), {"name": name})
        for name in sorted(unknown)
    ]
    fields |= {name: given[name] for name in KNOWN if given.get(name)}
    wrong += [error for name, value in fields.items() if (error := _wrong(name, value))]
    if wrong:
        raise Malformed(*wrong)
    text = SEPARATOR.join([HEADER, *(f"{name}={value}" for name, value in fields.items())])
    if len(text.encode()) > MOST_BYTES:
        raise Malformed.of("Purpose", text, N_("So much does not fit into a payment code."))
    return text


def _wrong(name: str, value: str) -> FieldError | None:
    if SEPARATOR in value or not value.isprintable():
        message = N_("{name} may hold neither “|” nor a line break: “{given}”.")
        return FieldError(name, value, message, {"name": name, "given": value})
    if len(value) > LONGEST.get(name, 255):
        message = N_("{name} is too long: {length} characters; at most {longest} fit here.")
        limits = {"name": name, "length": len(value), "longest": LONGEST.get(name, 255)}
        return FieldError(name, value, message, limits)
    return None


def code_svg(text: str, *, scale: int = 3) -> str:
    """Draw a code as SVG, for a page or a printed document; attributes only, no style."""
    drawn = BytesIO()
    _code(text).save(drawn, kind="svg", scale=scale, border=4, xmldecl=False, light="#fff")
    # With a view box it can be shown at any size, not only at its own.
    return _SIZE.sub(r'\g<0> viewBox="0 0 \1 \2"', drawn.getvalue().decode(), count=1)


def code_png(text: str, *, scale: int = 6) -> bytes:
    """Draw a code as PNG, for a receipt printer or a message."""
    drawn = BytesIO()
    _code(text).save(drawn, kind="png", scale=scale, border=4)
    return drawn.getvalue()


def _code(text: str) -> segno.QRCode:
    # No ECI mark: some bank applications do not read a code that has one.
    return segno.make_qr(text.encode(), error="m", boost_error=False)
