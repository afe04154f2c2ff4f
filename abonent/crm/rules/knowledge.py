"""Pure rules of the knowledge base: what is asked, what answers it best, how old an answer is."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from abonent.crm.rules.people import name_key
from abonent.kernel.i18n import N_

KINDS: dict[str, str] = {
    "payments": N_("Payments and debt"),
    "charges": N_("Charges and balance"),
    "promises": N_("Promised payments and freezes"),
    "tariffs": N_("Tariffs, discounts and bonuses"),
    "connection": N_("Connection and moving"),
    "quality": N_("Quality of the services"),
    "equipment": N_("Equipment"),
    "contract": N_("Contract and documents"),
    "claims": N_("Claims"),
    "personal": N_("Personal data and consents"),
    "portal": N_("Subscriber's portal"),
    "office": N_("Work of the office"),
}
"""What articles are about, by code, in the order of the list."""

REVIEW_DAYS = 180
"""So long an answer is relied on after somebody looked whether it is still true."""
SOON_DAYS = 14
MOST_WORDS = 12
LONGEST = 200
LEAST_MENDED = 4
"""Shorter words have too few neighbours to tell a slip of the hand from another word."""
SURE = 0.5
"""Beside the best answer, one that has less than this share of its weight says little."""

_BETWEEN = re.compile(r"[\W_]+")


def plain_words(text: str) -> str:
    """A text as words are compared: lower case, ё as е, nothing but words and blanks.

    >>> plain_words("Ещё раз: Wi-Fi, 5 ГГц")
    'еще раз wi fi 5 ггц'
    """
    return _BETWEEN.sub(" ", name_key(text)).strip()


def words_asked(text: str) -> list[str]:
    """The words of a question, each once, in order; the end of a long one is left out."""
    return list(dict.fromkeys(plain_words(text[:LONGEST]).split()))[:MOST_WORDS]


@dataclass(frozen=True, slots=True)
class Hit:
    """A word of the question stands in an article, with so much weight (0 to 1).

    `likeness` is 1 unless the word is only like the one that was typed.
    """

    word: str
    slug: str
    weight: float
    likeness: float = 1.0


def ranked(hits: Iterable[Hit], *, articles: int) -> list[tuple[str, float]]:
    """The articles that answer best, each with its score, the best first.

    A word counts the more, the fewer articles have it; of the words it may have been meant for, the
    one that suits the article best.
    """
    weights: dict[tuple[str, str], float] = {}
    found_in: dict[str, set[str]] = {}
    for hit in hits:
        place = (hit.word, hit.slug)
        weights[place] = max(weights.get(place, 0.0), hit.weight * hit.likeness)
        found_in.setdefault(hit.word, set()).add(hit.slug)
    scores: dict[str, float] = {}
    for (word, slug), weight in weights.items():
        rare = math.log(1 + articles / len(found_in[word]))
        scores[slug] = scores.get(slug, 0.0) + weight * rare
    return sorted(scores.items(), key=lambda one: (-one[1], one[0]))


def age_of(review_on: date, today: date) -> str:
    """How far an answer may be relied on: fresh, soon to be looked at, or stale.

    >>> age_of(date(2026, 12, 1), date(2026, 12, 1)), age_of(date(2026, 12, 1), date(2026, 12, 2))
    ('soon', 'stale')
    """
    if review_on < today:
        return "stale"
    return "soon" if review_on - today < timedelta(SOON_DAYS) else "fresh"


def form_for(form: str, account: str) -> str:
    """The page where it is done: of an account where one is known, "" where one is needed and none is.

    >>> form_for("/accounts/{number}/promise", "100001"), form_for("/cash", "")
    ('/accounts/100001/promise', '/cash')
    """
    if "{number}" in form and not account:
        return ""
    return form.replace("{number}", account)


def labels_of(by_code: Mapping[str, str], codes: Iterable[str]) -> list[str]:
    """The known codes among those given, in the order they are listed in."""
    wanted = set(codes)
    return [code for code in by_code if code in wanted]
