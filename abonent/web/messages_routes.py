"""The addresses of messages: the register's pages, the card's tab, templates, what gateways call."""

from __future__ import annotations

from abonent.web.access import PUBLIC, PageRoute
from abonent.web.outside import messages as hooks
from abonent.web.pages.messages import card, message, notices, wording

_VIEW = "crm.message.view"

# Nobody signs in here: the key in the address is known to the gateway alone.
CALLED = (
    PageRoute(
        "/hooks/sms/{key:str}/{gateway:str}/{what:str}",
        hooks.hear,
        right=PUBLIC,
        methods=("GET", "POST"),
    ),
)
MESSAGE_ROUTES = (
    *CALLED,
    PageRoute("/accounts/{number:str}/messages", card.show_messages, right=_VIEW),
    *card.WRITING.routes,
    *card.HOLD.routes,
    *card.LIFT.routes,
    PageRoute("/messages/templates", wording.show_templates, right=_VIEW),
    *wording.MEASURE.routes,
    *notices.SETTING.routes,
    *notices.AHEAD.routes,
    *wording.WORDING.routes,
    PageRoute("/messages/{account:int}/{message:int}", message.show_message, right=_VIEW),
)
