"""What the search line finds: pages by name here, records through the finders of departments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from abonent.crm.typed import other_layout
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import LANGUAGES, N_, gettext
from abonent.web.navigation import Item, sections_for


@dataclass(frozen=True, kw_only=True)
class Found:
    """One answer: what it is, where it leads, why it matched, what stands on the right."""

    label: str
    path: str
    icon: str = ""
    why: str = ""
    right: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Answers of one kind under a heading (an English message id).

    `sure` is False where they are only like what was asked for, `named` True where it is the very
    name of the first.
    """

    label: str
    found: tuple[Found, ...]
    sure: bool = True
    named: bool = False


Finder = Callable[[Actor, str], Awaitable[Group]]
"""Answers what a department finds; for an empty query what was used lately."""


def folded(text: str) -> str:
    """Return the text as it is compared: lower case, ``ё`` as ``е``, single blanks."""
    return " ".join(text.lower().replace("ё", "е").split())


def matches(query: str, label: str) -> bool:
    """Tell whether every word of the query begins a word of the label, in either layout."""
    words = folded(label).split()
    return any(
        all(any(word.startswith(part) for word in words) for part in folded(typed).split())
        for typed in (query, other_layout(query))
    )


def _names(item: Item) -> list[str]:
    return [gettext(item.label, language) for language in LANGUAGES]


def find_pages(actor: Actor, query: str) -> Group:
    """Return the pages whose name matches in any language; all of them for an empty query."""
    items = [item for section in sections_for(actor) for item in section.items]
    named = [item for item in items if any(is_name(query, name) for name in _names(item))]
    found = tuple(
        Found(
            label=gettext(item.label),
            path=item.path,
            icon=item.icon,
            keys=("G", item.go) if item.go else (),
        )
        for item in sorted(items, key=lambda item: item not in named)
        if not query or any(matches(query, name) for name in _names(item))
    )
    return Group(N_("Pages"), found, named=bool(query and named))


def is_name(query: str, label: str) -> bool:
    """Tell whether the query is the whole label, in either layout."""
    return folded(label) in {folded(query), folded(other_layout(query))}


def only_answer(groups: Sequence[Group]) -> Found | None:
    """Return what Enter opens at once: what was named, or the one sure answer there is."""
    if groups and groups[0].named:
        return groups[0].found[0]
    found = [answer for group in groups if group.sure for answer in group.found]
    return found[0] if len(found) == 1 else None


async def find_all(actor: Actor, query: str, *, finders: Sequence[Finder] = ()) -> list[Group]:
    """Return every group with an answer: records before pages, what is only alike after them.

    What is called by its own name comes before all others.
    """
    pages = find_pages(actor, query)
    groups = [await finder(actor, query) for finder in finders]
    sure = [group for group in groups if group.sure]
    alike = [group for group in groups if not group.sure]
    ordered = sorted([*sure, pages, *alike], key=lambda group: not group.named)
    return [group for group in ordered if group.found]
