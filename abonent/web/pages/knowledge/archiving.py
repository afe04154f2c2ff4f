"""What is done to an article as a whole: withdrawn into the archive, its draft thrown away."""

from __future__ import annotations

from starlette.requests import Request

from abonent.crm.queries.article_versions import EDIT
from abonent.crm.queries.knowledge import linking_to
from abonent.crm.service import article_versions as service
from abonent.crm.service.knowledge import article_on, articles_shown
from abonent.kernel.i18n import N_, _
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import signed_in


def _slug(request: Request) -> str:
    slug: str = request.path_params["slug"]
    return slug


async def _withdraw_opened(request: Request) -> Opened:
    shelf = await articles_shown()
    found = article_on(shelf, _slug(request), by=signed_in(request).actor)
    about = _(
        "“{title}” is found nowhere any more, at the desk and on the portal. It stays in the"
        " archive with its versions and votes, and comes back when it is published again.",
        title=found.value.title,
    )
    if linked := linking_to(found.slug, shelf):
        titles = "; ".join(linked)
        about += " " + _("Other articles link to it, change them first: {titles}.", titles=titles)
    return Opened(back=f"/knowledge/{found.slug}", about=about)


async def _withdraw(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await service.withdraw_article(_slug(request), by=by, why=values["why"])
    return "/knowledge/own?done=withdrawn"


async def _drop_opened(request: Request) -> Opened:
    about = _("What is shown stays as it is; what was written since is lost.")
    return Opened(back=f"/knowledge/{_slug(request)}/edit", about=about)


async def _drop(request: Request, _values: Values) -> str:
    await service.drop_article_draft(_slug(request), by=signed_in(request).actor)
    return "/knowledge/own?done=dropped"


ARTICLE_DIALOGS = (
    Dialog(
        path="/knowledge/{slug:str}/withdraw",
        right=EDIT,
        title=N_("Withdraw the article"),
        commit=N_("Into the archive"),
        fields=(Field(name="why", label=N_("Why"), kind=Kind.AREA, longest=service.LONGEST_WHY),),
        opened=_withdraw_opened,
        do=_withdraw,
    ),
    Dialog(
        path="/knowledge/{slug:str}/drop",
        right=EDIT,
        title=N_("Throw the draft away"),
        commit=N_("Throw it away"),
        opened=_drop_opened,
        do=_drop,
    ),
)
