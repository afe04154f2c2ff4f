"""The addresses of claims."""

from __future__ import annotations

from abonent.crm.rules.claims import REPORT, VIEW, WORK
from abonent.web.access import PageRoute
from abonent.web.pages.claims import DIALOGS, filing, report, seen

_ONE = "/claims/{claim:int}"

CLAIM_ROUTES = (
    PageRoute("/claims/report", report.show_report, right=REPORT),
    *(route for dialog in DIALOGS for route in dialog.routes),
    PageRoute(_ONE, seen.show_claim, right=VIEW),
    PageRoute(f"{_ONE}/investigate", seen.investigate, right=WORK, methods=("POST",)),
    PageRoute(f"{_ONE}/files/{{file:int}}", filing.show_file, right=VIEW),
    PageRoute(f"{_ONE}/answers/{{answer:int}}.pdf", seen.print_answer, right=VIEW),
    PageRoute(f"{_ONE}/file.pdf", seen.print_file, right=VIEW),
    PageRoute("/accounts/{number:str}/claims", seen.show_of_account, right=VIEW),
)
