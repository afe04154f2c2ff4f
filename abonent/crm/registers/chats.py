"""The register of chats: all there ever were, how soon the first word came, how they were rated."""

from __future__ import annotations

from dataclasses import replace

from abonent.crm.registers.requests import ALL_REQUESTS
from abonent.kernel.i18n import N_
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Words

FIRST_WORDS: Words = {
    "soon": (N_("in time"), "good"),
    "late": (N_("late"), "bad"),
    "none": (N_("not said"), ""),
}
# Joined and dropped ones, and those that wait, have no first word to be judged.
_FIRST_WORD = "CASE r.first_soon WHEN true THEN 'soon' WHEN false THEN 'late' ELSE 'none' END"
_HERE = ("number", "received", "name", "title", "state", "owner", "rating")
_BY_WHICH = ("state", "owner", "received", "rating", "topic", "district")


def _columns() -> tuple[Column, ...]:
    """Those of all requests; how soon the first word came stands before the rating."""
    known = {one.name: one for one in ALL_REQUESTS.columns}
    first = Column(
        name="first_word",
        label=N_("First word"),
        sql=_FIRST_WORD,
        kind=Kind.STATE,
        words=FIRST_WORDS,
    )
    said = Column(
        name="first_said",
        label=N_("First word, when"),
        sql="r.first_said_at",
        kind=Kind.INSTANT,
        shown=False,
    )
    shown = [known.pop(name) for name in _HERE]
    del known["channel"]
    hidden = [replace(one, shown=False) for one in known.values()]
    return (*shown[:-1], first, shown[-1], said, *hidden)


def _filters() -> tuple[Filter, ...]:
    known = {one.name: one for one in ALL_REQUESTS.filters}
    first = Filter(
        name="first_word",
        label=N_("First word"),
        ask=Ask.CHOICE,
        sql=f"{_FIRST_WORD} = ANY($1::text[])",
        choices=tuple((code, word) for code, (word, _tone) in FIRST_WORDS.items()),
    )
    waiting = Filter(
        name="waiting",
        label=N_("Nobody has answered yet"),
        ask=Ask.FLAG,
        sql="r.open AND r.first_said_at IS NULL",
    )
    found = [known[name] for name in _BY_WHICH]
    return (*found[:4], first, waiting, *found[4:])


ALL_CHATS = replace(
    ALL_REQUESTS,
    code="all_chats",
    label=N_("All chats"),
    about=N_(
        "Those that are over too, the latest first; the number opens everything that was said."
    ),
    path="/all-chats",
    where="r.channel = 'chat'",
    columns=_columns(),
    filters=_filters(),
    empty=(N_("No chats yet"), N_("They stand here as soon as a visitor of the site writes.")),
)
