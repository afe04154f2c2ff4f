"""How people and addresses are read, sorted and found; pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NOT_DIGITS = re.compile(r"[^0-9]+")
_BLANKS = re.compile(r"\s+")
_FLAT = re.compile(r"(?:кв(?:артира)?|flat|apt|apartment|офис|оф)\.?\s*(.+)", re.IGNORECASE)
_HOUSE = re.compile(r"(?:д(?:ом)?\.?\s*)?(\d.*)", re.IGNORECASE)
_HOUSE_AT_END = re.compile(r"(.*\D)\s+(\d+\S*)")
_NAME = re.compile(r"[^\W\d_]+\.?(?:[ ’'-]+[^\W\d_]+\.?){0,3}")
_PATRONYMICS = ("ич", "вна", "чна", "кызы", "оглы")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a subscriber is served: a building and the flat in it; empty parts are not known."""

    district: str = ""
    street: str = ""
    house: str = ""
    flat: str = ""


def name_key(text: str) -> str:
    """What people are sorted and found by: lower case, ё as е, single blanks.

    >>> name_key("  Семёнов  Пётр ")
    'семенов петр'
    """
    return _BLANKS.sub(" ", text.strip().lower().replace("ё", "е"))


def phone_digits(text: str) -> str:
    """A telephone as digits with the country's code; a Russian trunk 8 becomes 7.

    >>> phone_digits("8 (912) 345-67-89"), phone_digits("912 345 67 89")
    ('79123456789', '79123456789')
    """
    digits = _NOT_DIGITS.sub("", text)
    if len(digits) == 11 and digits.startswith("8") and not text.strip().startswith("+"):
        return "7" + digits[1:]
    if len(digits) == 10 and digits.startswith("9"):
        return "7" + digits
    return digits


def read_address(text: str) -> Address:
    """Read an address written in one line, parts between commas: district, street, house, flat.

    >>> read_address("Центр, Мира, 8, кв. 12")
    Address(district='Центр', street='Мира', house='8', flat='12')
    """
    named: list[str] = []
    house = flat = ""
    for part in (_BLANKS.sub(" ", p.strip()) for p in text.split(",")):
        if found := _FLAT.fullmatch(part):
            flat = found[1]
        elif named and not house and (found := _HOUSE.fullmatch(part)):
            house = found[1]
        elif house and not flat and part[:1].isdigit():
            flat = part
        elif part:
            named.append(part)
    if named and not house and (found := _HOUSE_AT_END.fullmatch(named[-1])):
        named[-1], house = found[1], found[2]
    return Address(", ".join(named[:-1]), named[-1] if named else "", house, flat)


def address_key(address: Address) -> str:
    """What addresses are found by: street, house and flat, normalised as names are."""
    return name_key(f"{address.street} {address.house} {address.flat}")


def spoken_name(name: str) -> str:
    """How a person is spoken to: the first name and patronymic of a Russian full name.

    >>> spoken_name("Орлова Ирина Олеговна"), spoken_name("ООО «Вектор»"), spoken_name("Анна")
    ('Ирина Олеговна', 'ООО «Вектор»', 'Анна')
    """
    parts = name.split()
    patronymic = len(parts) == 3 and parts[2].lower().endswith(_PATRONYMICS)
    return " ".join(parts[1:]) if patronymic else " ".join(parts)


def name_typed(text: str) -> str:
    """What a stranger typed as a name, as a letter may greet by it: nothing where it is more than one.

    The letter goes to an address that the same stranger typed: it must carry no words of theirs.

    >>> name_typed("Орлова Ирина Олеговна"), name_typed("Приз: evil.example"), name_typed("8 800 5")
    ('Ирина Олеговна', '', '')
    """
    return spoken_name(text) if _NAME.fullmatch(text) else ""
