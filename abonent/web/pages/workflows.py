"""Workflows drawn from their tables: the states of a matter, who moves it, what must be said."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.rules.campaigns import CAMPAIGN
from abonent.crm.rules.claims import CLAIM
from abonent.crm.rules.quality import APPEAL
from abonent.crm.rules.queue import QUEUE
from abonent.crm.rules.requests import REQUEST
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_, _
from abonent.kernel.workflow import Workflow
from abonent.web.diagrams import Diagram, Edge, Node, diagram
from abonent.web.render import page
from abonent.web.rights import name_of_right

WORKFLOWS: dict[str, Workflow] = {
    one.code: one for one in (REQUEST, CLAIM, QUEUE, APPEAL, CAMPAIGN)
}


async def list_workflows(request: Request) -> Response:
    """Show which workflows there are."""
    return page(request, "workflows.html", {"workflows": WORKFLOWS})


async def show_workflow(request: Request) -> Response:
    """Show a workflow: its picture and the table it is drawn from. Raises NotFound."""
    code = request.path_params["workflow"]
    if code not in WORKFLOWS:
        raise NotFound("NO_SUCH_WORKFLOW", N_("There is no workflow “{value}”."), value=code)
    workflow = WORKFLOWS[code]
    context = {
        "workflow": workflow,
        "drawn": picture_of(workflow),
        "name_of_right": name_of_right,
    }
    return page(request, "workflow.html", context)


def picture_of(workflow: Workflow) -> Diagram:
    """The states as boxes, a line for each pair of states that a move joins."""
    nodes = [
        Node(state.code, _(state.label), "begin" if state.code == workflow.begin else state.tone)
        for state in workflow.states
    ]
    edges = [Edge(source, move.target) for move in workflow.moves for source in move.sources]
    return diagram(nodes, edges, begin=workflow.begin)
