"""A small tree of XML elements: as much of a statement as must be known at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Node:
    """One element: its tag without the namespace, the line it began at, its text and children."""

    tag: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What stands in it, blanks around it left out."""
        return "".join(self.parts).strip()

    def all(self, path: str) -> Iterator[Node]:
        """Every element below by tags such as "NtryDtls/TxDtls"."""
        tag, _, rest = path.partition("/")
        for child in self.children:
            if child.tag == tag:
                if rest:
                    yield from child.all(rest)
                else:
                    yield child

    def first(self, path: str) -> Node | None:
        """The first of them, None without one."""
        return next(self.all(path), None)
