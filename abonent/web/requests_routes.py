"""The addresses of requests."""

from __future__ import annotations

from abonent.web.access import PUBLIC, PageRoute
from abonent.web.pages import chats
from abonent.web.pages.chats import widget
from abonent.web.pages.requests import DIALOGS, filing, morning, report, seen
from abonent.web.pages.settings import hours

_ONE = "/requests/{request:int}"
_SEE, _WORK = "crm.request.view", "crm.request.work"
_POST = ("POST",)

REQUEST_ROUTES = (
    PageRoute("/requests/report", report.show_report, right="crm.request.report"),
    *(route for dialog in DIALOGS for route in dialog.routes),
    PageRoute(_ONE, seen.show_request, right=_SEE),
    PageRoute(f"{_ONE}/files/{{file:int}}", filing.hand_out, right=_SEE),
    PageRoute(f"{_ONE}/take", seen.take, right=_WORK, methods=_POST),
    PageRoute(f"{_ONE}/resume", seen.resume, right=_WORK, methods=_POST),
    PageRoute("/chats", chats.show_chats, right=_WORK),
    PageRoute("/chats/list", chats.show_list, right=_WORK),
    PageRoute("/chats/site", widget.show_site, right="crm.morning.view"),
    PageRoute("/chats/{request:int}/said", chats.show_said, right=_WORK),
    PageRoute("/chats/{request:int}/say", chats.say, right=_WORK, methods=_POST),
    PageRoute("/chat.js", widget.serve, right=PUBLIC),
    PageRoute("/morning", morning.show_morning, right="crm.morning.view"),
    *morning.RECEIVERS.routes,
    PageRoute("/hours", hours.show_hours, right="crm.hours.edit"),
    *hours.SET.routes,
    PageRoute("/accounts/{number:str}/requests", seen.show_of_account, right=_SEE),
)
