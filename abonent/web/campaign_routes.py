"""The addresses of campaigns."""

from __future__ import annotations

from abonent.crm.rules.campaigns import EDIT, VIEW
from abonent.web.access import PageRoute
from abonent.web.pages.campaigns import acting, drafting, seen

CAMPAIGN_ROUTES = (
    *drafting.DRAFT.routes,
    PageRoute("/campaigns/{campaign:int}", seen.show_campaign, right=VIEW),
    *drafting.CHANGE.routes,
    PageRoute("/campaigns/{campaign:int}/count", acting.count, right=EDIT, methods=("POST",)),
    *acting.LAUNCHING.routes,
    *acting.PAUSE.routes,
    *acting.RESUME.routes,
    *acting.STOP.routes,
)
