"""What may be said and done after which check of who asks, as content (document 2.1.2).

content/<language>/identity/levels.toml. Dialogs name the action they carry out by its code.
"""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from abonent.kernel.content import documents_of

HIGHEST = 2


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Way(_Strict):
    """A way to make sure of who asks."""

    code: str = Field(pattern=r"^[a-z]+$")
    label: str = Field(min_length=1)


class Level(_Strict):
    """A level: how it is reached, and what may be said and done from it on."""

    level: int = Field(ge=0, le=HIGHEST)
    label: str = Field(min_length=1)
    checked: str = Field(min_length=1)
    ways: tuple[Way, ...]
    may_say: tuple[str, ...] = Field(min_length=1)
    may_do: tuple[str, ...] = Field(min_length=1)


class Action(_Strict):
    """What people ask for: the level it needs, who does it, by when and on which paper."""

    code: str = Field(pattern=r"^[a-z-]+$")
    label: str = Field(min_length=1)
    level: int = Field(ge=0, le=HIGHEST)
    who: tuple[str, ...] = Field(min_length=1)
    term: str = Field(min_length=1)
    document: str = Field(min_length=1)


class Levels(_Strict):
    """The whole table: three levels, the actions of each."""

    document: str
    title: str
    level: tuple[Level, ...]
    action: tuple[Action, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if [one.level for one in self.level] != list(range(HIGHEST + 1)):
            raise ValueError("the levels are 0, 1 and 2, in this order")
        if self.level[0].ways or not all(one.ways for one in self.level[1:]):
            raise ValueError("level 0 has no way to be reached, the others have one at least")
        for what, codes in (
            ("actions", [one.code for one in self.action]),
            ("ways", [way.code for one in self.level for way in one.ways]),
        ):
            if twice := sorted({code for code in codes if codes.count(code) > 1}):
                raise ValueError(f"two {what} {', '.join(twice)}")
        return self

    def needed(self, action: str) -> Action:
        """The action of that code. Raises KeyError."""
        return next(one for one in self.action if one.code == action)

    def action_of(self, code: str) -> Action | None:
        """The action of that code, None where the content has it no more."""
        return next((one for one in self.action if one.code == code), None)

    def level_of_way(self, way: str) -> int | None:
        """The level that a way reaches, None for an unknown one."""
        found = (one.level for one in self.level if way in {known.code for known in one.ways})
        return next(found, None)

    def way_name(self, way: str) -> str:
        """A way in words."""
        names = {known.code: known.label for one in self.level for known in one.ways}
        return names.get(way, way)

    def actions_at(self, level: int) -> tuple[Action, ...]:
        """The actions that ask for exactly this level."""
        return tuple(one for one in self.action if one.level == level)


async def identity_levels() -> Levels:
    """The table in the reader's language. Raises ContentError where it is wrong."""
    documents = await documents_of("identity", Levels)
    return documents["levels"].value
