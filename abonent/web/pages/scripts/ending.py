"""The ends of a draft and whose conversations it leads."""

from __future__ import annotations

from starlette.requests import Request

from abonent.crm.queries.script_versions import draft_of
from abonent.crm.rules.slugs import code_of
from abonent.crm.script_errors import EndNotFound
from abonent.crm.service import script_versions as service
from abonent.kernel.i18n import N_, _
from abonent.kernel.scripts import Outcome
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values, texts_of
from abonent.web.pages.scripts.words import KINDS
from abonent.web.pages.ticking import given_roles, roles_of_staff, ticked_roles
from abonent.web.render import signed_in


def _back(request: Request) -> str:
    return f"/scripts/{request.path_params['slug']}/draft"


def _kinds() -> list[tuple[str, str]]:
    return [(kind, _(words)) for kind, (words, _tone) in KINDS.items()]


async def _add_opened(request: Request) -> Opened:
    await draft_of(request.path_params["slug"], by=signed_in(request).actor)
    given = {"kind": "neutral"}
    return Opened(back=_back(request), given=given, choices={"kind": _kinds()})


async def _add(request: Request, values: Values) -> str:
    slug, by = request.path_params["slug"], signed_in(request).actor
    told = {name: values[name] for name in ("label", "kind")}
    ends = (await draft_of(slug, by=by)).script.outcomes
    code = values["code"] or code_of(values["label"], ends)
    await service.add_end(slug, code, by=by, **told)
    return f"{_back(request)}?done=end_added"


async def _end_of(request: Request) -> tuple[Outcome, list[str]]:
    """The end named in the address and the steps whose answers lead to it."""
    code = request.path_params["end"]
    draft = await draft_of(request.path_params["slug"], by=signed_in(request).actor)
    found = draft.script.outcomes.get(code)
    if found is None:
        raise EndNotFound(code)
    steps = [s.code for s in draft.script.step if any(a.outcome == code for a in s.answer)]
    return found, steps


async def _change_opened(request: Request) -> Opened:
    found, _steps = await _end_of(request)
    given = {"label": found.label, "kind": found.kind}
    return Opened(back=_back(request), about=found.code, given=given, choices={"kind": _kinds()})


async def _change(request: Request, values: Values) -> str:
    slug, code = request.path_params["slug"], request.path_params["end"]
    told = {name: values[name] for name in ("label", "kind")}
    await service.change_end(slug, code, by=signed_in(request).actor, **told)
    return f"{_back(request)}?done=end"


async def _remove_opened(request: Request) -> Opened:
    found, steps = await _end_of(request)
    about = _("Answers of these steps lead to it: {steps}.", steps=", ".join(steps))
    return Opened(back=_back(request), about=about if steps else found.label)


async def _remove(request: Request, _values: Values) -> str:
    slug, code = request.path_params["slug"], request.path_params["end"]
    await service.remove_end(slug, code, by=signed_in(request).actor)
    return f"{_back(request)}?done=end_removed"


async def _assign_opened(request: Request) -> Opened:
    draft = await draft_of(request.path_params["slug"], by=signed_in(request).actor)
    context = {"offered": await roles_of_staff()}
    return Opened(back=_back(request), given=given_roles(draft.script.roles), context=context)


async def _assign(request: Request, _values: Values) -> str:
    roles = ticked_roles(texts_of(await request.form()), await roles_of_staff())
    by = signed_in(request).actor
    await service.assign_draft(request.path_params["slug"], by=by, roles=roles)
    return f"{_back(request)}?done=described"


_DRAFT = "/scripts/{slug:str}/draft"
_RIGHT = "crm.script.edit"
_ENDED = (
    Field(name="label", label=N_("How it ended"), longest=100),
    Field(name="kind", label=N_("Counts as"), kind=Kind.SEGMENTS),
)
END_DIALOGS = (
    Dialog(
        path=f"{_DRAFT}/ends/new",
        right=_RIGHT,
        title=N_("Add an end"),
        commit=N_("Add"),
        fields=(
            *_ENDED,
            Field(
                name="code",
                label=N_("Code"),
                required=False,
                longest=40,
                hint=N_(
                    "Latin letters, such as LATER: reports name the end by it."
                    " Left empty: made of the words."
                ),
            ),
        ),
        opened=_add_opened,
        do=_add,
    ),
    Dialog(
        path=f"{_DRAFT}/ends/{{end:str}}",
        right=_RIGHT,
        title=N_("Change the end"),
        commit=N_("Keep"),
        fields=_ENDED,
        opened=_change_opened,
        do=_change,
    ),
    Dialog(
        path=f"{_DRAFT}/ends/{{end:str}}/remove",
        right=_RIGHT,
        title=N_("Take the end out"),
        commit=N_("Take it out"),
        opened=_remove_opened,
        do=_remove,
    ),
    Dialog(
        path=f"{_DRAFT}/roles",
        right=_RIGHT,
        title=N_("Whose script"),
        commit=N_("Keep"),
        opened=_assign_opened,
        do=_assign,
        below="scripts/roles.html",
    ),
)
