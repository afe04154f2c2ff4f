"""Amounts in words, as receipts, acts and letters say them."""

from __future__ import annotations

from decimal import Decimal

from num2words import num2words

from abonent.kernel.money import Currency, installed_currency

_SPOKEN = {"ru": {"RUB", "EUR", "USD", "KZT", "BYN"}, "en": {"RUB", "EUR", "USD", "BYN"}}
"""Currencies whose names and endings the library says rightly."""


def amount_in_words(amount: int, language: str, currency: Currency | None = None) -> str:
    """Say minor units: 56050 is "Пятьсот шестьдесят рублей 50 копеек".

    The fraction stays in digits, as in Russian documents. A currency without words of its own is
    named by its code.
    """
    currency = currency or installed_currency()
    whole, fraction = divmod(abs(amount), 10**currency.digits)
    if currency.digits == 2 and currency.code in _SPOKEN[language]:
        # A Decimal, because an int is taken for the minor unit.
        exact = Decimal(abs(amount)).scaleb(-2)
        said: str = num2words(
            exact, to="currency", lang=language, currency=currency.code, cents=False, separator=""
        )
    else:
        tail = f" {fraction:0{currency.digits}}/{10**currency.digits}" if currency.digits else ""
        said = f"{num2words(whole, lang=language)}{tail} {currency.code}"
    if amount < 0:
        said = f"{'минус' if language == 'ru' else 'minus'} {said}"
    return said[:1].upper() + said[1:]
