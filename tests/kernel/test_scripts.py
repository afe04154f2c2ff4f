"""Every script, objection and template of messages that comes with the product, and wrong ones."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from pydantic import ValidationError

from abonent.kernel.content import CONTENT_FOLDER, load_content
from abonent.kernel.scripts import Objection, Script, holds, placeholders_of, urgency
from abonent.kernel.templates import MessageTemplate, parts_of

LEAST_OBJECTIONS = 30
WRITTEN = """
title = "Test"
document = "0"
roles = ["office"]
about = ""
begin = "a"
outcome = [{code = "YES", label = "yes", kind = "good"}]
step = [
  {code = "a", stage = "contact", say = "{name}?", answer = [{text = "on", to = "b"}]},
  {code = "b", stage = "close", say = "So?", answer = [{text = "yes", outcome = "YES"}]},
]
"""


def test_every_script_can_be_played_to_each_of_its_ends() -> None:
    scripts = load_content("scripts", Script, language="ru")
    assert {one.value.document for one in scripts.values()} == {"", "3.3.3", "3.3.4", "3.3.6"}


def test_the_book_of_objections_names_scripts_that_are_there() -> None:
    objections = load_content("objections", Objection, language="ru")
    scripts = {path.stem for path in (CONTENT_FOLDER / "ru" / "scripts").glob("*.toml")}
    assert len({one.value.objection for one in objections.values()}) >= LEAST_OBJECTIONS
    assert all(set(one.value.scripts) <= scripts for one in objections.values())


def test_every_template_fits_and_says_the_same_in_both_languages() -> None:
    russian, english = (
        load_content("messages", MessageTemplate, language=language) for language in ("ru", "en")
    )
    assert russian.keys() == english.keys()
    for code, one in russian.items():
        other = english[code].value
        assert one.value.code == other.code == code
        assert set(one.value.longest) == set(other.longest), code
        assert (one.value.kind, one.value.cap) == (other.kind, other.cap), code


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('to = "b"', 'to = "c"', "no step c"),
        ('to = "b"', 'outcome = "YES"', "b is never reached"),
        ('outcome = "YES"', 'to = "a"', "leads to no end"),
        ('outcome = "YES"', 'outcome = "NO"', "no outcome NO"),
        ('to = "b"', 'to = "b", outcome = "YES"', "either"),
        ('to = "b"', 'to = "b", when = "debt"', "no answer is always there"),
        ('to = "b"', 'to = "b", when = "rain"', "unknown condition rain"),
        ("{name}", "{nobody}", "unknown placeholders nobody"),
        ('about = ""', 'about = ""\nwhen = ["not rain"]', "unknown condition: not rain"),
        ('begin = "a"', 'begin = "z"', "which is no step"),
        ('code = "b"', 'code = "a"', "two steps a"),
    ],
)
def test_a_script_that_goes_nowhere_is_refused(was: str, becomes: str, told: str) -> None:
    assert Script.model_validate(tomllib.loads(WRITTEN))
    with pytest.raises(ValidationError, match=told):
        Script.model_validate(tomllib.loads(WRITTEN.replace(was, becomes, 1)))


def test_a_condition_is_asked_of_the_card() -> None:
    assert holds("", ())
    assert holds("debt", {"debt"})
    assert not holds("debt", ())
    assert holds("not debt", {"company"})
    assert not holds("not debt", {"debt"})


def test_what_the_card_asks_for_is_offered_first_and_what_it_speaks_against_last() -> None:
    scripts = load_content("scripts", Script, language="ru")

    def offered(*facts: str) -> list[str]:
        return sorted(scripts, key=lambda slug: urgency(scripts[slug].value, set(facts)))

    cut = offered("suspended", "debt", "person")
    assert cut[0] == "suspended"
    assert cut[1] == "no-internet"
    assert offered()[-1] == "suspended"
    owes = offered("debt", "person")
    assert owes[0] == "no-internet", "not cut off: nothing is sold to who owes"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("x" * 160, 1), ("x" * 161, 2), ("x" * 306, 2), ("x" * 307, 3), ("€" * 80, 1),
        ("€" * 81, 2), ("Я" * 70, 1), ("Я" * 71, 2), ("Я" * 134, 2), ("Я" * 135, 3),
        ("x" * 69 + "₽", 1), ("🙂" * 35, 1), ("🙂" * 36, 2),
    ],
)  # fmt: skip
def test_parts_are_counted_as_networks_do(text: str, parts: int) -> None:
    assert parts_of(text) == parts


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"text": "{company} {phone}" + "Ы" * 60}, "takes 2 SMS"),
        ({"text": "{company}"}, "names the creditor"),
        ({"longest": {"company": 5, "phone": 5, "sum": 3}}, "`longest` names"),
    ],
)
def test_a_template_that_does_not_fit_is_refused(changes: dict[str, Any], told: str) -> None:
    given = {
        "code": "debt", "title": "Debt", "class": "debt", "channels": ["sms"], "window": "debt",
        "parts": 1, "text": "{company}: долг, {phone}", "subject": "{phone}",
        "longest": {"company": 5, "phone": 5},
    }  # fmt: skip
    assert MessageTemplate.model_validate(given)
    with pytest.raises(ValidationError, match=told):
        MessageTemplate.model_validate(given | changes)


@pytest.mark.parametrize("piece", ["{name!r}", "{name:>9}", "{name:{phone}}", "{name"])
def test_a_name_in_braces_stands_alone(piece: str) -> None:
    assert placeholders_of("Добрый день, {name}") == {"name"}
    with pytest.raises(ValueError):
        placeholders_of(f"Добрый день, {piece}")
