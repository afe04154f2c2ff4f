"""The card of quality as content (document 2.1.3): lines with their points, grades, the target.

content/<language>/quality/card.toml.
"""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from abonent.crm.rules.quality import Line
from abonent.kernel.content import Document, documents_of
from abonent.kernel.i18n import LANGUAGES


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Grade(_Strict):
    """How much of a line was met."""

    share: float = Field(ge=0, le=1)
    label: str = Field(min_length=1)

    @property
    def percent(self) -> int:
        """The share in percent."""
        return round(self.share * 100)


class Criterion(_Strict):
    """A line of the card: its points, whether it alone makes the whole 0, and what it means."""

    code: str = Field(pattern=r"^[a-z]+$")
    name: str = Field(min_length=1)
    points: int = Field(ge=1, le=100)
    critical: bool
    met: str = Field(min_length=1)
    good: str = Field(min_length=1)
    bad: str = Field(min_length=1)


class QualityForm(_Strict):
    """The whole card."""

    document: str
    title: str
    points: int
    target: int = Field(ge=1, le=100)
    sample_per_week: int = Field(ge=1, le=100)
    rule: str
    sample: str
    talk: str
    grade: tuple[Grade, ...]
    criterion: tuple[Criterion, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        codes = [one.code for one in self.criterion]
        if len(set(codes)) != len(codes):
            raise ValueError("two lines have one code")
        if self.points != 100 or sum(one.points for one in self.criterion) != self.points:
            raise ValueError("the points of the lines make 100")
        shares = [one.percent for one in self.grade]
        if shares != sorted(set(shares), reverse=True) or not {0, 100} <= set(shares):
            raise ValueError("the grades go from the whole down to nothing")
        return self

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines as the score counts them."""
        return tuple(Line(one.code, one.points, one.critical) for one in self.criterion)


async def quality_form() -> Document[QualityForm]:
    """The card in the reader's language, with the hash of its text."""
    return (await documents_of("quality", QualityForm))["card"]


async def quality_hashes() -> frozenset[str]:
    """The hashes of the card as it reads now, in every language."""
    found = [await documents_of("quality", QualityForm, language=one) for one in LANGUAGES]
    return frozenset(documents["card"].hash for documents in found)
