"""A new script, empty or as another one is played now; a script withdrawn and brought back."""

from __future__ import annotations

from starlette.requests import Request

from abonent.crm.queries.scripts import playable_script, playable_scripts
from abonent.crm.service import script_making as service
from abonent.kernel.i18n import N_
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values, texts_of
from abonent.web.pages.ticking import roles_of_staff, ticked_roles
from abonent.web.render import signed_in


async def _opened(request: Request) -> Opened:
    """Empty, or with the script in the address chosen as the one to begin with."""
    scripts, source = await playable_scripts(), request.query_params.get("from", "")
    given = {"source": source} if source in scripts else {}
    return Opened(
        back="/scripts",
        given=given,
        choices={"source": [(slug, one.script.title) for slug, one in scripts.items()]},
        context={"offered": await roles_of_staff()},
    )


async def _make(request: Request, values: Values) -> str:
    slug = await service.make_script(
        values["title"],
        by=signed_in(request).actor,
        about=values["about"],
        roles=ticked_roles(texts_of(await request.form()), await roles_of_staff()),
        slug=values["slug"],
        source=values["source"] or "",
    )
    return f"/scripts/{slug}/draft?done=made"


MAKE = Dialog(
    path="/scripts/new",
    right="crm.script.edit",
    title=N_("New script"),
    commit=N_("Make the draft"),
    fields=(
        Field(name="title", label=N_("Title"), longest=service.LONGEST_TITLE),
        Field(
            name="about",
            label=N_("When it is played"),
            kind=Kind.AREA,
            longest=service.LONGEST_ABOUT,
            hint=N_("Who speaks with whom, at what occasion, and when not to begin."),
        ),
        Field(
            name="source",
            label=N_("It begins as a copy of"),
            kind=Kind.CHOICE,
            required=False,
            half=True,
            hint=N_("Left empty: one step and one end."),
        ),
        Field(
            name="slug",
            label=N_("Key in addresses"),
            required=False,
            longest=service.LONGEST_TITLE,
            half=True,
            hint=N_("Names it in addresses and reports. Left empty: made of the title."),
        ),
    ),
    opened=_opened,
    do=_make,
    below="scripts/roles.html",
)


async def _ending(request: Request) -> Opened:
    found = await playable_script(request.path_params["slug"])
    return Opened(back=f"/scripts/{found.slug}", about=found.script.title)


async def _withdraw(request: Request, values: Values) -> str:
    slug, by = request.path_params["slug"], signed_in(request).actor
    await service.withdraw_script(slug, by=by, why=values["why"])
    return f"/scripts/{slug}?done=withdrawn"


async def _restore(request: Request, _values: Values) -> str:
    slug = request.path_params["slug"]
    await service.restore_script(slug, by=signed_in(request).actor)
    return f"/scripts/{slug}?done=restored"


WITHDRAW = Dialog(
    path="/scripts/{slug:str}/withdraw",
    right="crm.script.edit",
    title=N_("Withdraw the script"),
    commit=N_("Take it out of use"),
    fields=(
        Field(
            name="why",
            label=N_("Why"),
            longest=service.LONGEST_WHY,
            hint=N_("Nobody begins it any more; conversations under way go on, results stay."),
        ),
    ),
    opened=_ending,
    do=_withdraw,
)
RESTORE = Dialog(
    path="/scripts/{slug:str}/restore",
    right="crm.script.edit",
    title=N_("Bring the script back"),
    commit=N_("Bring it back"),
    opened=_ending,
    do=_restore,
)
