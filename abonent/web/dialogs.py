"""Declared dialogs: fields, what would come of them, and what they do.

A declaration answers four questions: what is shown when it opens, which fields it has, what would
come of it, what it does. The rest is here once: the same form as a dialog and as a page of its own,
mistakes beside their fields, a form sent twice done once, what was typed kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import N_, _
from abonent.web.access import PageRoute
from abonent.web.fields import Choices, Field, Kind, Values, read_fields, texts_of
from abonent.web.forms import by_field, go_to
from abonent.web.identifying import asked_of, stand_before
from abonent.web.pages.acting import (
    ANSWERED_IN_PLACE,
    WHOLE,
    answer,
    carries_out,
    new_key,
    once,
    said,
)
from abonent.web.render import signed_in

_TEMPLATE = "dialog.html"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What a dialog shows when it opens.

    `given` are the texts its fields begin with, `choices` what its choices offer, `back` where
    closing it leads, `about` the line under the title, `context` what its own template shows.
    `can` is False where nothing can be done: the template says why.
    """

    back: str
    given: Mapping[str, str] = field(default_factory=dict)
    about: str = ""
    choices: Mapping[str, Choices] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    can: bool = True


@dataclass(frozen=True, kw_only=True)
class Dialog:
    """A dialog at `path` for who holds `right`; `title` and `commit` are English message ids.

    `do` carries it out and answers the address to go to. `preview` answers, without changing
    anything, what its template's block "outcome" shows while one types. `names` gives the form's
    field for an error's field where they differ. `body_limit` is for dialogs that take a file.
    `prepare` runs before the transaction of `do` and answers the values it gets: slow work such as
    keeping a file, harmless when it is done twice. `identity` is the action of the identity levels
    (content: identity/levels.toml) that it carries out for whoever asks.
    """

    path: str
    right: str
    title: str
    commit: str
    opened: Callable[[Request], Awaitable[Opened]]
    do: Callable[[Request, Values], Awaitable[str]]
    fields: tuple[Field, ...] = ()
    preview: Callable[[Request, Values], Awaitable[Mapping[str, Any]]] | None = None
    above: str = ""
    below: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    body_limit: int | None = None
    prepare: Callable[[Request, Values], Awaitable[Values]] | None = None
    identity: str = ""

    @property
    def routes(self) -> tuple[PageRoute, PageRoute]:
        """The two routes: opening it and sending its form."""
        return (
            PageRoute(self.path, partial(_show, self), right=self.right),
            PageRoute(
                self.path,
                partial(_send, self),
                right=self.right,
                methods=("POST",),
                body_limit=self.body_limit,
            ),
        )

    @property
    def labels(self) -> dict[str, str]:
        """The label of each field (English message ids), by its name."""
        return {field.name: field.label for field in self.fields}

    @property
    def takes_files(self) -> bool:
        """Tell whether a field takes a file."""
        return any(asked.kind is Kind.FILE for asked in self.fields)


async def _show(dialog: Dialog, request: Request) -> Response:
    opened = await dialog.opened(request)
    given = {"key": new_key(), **opened.given}
    outcome: Mapping[str, Any] = {}
    if dialog.preview is not None and opened.can:
        try:
            values = read_fields(dialog.fields, given, choices=opened.choices, typing=True)
            outcome = await dialog.preview(request, values)
        except ANSWERED_IN_PLACE:
            outcome = {}
    context = await _context(dialog, request, opened, given, outcome)
    return answer(request, _TEMPLATE, context, error=None)


async def _send(dialog: Dialog, request: Request) -> Response:
    async with request.form() as form:
        return await _answered(dialog, request, form)


async def _answered(dialog: Dialog, request: Request, form: FormData) -> Response:
    given = texts_of(form)
    opened = await dialog.opened(request)
    outcome: Mapping[str, Any] = {}
    error: DomainError | None = None
    errors: dict[str, str] = {}
    try:
        values = read_fields(
            dialog.fields, form, choices=opened.choices, typing=not carries_out(given)
        )
        if carries_out(given):
            if dialog.prepare is not None:
                values = dict(await dialog.prepare(request, values))
            return go_to(request, await _done(dialog, request, given, values))
        if dialog.preview is not None:
            outcome = await dialog.preview(request, values)
    except ANSWERED_IN_PLACE as wrong:
        error, errors = wrong, _errors(dialog, wrong, given)
    context = await _context(dialog, request, opened, given, outcome)
    context |= {"errors": errors, "error": error}
    return answer(request, _TEMPLATE, context, error=error if errors else None)


async def _done(dialog: Dialog, request: Request, given: Mapping[str, str], values: Values) -> str:
    """Carry the form out; the same form sent again answers where the first one led."""
    key = given.get("key", "")
    if not key:
        raise Malformed.of(WHOLE, "", _LOST_KEY)
    # What a key remembers is a plain digest: a password could be guessed from it.
    secret = {field.name for field in dialog.fields if field.kind is Kind.PASSWORD}
    told = {name: text for name, text in given.items() if name not in secret}
    asked = "\n".join(f"{name}={text}" for name, text in sorted(told.items()))

    async def work() -> str:
        await stand_before(request, dialog.identity, given)
        return await dialog.do(request, values)

    return await once(
        key[:200],
        by=signed_in(request).actor,
        request=f"{request.url.path}\n{asked}",
        work=work,
    )


_LOST_KEY = N_("Open the form again: it has lost its key.")


def _errors(dialog: Dialog, wrong: DomainError, given: Mapping[str, str]) -> dict[str, str]:
    """What is wrong by field; while one still types, an empty field is not yet a mistake."""
    if isinstance(wrong, Malformed):
        if not given.get("step"):
            typed = tuple(e for e in wrong.errors if given.get(e.field, "").strip())
            return dict(by_field(typed))
        return dict(by_field(wrong.errors))
    names = {asked.name: asked.name for asked in dialog.fields}
    return said(wrong, names | dict(dialog.names))


async def _context(
    dialog: Dialog,
    request: Request,
    opened: Opened,
    given: Mapping[str, str],
    outcome: Mapping[str, Any],
) -> dict[str, Any]:
    choices = {
        asked.name: opened.choices.get(asked.name)
        or [(value, _(words)) for value, words in asked.choices]
        for asked in dialog.fields
    }
    return {
        "dialog": dialog,
        "opened": opened,
        "given": given,
        "choices": choices,
        "outcome": outcome,
        "errors": {},
        "error": None,
        "who_asks": await asked_of(request, dialog.identity) if opened.can else None,
        "action": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        **opened.context,
    }
