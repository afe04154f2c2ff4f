"""Texts written in Markdown as HTML of our pages: headings, lists, emphasis and links, never markup."""

from __future__ import annotations

from functools import cache, lru_cache

from markdown_it import MarkdownIt
from markupsafe import Markup


@cache
def _reader() -> MarkdownIt:
    # Tags in a text are shown as they were typed; there are no pictures.
    return MarkdownIt("commonmark", {"html": False}).disable(["image", "html_block", "html_inline"])


@lru_cache(maxsize=512)
def marked_up(text: str) -> Markup:
    """Return a Markdown text as HTML; the latest are kept, since the same texts are read again."""
    html: str = _reader().render(text)
    return Markup(html)  # noqa: S704  markup in the text itself was escaped
