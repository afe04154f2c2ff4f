"""What the knowledge base refuses."""

from __future__ import annotations

from abonent.kernel.errors import Conflict, NotFound, Refused
from abonent.kernel.i18n import N_


class ArticleNotFound(NotFound):
    """There is no such article, or not for who asks."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            "NO_SUCH_ARTICLE", N_("There is no article “{value}”."), field="article", value=slug
        )


class ArticleChanged(Conflict):
    """The article has another text by now than the one that was read."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            "ARTICLE_CHANGED",
            N_("The article was changed meanwhile. Read its new text, then say it again."),
            field="article",
            value=slug,
        )


class DraftOutdated(Conflict):
    """A colleague wrote on the article meanwhile."""

    def __init__(self) -> None:
        message = N_(
            "A colleague changed this article meanwhile. What you typed is still here: open the"
            " article in another tab, put both together and send it again."
        )
        super().__init__("ARTICLE_DRAFT_CHANGED", message)


class NoDraft(NotFound):
    """Nobody is writing on the article."""

    def __init__(self, slug: str) -> None:
        message = N_("The article “{value}” has no draft.")
        super().__init__("NO_ARTICLE_DRAFT", message, field="article", value=slug)


class VoteNotYours(Refused):
    """Only people vote and read: neither programs nor subscribers."""

    def __init__(self) -> None:
        super().__init__("ONLY_STAFF", N_("Only employees who signed in can say this."))
