"""Every address of the product with the right its caller must hold."""

from __future__ import annotations

from starlette.routing import BaseRoute

from abonent.web.access import PUBLIC, SIGNED_IN, PageRoute
from abonent.web.account_routes import ACCOUNT_ROUTES
from abonent.web.campaign_routes import CAMPAIGN_ROUTES
from abonent.web.cash_routes import CASH_ROUTES
from abonent.web.claims_routes import CLAIM_ROUTES
from abonent.web.companies_routes import COMPANY_ROUTES
from abonent.web.conversation_routes import CONVERSATION_ROUTES
from abonent.web.health import alive, metrics, ready
from abonent.web.knowledge_routes import KNOWLEDGE_ROUTES
from abonent.web.messages_routes import MESSAGE_ROUTES
from abonent.web.outside_routes import OUTSIDE_ROUTES
from abonent.web.pages import day, finding, helping, profile, signing, start, turnover
from abonent.web.people_routes import PEOPLE_ROUTES
from abonent.web.portal.routes import PORTAL_ROUTES
from abonent.web.queue_routes import QUEUE_ROUTES
from abonent.web.registers.declared import REGISTERS
from abonent.web.registers.pages import register_routes
from abonent.web.registers.task_pages import TASK_ROUTES
from abonent.web.requests_routes import REQUEST_ROUTES
from abonent.web.script_routes import SCRIPT_ROUTES
from abonent.web.settings_routes import SETTINGS_ROUTES
from abonent.web.staff_routes import STAFF_ROUTES
from abonent.web.surveys_routes import SURVEY_ROUTES

ROUTES: tuple[BaseRoute, ...] = (
    PageRoute("/healthz", alive, right=PUBLIC),
    PageRoute("/readyz", ready, right=PUBLIC),
    PageRoute("/metrics", metrics, right=PUBLIC),
    PageRoute("/sign-in", signing.show_sign_in, right=PUBLIC, name="sign-in"),
    PageRoute("/sign-in", signing.sign_in, right=PUBLIC, methods=("POST",)),
    PageRoute("/sign-out", signing.sign_out, right=SIGNED_IN, methods=("POST",)),
    PageRoute("/display", signing.change_display, right=PUBLIC, methods=("POST",)),
    PageRoute("/", start.show_start, right="desk.open", name="start"),
    PageRoute("/find", finding.find, right="desk.open", name="find"),
    PageRoute("/day", day.show_day, right="billing.day.view", name="day"),
    PageRoute("/day/live", day.show_live, right="billing.day.view"),
    PageRoute("/day/stream", day.stream, right="billing.day.view"),
    PageRoute("/day/close", day.show_closing, right="billing.day.close"),
    PageRoute("/day/close", day.close_day, right="billing.day.close", methods=("POST",)),
    PageRoute("/day/close/outcome", day.show_outcome, right="billing.day.close"),
    PageRoute("/turnover", turnover.show_turnover, right="billing.report.view", name="turnover"),
    PageRoute("/turnover.csv", turnover.download_turnover, right="billing.report.view"),
    *ACCOUNT_ROUTES,
    *PEOPLE_ROUTES,
    *REQUEST_ROUTES,
    *CLAIM_ROUTES,
    *QUEUE_ROUTES,
    *CASH_ROUTES,
    *COMPANY_ROUTES,
    *OUTSIDE_ROUTES,
    *MESSAGE_ROUTES,
    *CAMPAIGN_ROUTES,
    *CONVERSATION_ROUTES,
    *SCRIPT_ROUTES,
    *SURVEY_ROUTES,
    *KNOWLEDGE_ROUTES,
    *PORTAL_ROUTES,
    *SETTINGS_ROUTES,
    *(route for register in REGISTERS.values() for route in register_routes(register)),
    *TASK_ROUTES,
    *STAFF_ROUTES,
    PageRoute("/help", helping.show_help, right=SIGNED_IN, name="help"),
    PageRoute("/help/keys", helping.show_keys, right=SIGNED_IN),
    PageRoute("/help/first-hour", helping.show_first_hour, right=SIGNED_IN),
    PageRoute("/profile", profile.show_profile, right=SIGNED_IN, name="profile"),
    PageRoute("/profile/keys", profile.change_keys, right=SIGNED_IN, methods=("POST",)),
    PageRoute("/profile/password", profile.change_password, right=SIGNED_IN, methods=("POST",)),
    PageRoute(
        "/profile/sessions/{session_id:int}/end",
        profile.end_session,
        right=SIGNED_IN,
        methods=("POST",),
    ),
)
