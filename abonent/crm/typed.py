"""What a typed line may mean: a number, a phone, a name or an address, in either layout."""

from __future__ import annotations

import re
from dataclasses import dataclass

from abonent.crm.rules.people import name_key

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбюё"
_SWAP = str.maketrans(_LATIN + _CYRILLIC, _CYRILLIC + _LATIN)
_NUMBER = re.compile(r"[0-9A-Za-zА-Яа-яЁё_./-]*[0-9][0-9A-Za-zА-Яа-яЁё_./-]*")
_PHONE = re.compile(r"\+?[0-9()\s.-]+")
_SEPARATORS = re.compile(r"[\s,.;]+")
_NAMED_NUMBER = re.compile(r"(?:кв|д|дом|к)([0-9].*)")
_LETTERS = re.compile(r"[^\W\d_]")
_NOT_MEANT = re.compile(r"[\[\];`]")
# What the letters б, ю and э are on the other keyboard: nobody types a name with them.
_MARKS = re.compile(r"[,.'\"]")
_LATIN_LETTER = re.compile(r"[a-z]")
_CYRILLIC_LETTER = re.compile(r"[а-я]")
_SPECIAL = re.compile(r"([\\%_])")
_KINDS_OF_PLACE = frozenset(
    [
        "ул",
        "улица",
        "д",
        "дом",
        "кв",
        "квартира",
        "пр-т",
        "просп",
        "проспект",
        "пер",
        "переулок",
        "г",
        "город",
        "оф",
        "офис",
    ]
)
_WORD_START = "(^|[^[:alnum:]])"
LEAST_PHONE = 4
LEAST_WORD = 3
"""With fewer letters an index of trigrams has nothing to go by."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The line as letters of one keyboard layout.

    `words` are three regular expressions that a name matches, `contains` patterns of LIKE that are
    cheaper to try before; `place` is a regular expression that an address matches. They are empty
    where the line is no name or no address. `firsts` are the words that a name may begin with,
    where there are several; `street` the word that an address begins with, empty for a number;
    `house` is what a street and a house match, empty where no house is named.
    """

    name: str
    words: tuple[str, ...]
    contains: tuple[str, ...]
    place: str
    firsts: tuple[str, ...]
    street: str
    house: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What one line may mean; an empty tuple or text where it cannot be read so."""

    text: str
    number: str
    phones: tuple[str, ...]
    readings: tuple[Reading, ...]


def other_layout(text: str) -> str:
    """Answer what the same keys type on the other keyboard.

    >>> other_layout("bdfyjd"), other_layout("ыьшер")
    ('иванов', 'smith')
    """
    return text.lower().translate(_SWAP)


def like(text: str) -> str:
    """The text as a pattern of LIKE that matches itself."""
    return _SPECIAL.sub(r"\\\1", text)


def read_typed(text: str) -> Typed:
    """Read a typed line in every way that makes sense.

    >>> read_typed("8 (912) 345-67").phones
    ('%891234567%', '791234567%')
    >>> read_typed("лен 12 45").readings[0].place
    '(^|[^[:alnum:]])лен.*[^[:alnum:]]12([^0-9].*)?[^[:alnum:]]45($|[^0-9])'
    """
    text = " ".join(text.split())
    lettered = bool(_LETTERS.search(text))
    return Typed(
        text=text,
        number=text if _NUMBER.fullmatch(text) else "",
        phones=_phones(text),
        readings=tuple(map(as_name, _layouts(text))) if lettered else (),
    )


def as_name(name: str) -> Reading:
    """Read a line of one layout, as `name_key` leaves it."""
    words, parts, named = _words(name), name.split(), _named(name)
    patterns = [_begins(word, sum(other.startswith(word) for other in words)) for word in words]
    firsts = tuple(part for part in parts[:3] if part.isalpha())
    return Reading(
        name=name,
        words=(*patterns, *patterns[-1:] * (3 - len(words))) if words else (),
        contains=tuple(f"%{like(word)}%" for word in words),
        place=_pattern(named),
        firsts=firsts if words and len(parts) > 1 else (),
        street=named[0] if named and named[0].isalpha() else "",
        house=_pattern(_to_house(named)),
    )


def _layouts(text: str) -> tuple[str, ...]:
    """The text as typed and as the other layout has it, without what nobody would have meant."""
    both = (name_key(text), name_key(other_layout(text)))
    meant = both if both[0] == both[1] or not _MARKS.search(both[1]) else both[:1]
    plausible = [key for key in meant if not _NOT_MEANT.search(key) and not _mixed(key)]
    addresses = [key for key in plausible if _spoken_place(key)]
    return tuple(dict.fromkeys(addresses or plausible)) or both[:1]


def _spoken_place(name: str) -> bool:
    """Tell whether the line says street, house or flat beside a number: an address, and no name."""
    return any(c.isdigit() for c in name) and bool(_KINDS_OF_PLACE & set(_SEPARATORS.split(name)))


def _mixed(text: str) -> bool:
    return bool(_LATIN_LETTER.search(text) and _CYRILLIC_LETTER.search(text))


def _phones(text: str) -> tuple[str, ...]:
    digits = re.sub(r"[^0-9]", "", text)
    if not _PHONE.fullmatch(text) or len(digits) < LEAST_PHONE:
        return ()
    trunk = digits.startswith("8") and not text.startswith("+")
    return (f"%{digits}%", f"7{digits[1:]}%") if trunk else (f"%{digits}%",)


def _words(name: str) -> list[str]:
    """Every one begins a word of the name; at most three, the longest, are looked at."""
    words = [word for word in name.split() if any(map(str.isalnum, word))]
    longest = max((len(_LETTERS.findall(word)) for word in words), default=0)
    if _spoken_place(name) or longest < LEAST_WORD:
        return []
    return sorted(words, key=len, reverse=True)[:3]


def _begins(word: str, times: int) -> str:
    """So many words of the name begin so: “ivan ivanov” is more than any Ivanov."""
    return _WORD_START + ".*[^[:alnum:]]".join([re.escape(word)] * times)


def _to_house(named: list[str]) -> list[str]:
    """The words and numbers of a place up to its first number behind a word; none without one."""
    for place, token in enumerate(named):
        if place and token[0].isdigit():
            return named[: place + 1]
    return []


def _pattern(named: list[str]) -> str:
    """Tokens in order: a word begins a word of the street, a number is the house's or flat's."""
    if max((len(_LETTERS.findall(token)) for token in named), default=0) < LEAST_WORD:
        return ""
    inner = "".join(re.escape(token) + _gap(token) for token in named[:-1])
    return _WORD_START + inner + re.escape(named[-1]) + _end(named[-1])


def _named(name: str) -> list[str]:
    """The words and numbers of a place without what only says what they are."""
    tokens = [token for token in _SEPARATORS.split(name) if token not in _KINDS_OF_PLACE]
    return [found[1] if (found := _NAMED_NUMBER.fullmatch(t)) else t for t in tokens if t]


def _gap(token: str) -> str:
    """What may lie between a token and the start of the next word; a number is a whole one."""
    return "([^0-9].*)?[^[:alnum:]]" if token[-1:].isdigit() else ".*[^[:alnum:]]"


def _end(token: str) -> str:
    return "($|[^0-9])" if token[-1:].isdigit() else ""
