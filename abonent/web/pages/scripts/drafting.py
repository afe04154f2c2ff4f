"""What is done to a draft of a script as a whole: steps added and taken out, published, dropped."""

from __future__ import annotations

from starlette.requests import Request

from abonent.crm.queries.script_versions import draft_of
from abonent.crm.queries.scripts import playable_scripts
from abonent.crm.rules.slugs import code_of
from abonent.crm.script_errors import StepNotFound
from abonent.crm.service import script_versions as service
from abonent.kernel.i18n import N_, _
from abonent.kernel.scripts import Stage
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.scripts.telling import in_short, places_of
from abonent.web.pages.scripts.words import STAGES
from abonent.web.render import signed_in

LONGEST_SAY = 1000
_DIGITS = 10


def _back(request: Request, done: str = "") -> str:
    slug = request.path_params["slug"]
    return f"/scripts/{slug}/draft" + (f"?done={done}" if done else "")


async def _add_opened(request: Request) -> Opened:
    await draft_of(request.path_params["slug"], by=signed_in(request).actor)
    return Opened(back=_back(request), choices={"stage": _stage_choices()})


def _stage_choices() -> list[tuple[str, str]]:
    return [(stage.value, _(words)) for stage, words in STAGES.items()]


async def _add(request: Request, values: Values) -> str:
    slug, by = request.path_params["slug"], signed_in(request).actor
    steps = (await draft_of(slug, by=by)).script.steps
    code = values["code"] or code_of(values["say"], steps)
    await service.add_step(slug, code, by=by, stage=Stage(values["stage"]), say=values["say"])
    return f"/scripts/{slug}/draft/steps/{code}"


async def _remove_opened(request: Request) -> Opened:
    code = request.path_params["step"]
    draft = await draft_of(request.path_params["slug"], by=signed_in(request).actor)
    step = draft.script.steps.get(code)
    if step is None:
        raise StepNotFound(code)
    leading = [s.code for s in draft.script.step if any(a.to == step.code for a in s.answer)]
    about = _("Answers of these steps lead to it: {steps}.", steps=", ".join(leading))
    return Opened(back=_back(request), about=about if leading else in_short(step.say))


async def _remove(request: Request, _values: Values) -> str:
    slug, step = request.path_params["slug"], request.path_params["step"]
    await service.remove_step(slug, step, by=signed_in(request).actor)
    return _back(request, "removed")


async def _describe_opened(request: Request) -> Opened:
    script = (await draft_of(request.path_params["slug"], by=signed_in(request).actor)).script
    given = {"title": script.title, "about": script.about, "begin": script.begin}
    steps = list(places_of(script).items())
    return Opened(back=_back(request), given=given, choices={"begin": steps})


async def _describe(request: Request, values: Values) -> str:
    slug, by = request.path_params["slug"], signed_in(request).actor
    told_of = {name: values[name] for name in ("title", "about", "begin")}
    await service.describe_draft(slug, by=by, **told_of)
    return _back(request, "described")


async def _publish_opened(request: Request) -> Opened:
    draft = await draft_of(request.path_params["slug"], by=signed_in(request).actor)
    wrong = [mistake.text() for mistake in draft.script.mistakes()]
    about = _("It cannot be published yet: {mistakes}", mistakes=" ".join(wrong))
    if not wrong:
        about = _("It is played from now on. Conversations under way end by the old text.")
    given = {} if await _is_played(request) else {"note": _("The first version")}
    return Opened(back=_back(request), about=about, can=not wrong, given=given)


async def _is_played(request: Request) -> bool:
    """Tell whether there is a version of the script before this one."""
    return request.path_params["slug"] in await playable_scripts()


async def _publish(request: Request, values: Values) -> str:
    """Publish the draft as its page showed it; without a page, as it stands."""
    slug, by = request.path_params["slug"], signed_in(request).actor
    draft, text = await draft_of(slug, by=by), request.query_params.get("seen", "")
    seen = int(text) if text.isdecimal() and len(text) < _DIGITS else draft.version
    await service.publish_draft(slug, by=by, seen=seen, note=values["note"])
    return f"/scripts/{slug}?done=published"


async def _drop_opened(request: Request) -> Opened:
    await draft_of(request.path_params["slug"], by=signed_in(request).actor)
    about = _("What is played stays as it is; the changes are lost.")
    if not await _is_played(request):
        about = _("It was never published: nothing of it stays.")
    return Opened(back=_back(request), about=about)


async def _drop(request: Request, _values: Values) -> str:
    slug = request.path_params["slug"]
    await service.drop_draft(slug, by=signed_in(request).actor)
    return f"/scripts/{slug}?done=dropped" if await _is_played(request) else "/scripts?done=dropped"


_DRAFT = "/scripts/{slug:str}/draft"
_RIGHT = "crm.script.edit"
_STAGE = Field(name="stage", label=N_("Stage"), kind=Kind.CHOICE)
DRAFT_DIALOGS = (
    Dialog(
        path=f"{_DRAFT}/new-step",
        right=_RIGHT,
        title=N_("Add a step"),
        commit=N_("Add"),
        fields=(
            Field(name="say", label=N_("What is said"), kind=Kind.AREA, longest=LONGEST_SAY),
            _STAGE,
            Field(
                name="code",
                label=N_("Code"),
                required=False,
                longest=40,
                hint=N_(
                    "Latin letters, such as ask_price: reports name the step by it."
                    " Left empty: made of the words."
                ),
            ),
        ),
        opened=_add_opened,
        do=_add,
    ),
    Dialog(
        path=f"{_DRAFT}/steps/{{step:str}}/remove",
        right=_RIGHT,
        title=N_("Take the step out"),
        commit=N_("Take it out"),
        opened=_remove_opened,
        do=_remove,
    ),
    Dialog(
        path=f"{_DRAFT}/describe",
        right=_RIGHT,
        title=N_("Title and beginning"),
        commit=N_("Keep"),
        fields=(
            Field(name="title", label=N_("Title"), longest=120),
            Field(name="about", label=N_("When it is played"), kind=Kind.AREA, longest=LONGEST_SAY),
            Field(name="begin", label=N_("It begins with"), kind=Kind.CHOICE),
        ),
        opened=_describe_opened,
        do=_describe,
    ),
    Dialog(
        path=f"{_DRAFT}/publish",
        right=_RIGHT,
        title=N_("Publish the version"),
        commit=N_("Publish"),
        fields=(
            Field(
                name="note",
                label=N_("What was changed and why"),
                kind=Kind.AREA,
                longest=500,
            ),
        ),
        opened=_publish_opened,
        do=_publish,
    ),
    Dialog(
        path=f"{_DRAFT}/drop",
        right=_RIGHT,
        title=N_("Throw the draft away"),
        commit=N_("Throw it away"),
        opened=_drop_opened,
        do=_drop,
    ),
)
