"""The addresses of the knowledge base."""

from __future__ import annotations

from abonent.web.access import PageRoute
from abonent.web.pages.knowledge import archiving, looking, memo, reading, writing

_VIEW, _EDIT = "crm.knowledge.view", "crm.knowledge.edit"
_ONE = "/knowledge/{slug:str}"
_POST = ("POST",)

KNOWLEDGE_ROUTES = (
    PageRoute("/knowledge", looking.show_knowledge, right=_VIEW, name="knowledge"),
    PageRoute("/knowledge/memo.pdf", memo.print_memo, right=_VIEW),
    PageRoute("/knowledge/own", writing.list_own, right=_EDIT),
    PageRoute("/knowledge/new", writing.show_new, right=_EDIT),
    PageRoute("/knowledge/new", writing.make, right=_EDIT, methods=_POST),
    PageRoute(_ONE, reading.show_article, right=_VIEW),
    PageRoute(f"{_ONE}/vote", reading.vote, right=_VIEW, methods=_POST),
    PageRoute(f"{_ONE}/read", reading.note_read, right=_VIEW, methods=_POST),
    PageRoute(f"{_ONE}/confirm", reading.confirm, right="crm.knowledge.review", methods=_POST),
    PageRoute(f"{_ONE}/edit", writing.show_edit, right=_EDIT),
    PageRoute(f"{_ONE}/edit", writing.write, right=_EDIT, methods=_POST),
    *(route for dialog in archiving.ARTICLE_DIALOGS for route in dialog.routes),
)
