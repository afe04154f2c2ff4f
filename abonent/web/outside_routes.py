"""The addresses of payments from outside: what terminals and processors call, what the office opens."""

from __future__ import annotations

from abonent.web.access import PUBLIC, PageRoute
from abonent.web.outside import cards, terminals
from abonent.web.pages.outside import agreements, balance, files, imports, unmatched

_SETTLE = "billing.payment.settle"
_TAKE = "billing.outside.take"
_POST = ("POST",)
_FILE = "/outside/files/{file:int}"
_PARKED = "/parked/{payment:int}"

# Nobody signs in here: `web.outside.guard` checks each call by its agreement.
CALLED = (
    PageRoute(
        "/pay/osmp/{agreement:str}",
        terminals.answer_terminal,
        right=PUBLIC,
        methods=("GET", "POST"),
    ),
    PageRoute("/pay/card/{agreement:str}", cards.hear_processor, right=PUBLIC, methods=_POST),
)
OUTSIDE_ROUTES = (
    *CALLED,
    PageRoute("/outside", balance.show_balance, right=_SETTLE, name="outside"),
    PageRoute(
        "/outside/days/{agreement:str}/{day:str}", balance.show_balance_of_day, right=_SETTLE
    ),
    PageRoute("/outside/files", imports.show_all, right=_SETTLE),
    *files.NEW_FILE.routes,
    PageRoute(_FILE, files.show_file, right=_SETTLE),
    PageRoute(f"{_FILE}/live", files.show_live, right=_SETTLE),
    PageRoute(f"{_FILE}/take", files.take, right=_TAKE, methods=_POST),
    PageRoute(f"{_FILE}/drop", files.drop, right=_TAKE, methods=_POST),
    *(route for dialog in agreements.DIALOGS for route in dialog.routes),
    PageRoute("/outside/agreement/{agreement:str}", agreements.show_agreement, right=_SETTLE),
    PageRoute("/imports/{number:int}", imports.show_import, right=_SETTLE),
    PageRoute("/imports/{number:int}/troubles.csv", imports.download_troubles, right=_SETTLE),
    PageRoute(_PARKED, unmatched.show_unmatched, right=_SETTLE),
    PageRoute(_PARKED, unmatched.settle, right=_SETTLE, methods=_POST),
    PageRoute(f"{_PARKED}/void", unmatched.void, right="billing.payment.reverse", methods=_POST),
    PageRoute(f"{_PARKED}/again", unmatched.take_up, right=_SETTLE, methods=_POST),
    PageRoute(f"{_PARKED}/forget", unmatched.forget, right=_SETTLE, methods=_POST),
    *(
        route
        for dialog in (unmatched.RETURN, unmatched.CLOSE, unmatched.ASIDE)
        for route in dialog.routes
    ),
)
