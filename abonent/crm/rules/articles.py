"""What an article must say before anybody finds it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta

from abonent.crm.articles import ArticleDraft
from abonent.crm.rules.knowledge import KINDS
from abonent.kernel.errors import FieldError
from abonent.kernel.i18n import N_

LONGEST = {
    "title": 120, "question": 300, "body": 20_000, "keywords": 1_000, "look": 1_000,
    "staff": 2_000, "form": 200,
}  # fmt: skip
"""How many characters each part has room for; lists are counted as they are typed."""
LONGEST_REVIEW_DAYS = 730
_LINK = re.compile(r"\]\(([a-z0-9-]+)\)")
_NEEDED = ("question", "body", "keywords", "roles")


def too_long(article: ArticleDraft) -> list[FieldError]:
    """The parts of an article that are longer than they may be."""
    return [
        FieldError(
            name, "", N_("{length} characters; at most {longest} fit here."),
            {"length": length, "longest": longest},
        )
        for name, longest in LONGEST.items()
        if (length := _length(getattr(article, name))) > longest
    ]  # fmt: skip


def _length(part: str | tuple[str, ...]) -> int:
    return len(part if isinstance(part, str) else ", ".join(part))


def wrong_with(
    article: ArticleDraft,
    *,
    scripts: Collection[str],
    topics: Collection[str],
    shown: Mapping[str, bool],
    today: date,
) -> list[FieldError]:
    """What keeps an article from being published, in the order of its form.

    `shown` are the articles there are, and whether each stands on the portal.
    """
    lost = _links(article, shown)
    return [*too_long(article), *_wrong(article, scripts, topics, today), *lost]


def _links(article: ArticleDraft, shown: Mapping[str, bool]) -> Iterator[FieldError]:
    """Links of the answer that lead nowhere for whoever reads it."""
    for target in dict.fromkeys(_LINK.findall(article.body)):
        if target not in shown:
            wrong = N_("The answer links to an article “{given}”, which there is not.")
            yield FieldError("body", target, wrong, {"given": target})
        elif article.public and not shown[target]:
            wrong = N_("The answer links to “{given}”, which is not on the portal.")
            yield FieldError("body", target, wrong, {"given": target})


def _wrong(
    article: ArticleDraft, scripts: Collection[str], topics: Collection[str], today: date
) -> Iterator[FieldError]:
    for name in _NEEDED:
        if not getattr(article, name):
            yield FieldError(name, "", _MISSING.get(name, N_("Fill this in.")))
    if article.type not in KINDS:
        yield FieldError("type", article.type, N_("Choose one of those offered."))
    if article.script and article.script not in scripts:
        yield FieldError("script", article.script, N_("There is no such script any more."))
    if lost := sorted(set(article.topics) - set(topics)):
        yield FieldError("topic", ", ".join(lost), N_("Choose one of those offered."))
    last = today + timedelta(LONGEST_REVIEW_DAYS)
    if not today < article.review_on <= last:
        wrong = N_("Choose a day after today, {last} at the latest.")
        yield FieldError("review_on", article.review_on.isoformat(), wrong, {"last": last})


_MISSING = {
    "keywords": N_("Write at least one word that people ask with."),
    "roles": N_("Tick at least one role that must know it."),
}
