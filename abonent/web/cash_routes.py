"""The addresses of cash desks."""

from __future__ import annotations

from abonent.web.access import PUBLIC, PageRoute
from abonent.web.pages.cash import counting, desk, fiscal, provider, receipts, shifts

_WORK = "billing.shift.work"
_SHIFT = "/cash/shifts/{shift:int}"
_RECEIPT = "/cash/receipts/{desk:int}/{no:int}"

CASH_ROUTES = (
    PageRoute("/cash", desk.show_desk, right=_WORK, name="cash"),
    *shifts.OPEN.routes,
    PageRoute("/cash/day", desk.show_day, right=_WORK),
    PageRoute("/cash/day.pdf", desk.print_day, right=_WORK),
    PageRoute(_SHIFT, desk.show_shift, right=_WORK),
    PageRoute(f"{_SHIFT}/report.pdf", desk.print_shift, right=_WORK),
    PageRoute(f"{_SHIFT}/count", counting.show_count, right=_WORK),
    PageRoute(f"{_SHIFT}/count", counting.count, right=_WORK, methods=("POST",)),
    *shifts.MOVE.routes,
    *shifts.RESUME.routes,
    *shifts.CLOSE.routes,
    PageRoute(_RECEIPT, receipts.show_receipt, right="billing.payment.take"),
    PageRoute(f"{_RECEIPT}/receipt.pdf", receipts.print_receipt, right="billing.payment.take"),
    *receipts.VOID.routes,
    PageRoute("/provider", provider.show_provider, right="billing.desk.edit", name="provider"),
    *provider.ENTITY.routes,
    *provider.NEW_OFFICE.routes,
    *provider.OFFICE.routes,
    *provider.NEW_DESK.routes,
    *provider.DESK.routes,
    PageRoute("/hooks/fiscal", fiscal.take_word, right=PUBLIC, methods=("POST",)),
)
