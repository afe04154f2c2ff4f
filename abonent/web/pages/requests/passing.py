"""Where a request stands: to whom the task goes, what it waits for, what it is about, whose it is."""

from __future__ import annotations

from starlette.requests import Request

from abonent.crm.queries.requests import people_of
from abonent.crm.rules.requests import TEAMS, WAITED_FOR, WAITED_WITHIN
from abonent.crm.service.requests import working
from abonent.crm.topics import classifier
from abonent.kernel.i18n import N_, _
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Choices, Field, Kind, Values
from abonent.web.pages.requests.opened import ONE, WORK, about, back, found_of, plain
from abonent.web.render import signed_in


async def _passing(request: Request) -> Opened:
    found = await found_of(request)
    team = request.query_params.get("team", found.team)
    people: Choices = [("", _("anybody of the team")), *(await people_of(team))]
    return Opened(
        back=back(request),
        about=about(found),
        given={"team": team},
        choices={"owner": people},
        context={"found": found},
    )


async def _pass(request: Request, values: Values) -> str:
    await working.pass_request(
        request.path_params["request"],
        by=signed_in(request).actor,
        team=values["team"],
        owner=int(values["owner"]) if values["owner"] else None,
        note=values["note"],
    )
    return back(request, "passed")


PASS = Dialog(
    path=f"{ONE}/pass",
    right=WORK,
    title=N_("Pass the task on"),
    commit=N_("Pass on"),
    fields=(
        Field(name="team", label=N_("Team"), kind=Kind.CHOICE, choices=tuple(TEAMS.items())),
        Field(name="owner", label=N_("To whom"), kind=Kind.CHOICE, required=False),
        Field(
            name="note",
            label=N_("What is to be done"),
            kind=Kind.AREA,
            required=False,
            longest=working.LONGEST_NOTE,
        ),
    ),
    opened=_passing,
    do=_pass,
    above="requests/passing.html",
)


async def _classifying(request: Request) -> Opened:
    found = await found_of(request)
    topics = [(one.code, one.name) for one in (await classifier()).topic]
    given = {"topic": found.topic}
    return Opened(back=back(request), about=about(found), given=given, choices={"topic": topics})


async def _classify(request: Request, values: Values) -> str:
    number, by = request.path_params["request"], signed_in(request).actor
    await working.classify_request(number, by=by, topic=values["topic"])
    return back(request, "classified")


CLASSIFY = Dialog(
    path=f"{ONE}/topic",
    right=WORK,
    title=N_("Topic"),
    commit=N_("Set the topic"),
    fields=(
        Field(
            name="topic",
            label=N_("Topic"),
            kind=Kind.CHOICE,
            hint=N_("Urgency, term and team follow from it."),
        ),
    ),
    opened=_classifying,
    do=_classify,
)


async def _naming(request: Request) -> Opened:
    found = await found_of(request)
    given = {"account": found.account or ""}
    return Opened(back=back(request), about=about(found), given=given)


async def _name(request: Request, values: Values) -> str:
    number, by = request.path_params["request"], signed_in(request).actor
    await working.name_account(number, by=by, account=values["account"])
    return back(request, "named")


NAME = Dialog(
    path=f"{ONE}/account",
    right=WORK,
    title=N_("Whose request it is"),
    commit=N_("Name the account"),
    fields=(Field(name="account", label=N_("Account"), longest=40),),
    opened=_naming,
    do=_name,
    names={"number": "account"},
)


def _waiting(whom: str, title: str, reasons: dict[str, str], hint: str) -> Dialog:
    async def wait(request: Request, values: Values) -> str:
        await working.wait_for(
            request.path_params["request"],
            by=signed_in(request).actor,
            whom=whom,
            reason=values["reason"],
            note=values["note"],
        )
        return back(request, "wait")

    return Dialog(
        path=f"{ONE}/wait-{whom}",
        right=WORK,
        title=title,
        commit=N_("Let it wait"),
        fields=(
            Field(
                name="reason",
                label=N_("For what"),
                kind=Kind.SEGMENTS,
                choices=tuple(reasons.items()),
                hint=hint,
            ),
            Field(
                name="note",
                label=N_("Note for colleagues"),
                kind=Kind.AREA,
                required=False,
                longest=working.LONGEST_NOTE,
            ),
        ),
        opened=plain,
        do=wait,
    )


WAIT_CLIENT = _waiting(
    "client", N_("Wait for the client"), WAITED_FOR, N_("The term stands still meanwhile.")
)
WAIT_TECH = _waiting(
    "tech", N_("Wait for colleagues"), WAITED_WITHIN, N_("The term goes on: the client waits too.")
)
