"""Pictures of what leads where: everything is drawn, nothing stands over anything else."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from itertools import combinations
from typing import Any

import httpx
import pytest

from abonent.kernel.content import load_content
from abonent.kernel.scripts import Script
from abonent.web.diagrams import HEIGHT, WIDTH, Diagram, Edge, Node, diagram
from abonent.web.pages.scripts.results import picture_of
from abonent.web.pages.workflows import WORKFLOWS
from abonent.web.pages.workflows import picture_of as picture_of_workflow

Enter = Callable[..., Awaitable[httpx.AsyncClient]]


def _whole(drawn: Diagram, boxes: int) -> None:
    assert len(drawn.boxes) == boxes
    for one, other in combinations(drawn.boxes, 2):
        assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT
    for box in drawn.boxes:
        assert 0 < box.x <= drawn.width - WIDTH
        assert 0 < box.y <= drawn.height - HEIGHT
    for line in drawn.lines:
        assert all(int(number) <= max(drawn.width, drawn.height) for number in _numbers(line.path))


def _numbers(path: str) -> list[str]:
    return re.findall(r"-?\d+", path)


@pytest.mark.parametrize("slug", ["advance-payment", "raise-arpu", "inbound-prospect"])
def test_every_step_and_end_of_a_script_has_its_box(slug: str) -> None:
    script = load_content("scripts", Script, language="ru")[slug].value
    _whole(picture_of(script), len(script.step) + len(script.outcome))


def test_every_state_of_a_workflow_has_its_box() -> None:
    for workflow in WORKFLOWS.values():
        _whole(picture_of_workflow(workflow), len(workflow.states))


def test_a_box_stands_below_those_that_lead_to_it_and_a_circle_leads_back() -> None:
    nodes = [Node(code, code) for code in "abcde"]
    edges = [Edge(*pair) for pair in ("ab", "ac", "bc", "cd", "db", "xy")]
    drawn = diagram(nodes, edges, begin="a")
    at = {box.node.code: box.y for box in drawn.boxes}
    assert at["a"] < at["b"] < at["c"] < at["d"] < at["e"]
    assert [line.back for line in drawn.lines] == [False, False, False, False, True]


def test_a_picture_without_its_beginning_is_drawn_all_the_same() -> None:
    assert len(diagram([Node("a", "a")], [], begin="z").boxes) == 1


async def test_workflows_are_shown_with_their_tables(enter: Enter, db: Any) -> None:
    clerk = await enter("office")
    listed = await clerk.get("/workflows")
    for code, workflow in WORKFLOWS.items():
        assert f"/workflows/{code}" in listed.text
        page = await clerk.get(f"/workflows/{code}")
        assert page.text.count('<g class="box') == len(workflow.states)
    assert (await clerk.get("/workflows/nothing")).status_code == 404
