"""Articles of the knowledge base as content (documents 3.4.5, 3.4.7): one for each kind of question.

content/<language>/articles/<slug>.md: front matter for whom and where to look, then the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, Field


class ArticleDraft(BaseModel):
    """An article in the making: parts of it may still be missing.

    `body` is its answer in Markdown. `keywords` are words people ask with, `look` says where staff
    look, `form` is a page of the desk ("{number}" stands for the account), `level` how sure one must
    be of who asks, `staff` what only staff read. A `public` one may stand on the portal, without
    `look` and `staff`. `topics` are those of requests that it answers.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1)
    type: str
    public: bool
    roles: tuple[str, ...]
    keywords: tuple[str, ...]
    question: str
    look: tuple[str, ...]
    form: str
    script: str
    level: int = Field(ge=0, le=2)
    staff: str
    review_on: date
    body: str
    topics: tuple[str, ...] = ()


class Article(ArticleDraft):
    """An article that answers: whoever looks it up finds the question and what to say."""

    roles: tuple[str, ...] = Field(min_length=1)
    keywords: tuple[str, ...] = Field(min_length=1)
    question: str = Field(min_length=1)
    body: str = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class OnShelf:
    """An article as it is shown now, in the language it is written in; `hash` names its text.

    `no` is the installation's own version, 0 the program's; one that was `added` is of no file.
    """

    slug: str
    hash: str
    language: str
    value: Article
    no: int = 0
    added: bool = False
