"""The form of an article: its fields, what they offer, and how they are read back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.routing import Match

from abonent.crm.articles import ArticleDraft
from abonent.crm.queries.scripts import playable_scripts
from abonent.crm.rules.articles import LONGEST
from abonent.crm.rules.knowledge import KINDS
from abonent.crm.topics import classifier
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_, _
from abonent.web.access import PUBLIC, PageRoute
from abonent.web.fields import Choices, Field, Kind, read_fields
from abonent.web.pages.ticking import given_roles, roles_of_staff, ticked_roles

LEVELS = (
    N_("Anybody: nothing of an account is told"),
    N_("Who named the account and the address or phone"),
    N_("Only after the passport or a code"),
)
"""How sure one must be of who asks."""
_OF_ACCOUNT = re.compile(r"^/accounts/[^/]+")
_BETWEEN = re.compile(r"[,;\n]+")

KEY = Field(
    name="slug",
    label=N_("Key in addresses"),
    required=False,
    longest=LONGEST["title"],
    hint=N_("Names it in addresses and links. Left empty: made of the title."),
)
ANSWER = (
    Field(name="title", label=N_("Title"), longest=LONGEST["title"]),
    Field(
        name="question",
        label=N_("Question"),
        required=False,
        longest=LONGEST["question"],
        hint=N_("As a client asks it."),
    ),
    Field(
        name="keywords",
        label=N_("Words people ask with"),
        required=False,
        longest=LONGEST["keywords"],
        hint=N_("With commas between: refund, money back, overpaid."),
    ),
    Field(
        name="body",
        label=N_("The answer"),
        kind=Kind.AREA,
        required=False,
        longest=LONGEST["body"],
        hint=N_(
            "An empty line begins a paragraph, “- ” a point of a list, “## ” a heading;"
            " **two stars** make words bold."
        ),
        attributes={"rows": 16},
    ),
)
DESK = (
    Field(
        name="look",
        label=N_("Where to look"),
        kind=Kind.AREA,
        required=False,
        longest=LONGEST["look"],
        hint=N_("One place a line: Card → Charges."),
    ),
    Field(
        name="staff",
        label=N_("For staff only"),
        kind=Kind.AREA,
        required=False,
        longest=LONGEST["staff"],
        hint=N_("What only employees read; it never stands on the portal."),
    ),
    Field(
        name="form",
        label=N_("Page where it is done"),
        required=False,
        longest=LONGEST["form"],
        hint=N_("Open the page and copy its address: of a card, it becomes that of any card."),
    ),
    Field(name="script", label=N_("Script"), kind=Kind.CHOICE, required=False),
    Field(name="level", label=N_("Who may ask"), kind=Kind.CHOICE),
)
SHELF = (
    Field(name="type", label=N_("Its subject"), kind=Kind.CHOICE, open=True),
    Field(
        name="topic",
        label=N_("Topic of requests"),
        kind=Kind.CHOICE,
        required=False,
        hint=N_("Requests of this topic lead to the article."),
    ),
    Field(name="review_on", label=N_("To be looked through by"), kind=Kind.DAY),
    Field(
        name="public",
        label=N_("The answer stands on the subscriber's portal too"),
        kind=Kind.TICK,
    ),
)
_ALL = (*ANSWER, *DESK, *SHELF)


@dataclass(frozen=True, slots=True)
class Offered:
    """What the choices of the form offer, and the roles to tick."""

    choices: Mapping[str, Choices]
    roles: Choices


async def offered() -> Offered:
    """Read what the form offers, in the reader's language."""
    topics = await classifier()
    groups = {group.code: group.name for group in topics.group}
    scripts = await playable_scripts()
    return Offered(
        {
            "type": [(code, _(words)) for code, words in KINDS.items()],
            "topic": [(one.code, f"{groups[one.group]}: {one.name}") for one in topics.topic],
            "script": [(slug, one.script.title) for slug, one in scripts.items()],
            "level": [(str(level), _(words)) for level, words in enumerate(LEVELS)],
        },
        await roles_of_staff(),
    )


def given_of(article: ArticleDraft) -> dict[str, str]:
    """What the form begins with for an article."""
    given = {name: getattr(article, name) for name in ("title", "question", "body", "staff")}
    return (
        given
        | given_roles(article.roles)
        | {
            "keywords": ", ".join(article.keywords),
            "look": "\n".join(article.look),
            "form": article.form,
            "script": article.script,
            "level": str(article.level),
            "type": article.type,
            "topic": next(iter(article.topics), ""),
            "review_on": article.review_on.isoformat(),
            "public": "on" if article.public else "",
        }
    )


def article_in(request: Request, form: Mapping[str, str], known: Offered) -> ArticleDraft:
    """The article as it was typed. Raises Malformed naming every field that cannot be read."""
    wrong: list[FieldError] = []
    values, page = {}, ""
    try:
        values = read_fields(_ALL, form, choices=known.choices)
    except Malformed as error:
        wrong += error.errors
    try:
        page = page_of_desk(request, form.get("form", "").strip())
    except Malformed as error:
        wrong += error.errors
    if wrong:
        raise Malformed(*wrong)
    return ArticleDraft(
        title=values["title"],
        type=values["type"],
        public=values["public"],
        roles=tuple(ticked_roles(form, known.roles)),
        keywords=_listed(_BETWEEN.split(values["keywords"])),
        question=values["question"],
        look=_listed(values["look"].splitlines()),
        form=page,
        script=values["script"] or "",
        level=int(values["level"]),
        staff=values["staff"],
        review_on=values["review_on"],
        body=values["body"].replace("\r\n", "\n"),
        topics=(values["topic"],) if values["topic"] else (),
    )


def _listed(parts: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def page_of_desk(request: Request, text: str) -> str:
    """The address of a page of the desk as articles keep it: "{number}" in the place of an account.

    Raises Malformed at "form" for what is no page.
    """
    if not text:
        return ""
    try:
        path = urlsplit(text).path
    except ValueError:
        path = ""
    path = _OF_ACCOUNT.sub("/accounts/{number}", path.rstrip("/") or "/")
    scope = {"type": "http", "method": "GET", "root_path": ""}
    scope["path"] = path.replace("{number}", "1")
    for route in request.app.routes:
        at_desk = isinstance(route, PageRoute) and route.right != PUBLIC
        if at_desk and route.matches(scope)[0] is Match.FULL:
            return path
    wrong = N_("“{given}” is no page of the desk. Open the page and copy its address.")
    raise Malformed.of("form", text, wrong, given=text)
