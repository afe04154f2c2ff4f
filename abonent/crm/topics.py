"""What requests are about, as content: how urgent, by when, whose; known by the words of a letter.

content/<language>/topics/topics.toml.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from abonent.crm.rules.people import name_key
from abonent.kernel.content import documents_of
from abonent.kernel.norms import Norm, Unit

OTHER = "other"
"""The topic of what no words are known of."""
_NOT_WORDS = re.compile(r"[^\w]+")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Group(_Strict):
    """Topics that belong together in reports."""

    code: str
    name: str


class Allowed(_Strict):
    """How long an answer may take."""

    amount: int = Field(ge=1)
    unit: Unit

    @property
    def norm(self) -> Norm:
        """The same as a norm that can be counted."""
        return Norm(self.amount, self.unit)


class Topic(_Strict):
    """A topic; priority 1 is the most urgent, `team` the role it goes to.

    `words` are beginnings of words and turns by which a letter is known; `article` is where the
    answer stands in the knowledge base.
    """

    code: str
    name: str
    group: str
    priority: int = Field(ge=1, le=4)
    team: str
    level: int = Field(ge=0, le=2)
    norm: Allowed
    words: tuple[str, ...]
    article: str


class Classifier(_Strict):
    """All topics with their groups."""

    group: tuple[Group, ...]
    topic: tuple[Topic, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        codes, groups = [one.code for one in self.topic], {one.code for one in self.group}
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            raise ValueError(f"two topics {', '.join(twice)}")
        if OTHER not in codes:
            raise ValueError(f"no topic {OTHER}")
        if lost := sorted({one.group for one in self.topic} - groups):
            raise ValueError(f"no group {', '.join(lost)}")
        return self

    def of(self, code: str) -> Topic:
        """The topic of a code; that of what no words are known of for one that is gone."""
        known = {one.code: one for one in self.topic}
        return known.get(code) or known[OTHER]

    def known_by(self, text: str) -> Topic:
        """The topic of a letter or an SMS: the longest turn found in it wins, then the more urgent.

        Letters ё and е are one; a turn begins where a word does.
        """
        line = f" {plain(text)}"
        found = [
            (len(turn), -topic.priority, topic)
            for topic in self.topic
            for turn in map(plain, topic.words)
            if turn and f" {turn}" in line
        ]
        best: Sequence[tuple[int, int, Topic]] = sorted(found, key=lambda one: one[:2])
        return best[-1][2] if best else next(one for one in self.topic if one.code == OTHER)


def plain(text: str) -> str:
    """A text as turns are looked for in it: lower case, ё as е, single blanks between words."""
    return _NOT_WORDS.sub(" ", name_key(text)).strip()


async def classifier() -> Classifier:
    """The topics in the reader's language; their codes and norms are the same in each."""
    return (await documents_of("topics", Classifier))["topics"].value
