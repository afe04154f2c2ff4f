"""Working on a claim: registered, owned, noted, put aside."""

from __future__ import annotations

from starlette.requests import Request

from abonent.crm.queries.claims import claim_people
from abonent.crm.rules.claims import DISMISSED, SUBJECTS, WORK
from abonent.crm.service.claims import working
from abonent.crm.service.claims.rows import LONGEST
from abonent.crm.service.claims.taking import register_claim
from abonent.kernel.i18n import N_, _
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.pages.claims.opened import ONE, about, back, found_of, id_of, plain
from abonent.web.render import signed_in


async def _registering(request: Request) -> Opened:
    found = await found_of(request)
    return Opened(back=back(request), about=about(found), given={"subject": found.subject})


async def _register(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await register_claim(id_of(request), by=by, subject=values["subject"])
    return back(request, "registered")


REGISTER = Dialog(
    path=f"{ONE}/register",
    right=WORK,
    title=N_("Register the claim"),
    commit=N_("Register"),
    fields=(
        Field(
            name="subject",
            label=N_("Subject"),
            kind=Kind.CHOICE,
            choices=tuple(SUBJECTS.items()),
            hint=N_("It gets its number, and the term of the answer begins."),
        ),
    ),
    opened=_registering,
    do=_register,
)


async def _dismiss(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await working.dismiss_claim(id_of(request), by=by, reason=values["reason"])
    return back(request, "dismissed")


DISMISS = Dialog(
    path=f"{ONE}/dismiss",
    right=WORK,
    title=N_("It is no claim"),
    commit=N_("Put aside"),
    fields=(
        Field(
            name="reason",
            label=N_("Why"),
            kind=Kind.CHOICE,
            choices=tuple(DISMISSED.items()),
            open=True,
        ),
    ),
    opened=plain,
    do=_dismiss,
)


async def _owning(request: Request) -> Opened:
    found = await found_of(request)
    people = await claim_people()
    mine = signed_in(request).actor
    owner = str(found.owner or (mine.id if mine.kind == "user" else ""))
    return Opened(
        back=back(request),
        about=about(found),
        given={"owner": owner, "substitute": str(found.substitute or "")},
        choices={"owner": people, "substitute": [("", _("nobody")), *people]},
    )


async def _own(request: Request, values: Values) -> str:
    await working.own_claim(
        id_of(request),
        by=signed_in(request).actor,
        owner=int(values["owner"]),
        substitute=int(values["substitute"]) if values["substitute"] else None,
    )
    return back(request, "owned")


OWN = Dialog(
    path=f"{ONE}/owner",
    right=WORK,
    title=N_("Who answers for the claim"),
    commit=N_("Set"),
    fields=(
        Field(name="owner", label=N_("Owner"), kind=Kind.CHOICE, half=True),
        Field(
            name="substitute",
            label=N_("Substitute"),
            kind=Kind.CHOICE,
            required=False,
            half=True,
        ),
    ),
    opened=_owning,
    do=_own,
)


async def _noting(request: Request) -> Opened:
    found = await found_of(request)
    return Opened(back=back(request), about=about(found), given={"kind": "finding"})


async def _note(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await working.note_claim(id_of(request), by=by, text=values["text"], kind=values["kind"])
    return back(request, "noted")


NOTE = Dialog(
    path=f"{ONE}/note",
    right=WORK,
    title=N_("What was found"),
    commit=N_("Keep"),
    fields=(
        Field(name="text", label=N_("In words"), kind=Kind.AREA, longest=LONGEST),
        Field(
            name="kind",
            label=N_("What it is"),
            kind=Kind.SEGMENTS,
            choices=tuple(working.KINDS.items()),
        ),
    ),
    opened=_noting,
    do=_note,
)
