"""Articles of the knowledge base as content (documents 3.4.5, 3.4.7): one for each kind of question.

content/<language>/articles/<slug>.md: front matter for whom and where to look, then the answer.
"""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field


class Article(BaseModel):
    """An article; `body` is its answer in Markdown.

    `keywords` are words people ask with, `look` says where staff look, `form` is a page of the desk
    ("{number}" stands for the account), `level` how sure one must be of who asks, `staff` what only
    staff read. A `public` one may stand on the portal, without `look` and `staff`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1)
    type: str
    public: bool
    roles: tuple[str, ...] = Field(min_length=1)
    keywords: tuple[str, ...] = Field(min_length=1)
    question: str = Field(min_length=1)
    look: tuple[str, ...]
    form: str
    script: str
    level: int = Field(ge=0, le=2)
    staff: str
    review_on: date
    body: str = Field(min_length=1)
