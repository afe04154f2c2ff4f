"""What paying ahead saves: content/<language>/advance/terms.toml, replaced by an installation's own."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from abonent.kernel.content import documents_of

KIND, SLUG = "advance", "terms"


class AdvanceTerms(BaseModel):
    """Discounts for paying ahead, in hundredths of a percent; 0 where there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    half_year: int = Field(ge=0, le=10_000)
    year: int = Field(ge=0, le=10_000)


async def advance_terms() -> AdvanceTerms:
    """The terms in force."""
    return (await documents_of(KIND, AdvanceTerms))[SLUG].value
