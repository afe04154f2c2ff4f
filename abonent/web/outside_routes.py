"""The addresses of payments from outside: what terminals and processors call, what the office opens."""

from __future__ import annotations

from abonent.web.access import PUBLIC, PageRoute
from abonent.web.outside import cards, terminals

# Nobody signs in here: `web.outside.guard` checks each call by its agreement.
CALLED = (
    PageRoute(
        "/pay/osmp/{agreement:str}",
        terminals.answer_terminal,
        right=PUBLIC,
        methods=("GET", "POST"),
    ),
    PageRoute("/pay/card/{agreement:str}", cards.hear_processor, right=PUBLIC, methods=("POST",)),
)
OUTSIDE_ROUTES = (*CALLED,)
