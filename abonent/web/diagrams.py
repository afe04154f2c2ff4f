"""Pictures of what leads where: boxes in layers from top to bottom, lines between them.

A box stands below all that lead to it and near them. A line that leads back goes round on the
right. Beside every picture stands its table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

WIDTH, HEIGHT = 176, 64
_ACROSS, _DOWN = 20, 46
_MARGIN = 8
_LANE = 14
"""How far apart the lines stand that go round."""
_LETTERS, _LINES = 22, 3
_MOST = 5
"""So many boxes stand in a row; a layer of more takes several rows."""


@dataclass(frozen=True, slots=True)
class Node:
    """A box: its code, its words, its tone ("", "good", "warn", "bad", "info"), where it leads."""

    code: str
    label: str
    tone: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one box to another."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Box:
    """A box where it stands: its left upper corner and its words in lines."""

    node: Node
    x: int
    y: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line: the path of SVG, and whether it leads back."""

    path: str
    back: bool


@dataclass(frozen=True, slots=True)
class Diagram:
    """A picture with its size in pixels."""

    boxes: list[Box]
    lines: list[Line]
    width: int
    height: int


def diagram(nodes: Sequence[Node], edges: Sequence[Edge], *, begin: str) -> Diagram:
    """Place boxes and lines; what is not reached from `begin` stands in the last layer.

    Lines from or to codes that are no boxes are left out.
    """
    named = {node.code: node for node in nodes}
    pairs = list(dict.fromkeys((e.source, e.target) for e in edges))
    pairs = [(s, t) for s, t in pairs if s in named and t in named]
    layers = _layers(named, pairs, begin)
    inner = max(len(layer) for layer in layers) * (WIDTH + _ACROSS) - _ACROSS
    boxes: dict[str, Box] = {}
    for depth, layer in enumerate(layers):
        left = _MARGIN + (inner - len(layer) * (WIDTH + _ACROSS) + _ACROSS) // 2
        for place, code in enumerate(layer):
            x, y = left + place * (WIDTH + _ACROSS), _MARGIN + depth * (HEIGHT + _DOWN)
            boxes[code] = Box(named[code], x, y, _lines(named[code].label))
    # Lines that lead back to one box share a lane.
    back = list(dict.fromkeys(t for s, t in pairs if boxes[t].y <= boxes[s].y))
    side = inner + 2 * _MARGIN
    lines = [_line(boxes[s], boxes[t], back, side) for s, t in pairs]
    width = side + (len(back) + 1) * _LANE * bool(back)
    return Diagram(list(boxes.values()), lines, width, len(layers) * (HEIGHT + _DOWN) + _MARGIN)


def _layers(
    named: Mapping[str, Node], pairs: Sequence[tuple[str, str]], begin: str
) -> list[list[str]]:
    depth = _depths(named, pairs, begin)
    last = max(depth.values(), default=-1) + 1
    found: list[list[str]] = [[] for _ in range(last + 1)]
    for code in named:
        found[depth.get(code, last)].append(code)
    rows: list[list[str]] = []
    for layer in found:
        layer.sort(key=lambda code: _wish(code, rows[-1] if rows else [], pairs))
        rows += [layer[at : at + _MOST] for at in range(0, len(layer), _MOST)]
    return rows


def _depths(
    named: Mapping[str, Node], pairs: Sequence[tuple[str, str]], begin: str
) -> dict[str, int]:
    """How far below the beginning each box stands: below all that lead to it, but not back."""
    onward = {code: [t for s, t in pairs if s == code] for code in named}
    order: list[str] = []
    above: list[tuple[str, str]] = []
    open_: set[str] = set()

    def visit(code: str) -> None:
        open_.add(code)
        for target in onward[code]:
            if target not in open_:
                above.append((code, target))
                if target not in order:
                    visit(target)
        open_.discard(code)
        order.append(code)

    if begin in named:
        visit(begin)
    depth = dict.fromkeys(reversed(order), 0)
    for code in depth:
        for source, target in above:
            if source == code:
                depth[target] = max(depth[target], depth[code] + 1)
    return depth


def _wish(code: str, above: list[str], pairs: Sequence[tuple[str, str]]) -> float:
    """Where a box would stand: amid those above that lead to it."""
    places = [above.index(s) for s, t in pairs if t == code and s in above]
    return sum(places) / len(places) if places else len(above)


def _lines(label: str) -> tuple[str, ...]:
    lines = wrap(label, _LETTERS, break_long_words=True) or [""]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], lines[_LINES - 1][: _LETTERS - 1].rstrip(" ,.;:") + "…"]
    return tuple(lines)


def _line(source: Box, target: Box, back: Sequence[str], side: int) -> Line:
    if target.y > source.y:
        x, y, tx, ty = source.x + WIDTH // 2, source.y + HEIGHT, target.x + WIDTH // 2, target.y - 5
        bend = min(_DOWN, (ty - y) // 2)
        return Line(f"M{x} {y}C{x} {y + bend} {tx} {ty - bend} {tx} {ty}", back=False)
    at = side + back.index(target.node.code) * _LANE
    y, ty = source.y + HEIGHT // 2 + 12, target.y + HEIGHT // 2 - 12
    path = (
        f"M{source.x + WIDTH} {y}H{at - 6}Q{at} {y} {at} {y - 6}V{ty + 6}Q{at} {ty} {at - 6} {ty}"
    )
    return Line(f"{path}H{target.x + WIDTH + 5}", back=True)
