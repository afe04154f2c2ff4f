"""Templates of answers as content: content/<language>/answers/<slug>.toml, by the topics they fit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from abonent.kernel.content import documents_of

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
FILLED = frozenset(
    {"name", "number", "request", "url", "company", "phone", "balance", "until", "debt"}
)
"""What the program may know; where it does not, it is the clerk's to fill in."""
ASKED = frozenset(
    {"answer", "amount", "day", "place", "price", "tariff", "claim", "time", "window"}
)
"""What only the clerk knows: an answer does not go while it stands in braces."""


class AnswerTemplate(BaseModel):
    """An answer to begin with: for which topics (codes), and its text with placeholders.

    One `of_cut_off` says that services are suspended: it is offered for such accounts alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    title: str
    topics: tuple[str, ...] = Field(min_length=1)
    of_cut_off: bool = False
    text: str = Field(min_length=1)

    @property
    def placeholders(self) -> frozenset[str]:
        """What stands in braces."""
        return frozenset(PLACEHOLDER.findall(self.text))

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with what is known filled in; the rest stays in braces."""
        return PLACEHOLDER.sub(lambda found: values.get(found[1]) or found[0], self.text.strip())


def unfilled(text: str) -> list[str]:
    """What still stands in braces."""
    return sorted(set(PLACEHOLDER.findall(text)))


async def answer_named(code: str) -> AnswerTemplate | None:
    """A template by its code, in the reader's language, whatever the topic."""
    found = await documents_of("answers", AnswerTemplate)
    return next((one.value for one in found.values() if one.value.code == code), None)


async def answers_for(topic: str, *, cut_off: bool = False) -> Sequence[AnswerTemplate]:
    """The templates that fit a topic, in the reader's language."""
    found = await documents_of("answers", AnswerTemplate)
    return [
        one.value
        for one in found.values()
        if topic in one.value.topics and (cut_off or not one.value.of_cut_off)
    ]
