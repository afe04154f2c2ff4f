"""What requests are about, as content: how urgent, by when, whose; known by the words of a letter.

content/<language>/topics/topics.toml.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from abonent.crm.rules.people import name_key
from abonent.kernel.content import documents_of
from abonent.kernel.norms import Norm, Unit

OTHER = "other"
"""The topic of what no words are known of."""
SUSPENDED = "suspended"
"""The topic of services that stopped for want of money."""
_NOT_WORDS = re.compile(r"[^\w]+")
_CLAUSE_ENDS = re.compile(r"[.,;:!?…()\n—]+")
_LEAST_STREWN = 3
"""A shorter beginning is that of too many words to be looked for anywhere."""


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

    `words` are beginnings of words and turns by which a letter is known; `rank` tells which topic
    goes before others that are named as well; `internal` ones are not offered to subscribers;
    `suspended` is the topic in its place where the account's services are suspended; `article` is where the answer stands in the knowledge base.
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
    rank: int = Field(default=0, ge=0)
    internal: bool = False
    suspended: str = ""


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
        if lost := sorted({one.suspended for one in self.topic} - {*codes, ""}):
            raise ValueError(f"no topic {', '.join(lost)}")
        if lost := sorted({one.group for one in self.topic} - groups):
            raise ValueError(f"no group {', '.join(lost)}")
        return self

    def of(self, code: str) -> Topic:
        """The topic of a code; that of what no words are known of for one that is gone."""
        known = {one.code: one for one in self.topic}
        return known.get(code) or known[OTHER]

    def known_by(self, text: str) -> Topic:
        """The topic of a letter or an SMS: of the highest rank, then with the most said of it.

        What is said of a topic counts by the letters of its turns; of two alike the more urgent wins.
        """
        letter = _Letter.of(text)
        said = [(topic, sum(map(letter.says, map(plain, topic.words)))) for topic in self.topic]
        found = [(topic.rank, weight, -topic.priority, topic) for topic, weight in said if weight]
        return max(found, key=lambda one: one[:3])[3] if found else self.of(OTHER)

    def offered(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The topics that whoever writes may choose from, as names of groups with codes and names."""
        groups = [
            (
                group.name,
                [(t.code, t.name) for t in self.topic if t.group == group.code and not t.internal],
            )
            for group in self.group
        ]
        return [(name, topics) for name, topics in groups if topics]


@dataclass(frozen=True, slots=True)
class _Letter:
    """A text as turns are looked for in it: as one line, and as the words of each clause."""

    line: str
    clauses: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a text."""
        # Each once, and none that holds one word: a letter of nothing but commas takes no longer.
        clauses = dict.fromkeys(tuple(plain(one).split()) for one in _CLAUSE_ENDS.split(text))
        return cls(f" {plain(text)}", tuple(one for one in clauses if len(one) > 1))

    def says(self, turn: str) -> int:
        """How many letters of a turn are said: all, or none.

        A turn begins where a word does; its words may be strewn over a clause in any order.
        """
        *whole, begun = turn.split()
        if f" {turn}" in self.line:
            return len(turn)
        if not whole or len(begun) < _LEAST_STREWN:
            return 0
        strewn = any(
            all(word in clause for word in whole) and any(w.startswith(begun) for w in clause)
            for clause in self.clauses
        )
        return len(turn) if strewn else 0


def plain(text: str) -> str:
    """A text as turns are looked for in it: lower case, ё as е, single blanks between words."""
    return _NOT_WORDS.sub(" ", name_key(text)).strip()


async def classifier() -> Classifier:
    """The topics in the reader's language; their codes and norms are the same in each."""
    return (await documents_of("topics", Classifier))["topics"].value
