"""The addresses on which the provider sets what it sells and allows."""

from __future__ import annotations

from abonent.web.access import PageRoute
from abonent.web.pages.settings import analysis, calendar, legal, offers, policy, tariffs

_VIEW = "billing.tariff.view"
_REPORT = "billing.report.view"
_TARIFF = "/tariffs/{tariff:int}"
_RULE = "/legal/rules/{key:str}/{since:str}"

SETTINGS_ROUTES = (
    PageRoute("/tariffs/analysis", analysis.show_analysis, right=_REPORT, name="tariff-analysis"),
    PageRoute("/tariffs/analysis.xlsx", analysis.download_analysis, right=_REPORT),
    PageRoute(_TARIFF, tariffs.show_tariff, right=_VIEW),
    *tariffs.NEW_TARIFF.routes,
    *tariffs.PRICE.routes,
    *tariffs.DESCRIBE.routes,
    *tariffs.ARCHIVE.routes,
    *tariffs.REOPEN.routes,
    *offers.NEW_OFFER.routes,
    *offers.OFFER.routes,
    PageRoute("/policy", policy.show_policy, right=_VIEW, name="policy"),
    *policy.POLICY.routes,
    *policy.RATE.routes,
    PageRoute("/calendar", calendar.show_calendar, right=_VIEW, name="calendar"),
    *calendar.YEAR.routes,
    *calendar.DAY.routes,
    PageRoute(_RULE, legal.show_rule, right="kernel.legal.view"),
    *legal.CHECK.routes,
    *legal.EDITION.routes,
)
