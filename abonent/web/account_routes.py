"""The addresses of subscribers and their accounts."""

from __future__ import annotations

from abonent.web.access import PageRoute
from abonent.web.pages import accounts, changing, freezing, paying, promising
from abonent.web.pages.money import MONEY_DIALOGS

_ONE = "/accounts/{number:str}"
_SEE = "billing.account.view"
_POST = ("POST",)

ACCOUNT_ROUTES = (
    PageRoute(_ONE, accounts.show_account, right=_SEE, name="account"),
    PageRoute(f"{_ONE}/money", accounts.show_money, right=_SEE),
    PageRoute(f"{_ONE}/entries/{{no:int}}", accounts.show_entry, right=_SEE),
    PageRoute(f"{_ONE}/past", accounts.show_past, right=_SEE),
    PageRoute(f"{_ONE}/payment", paying.show_payment, right="billing.payment.take"),
    PageRoute(f"{_ONE}/payment", paying.pay, right="billing.payment.take", methods=_POST),
    PageRoute(f"{_ONE}/promise", promising.show_promise, right="billing.promise.give"),
    PageRoute(f"{_ONE}/promise", promising.promise, right="billing.promise.give", methods=_POST),
    PageRoute(f"{_ONE}/tariff", changing.show_tariff, right="billing.tariff.change"),
    PageRoute(f"{_ONE}/tariff", changing.change, right="billing.tariff.change", methods=_POST),
    *freezing.FREEZE.routes,
    *freezing.FREEZE_END.routes,
    *(route for dialog in MONEY_DIALOGS for route in dialog.routes),
)
