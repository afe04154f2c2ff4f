"""The addresses of the loyalty survey."""

from __future__ import annotations

from abonent.crm.rules.surveys import VIEW
from abonent.web.access import PageRoute
from abonent.web.pages.surveys import report, seen, trying
from abonent.web.pages.surveys.settings import SETTINGS

SURVEY_ROUTES = (
    PageRoute("/surveys/report", report.show_report, right=VIEW),
    *SETTINGS.routes,
    PageRoute(trying.PATH, trying.try_survey, right=VIEW),
    PageRoute("/surveys/{survey:int}", seen.show_survey, right=VIEW),
)
