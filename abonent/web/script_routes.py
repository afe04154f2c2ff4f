"""The addresses of scripts and of pictures of workflows."""

from __future__ import annotations

from starlette.routing import BaseRoute

from abonent.web.access import SIGNED_IN, PageRoute
from abonent.web.pages import workflows
from abonent.web.pages.scripts import drafting, editing, ending, making, playing, results

_PLAY, _SEE, _EDIT = "crm.script.play", "crm.script.view", "crm.script.edit"
_POST = ("POST",)
_ACCOUNT, _RUN, _ONE = (
    "/accounts/{number:str}/scripts",
    "/script-runs/{run:int}",
    "/scripts/{slug:str}",
)

SCRIPT_ROUTES: tuple[BaseRoute, ...] = (
    PageRoute(_ACCOUNT, playing.list_for_account, right=_PLAY),
    PageRoute(f"{_ACCOUNT}/{{slug:str}}", playing.begin_about, right=_PLAY, methods=_POST),
    PageRoute(_RUN, playing.show_run, right=_PLAY),
    PageRoute(f"{_RUN}/answer", playing.answer, right=_PLAY, methods=_POST),
    PageRoute(f"{_RUN}/note", playing.keep_note, right=_PLAY, methods=_POST),
    PageRoute(f"{_RUN}/objections", playing.list_objections, right=_PLAY),
    PageRoute(f"{_RUN}/objections", playing.choose_objection, right=_PLAY, methods=_POST),
    *playing.END.routes,
    PageRoute("/scripts", results.list_scripts, right=_PLAY),
    PageRoute("/objections", results.show_objections, right=_PLAY),
    *making.MAKE.routes,
    PageRoute(_ONE, results.show_script, right=_PLAY),
    PageRoute(f"{_ONE}/play", playing.begin, right=_PLAY, methods=_POST),
    PageRoute(f"{_ONE}/results", results.show_results, right=_SEE),
    PageRoute(f"{_ONE}/draft", editing.show_draft, right=_EDIT),
    PageRoute(f"{_ONE}/draft", editing.begin, right=_EDIT, methods=_POST),
    PageRoute(f"{_ONE}/draft/try", editing.try_draft, right=_EDIT),
    PageRoute(f"{_ONE}/draft/steps/{{step:str}}", editing.show_step, right=_EDIT),
    PageRoute(f"{_ONE}/draft/steps/{{step:str}}", editing.change_step, right=_EDIT, methods=_POST),
    PageRoute("/workflows", workflows.list_workflows, right=SIGNED_IN),
    PageRoute("/workflows/{workflow:str}", workflows.show_workflow, right=SIGNED_IN),
    *making.WITHDRAW.routes,
    *making.RESTORE.routes,
    *(route for dialog in drafting.DRAFT_DIALOGS for route in dialog.routes),
    *(route for dialog in ending.END_DIALOGS for route in dialog.routes),
)
