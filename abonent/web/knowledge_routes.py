"""The addresses of the knowledge base."""

from __future__ import annotations

from abonent.web.access import PageRoute
from abonent.web.pages.knowledge import looking, memo, reading

_VIEW = "crm.knowledge.view"
_ONE = "/knowledge/{slug:str}"
_POST = ("POST",)

KNOWLEDGE_ROUTES = (
    PageRoute("/knowledge", looking.show_knowledge, right=_VIEW, name="knowledge"),
    PageRoute("/knowledge/memo.pdf", memo.print_memo, right=_VIEW),
    PageRoute(_ONE, reading.show_article, right=_VIEW),
    PageRoute(f"{_ONE}/vote", reading.vote, right=_VIEW, methods=_POST),
    PageRoute(f"{_ONE}/read", reading.note_read, right=_VIEW, methods=_POST),
    PageRoute(f"{_ONE}/confirm", reading.confirm, right="crm.knowledge.review", methods=_POST),
)
