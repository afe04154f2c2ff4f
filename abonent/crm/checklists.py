"""Lists that an office ticks when it opens and when it closes, as content.

content/<language>/checklists/<slug>.toml.
"""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from abonent.kernel.content import Document, documents_of


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Item(_Strict):
    """One thing to look at; `code` is kept when its words change."""

    code: str
    text: str


class Checklist(_Strict):
    """A list in the order in which one goes through the office."""

    title: str
    position: int
    items: tuple[Item, ...]

    @model_validator(mode="after")
    def _codes_differ(self) -> Self:
        codes = [item.code for item in self.items]
        if len(set(codes)) < len(codes):
            raise ValueError("two items have one code")
        return self


async def office_checklists() -> list[Document[Checklist]]:
    """The lists of an office in their order: opening, then closing."""
    found = await documents_of("checklists", Checklist)
    return sorted(found.values(), key=lambda document: document.value.position)
