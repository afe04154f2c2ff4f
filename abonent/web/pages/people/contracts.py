"""Contracts: correcting and moving them, giving the account to another owner, printing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.billing.queries.accounts import read_account
from abonent.billing.queries.entities import legal_entity, legal_entity_of
from abonent.crm.errors import NobodyNamed
from abonent.crm.numbering import check_pattern
from abonent.crm.numbering import number_of as number_of_plan
from abonent.crm.papers import contract_paper, owner_act_paper
from abonent.crm.queries import face_of
from abonent.crm.queries.cards import Contract, contract_of, number_plan_of
from abonent.crm.service.contracts import MOVES, ContractState, correct_contract, move_contract
from abonent.crm.service.numbers import set_number_plan
from abonent.crm.service.owners import TakeOver, change_owner, preview_owner
from abonent.crm.service.subscribers import NewSubscriber
from abonent.kernel.documents.printing import print_document, record_printed
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_, _
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.files import pdf_answer
from abonent.web.forms import local_path
from abonent.web.pages.money.account import METHODS
from abonent.web.pages.people.frame import (
    ABOVE,
    choices,
    face,
    number_of,
    open_day,
    saying_who,
    seen,
)
from abonent.web.pages.people.words import BORDERS, CONTRACT_MOVES, CONTRACT_STATES, PERSON_KINDS
from abonent.web.render import desk_of, signed_in

_ONE = "/accounts/{number:str}"
_EDIT = "crm.contract.edit"


def _back(request: Request, done: str = "") -> str:
    return f"/accounts/{number_of(request)}/documents" + (f"?done={done}" if done else "")


async def _contract(request: Request) -> Contract:
    own = await face(request)
    found = await contract_of(own.account_id, by=signed_in(request).actor)
    if found is None:
        raise NobodyNamed(own.number)
    return found


async def _correcting(request: Request) -> Opened:
    found = await _contract(request)
    given = {
        "number": found.number,
        "signed_on": found.signed_on.isoformat(),
        "border": found.border,
        "border_text": found.border_text,
        "version": str(found.version),
    }
    return Opened(back=_back(request), given=given, choices={"border": choices(BORDERS)})


async def _correct(request: Request, values: Values) -> str:
    work = correct_contract(
        number_of(request),
        by=signed_in(request).actor,
        seen=await seen(request),
        contract=values["number"],
        signed_on=values["signed_on"],
        border=values["border"],
        border_text=values["border_text"],
    )
    await saying_who(work)
    return _back(request, "contract")


async def _moving(request: Request) -> Opened:
    found = await _contract(request)
    onward = MOVES[ContractState(found.state)]
    others = tuple(state for state in CONTRACT_MOVES if state not in onward)
    word = _(CONTRACT_STATES[found.state][0])
    return Opened(
        back=_back(request),
        about=_("Contract {number}: {state}", number=found.number, state=word),
        given={"state": onward[0] if onward else "", "version": str(found.version)},
        choices={"state": choices(CONTRACT_MOVES, without=others)},
        can=bool(onward),
    )


async def _move(request: Request, values: Values) -> str:
    work = move_contract(
        number_of(request),
        by=signed_in(request).actor,
        to=ContractState(values["state"]),
        seen=await seen(request),
        ends_on=values["ends_on"],
        reason=values["reason"],
    )
    await saying_who(work)
    return _back(request, "contract")


async def _handing(request: Request) -> Opened:
    own = await face(request)
    view = await read_account(own.number, by=signed_in(request).actor)
    ticked = dict.fromkeys(("services", "equipment", "balance"), "on")
    return Opened(
        back=_back(request),
        about=_("Now: {name}, contract {contract}", name=own.name, contract=own.contract),
        given=ticked | {"kind": "person", "refund_by": "cash"},
        choices={"kind": choices(PERSON_KINDS)},
        context={"debt": max(-view.balance, 0)},
    )


async def _over(request: Request, values: Values) -> TakeOver:
    """What the form asks for: a subscriber known by an account, or somebody new."""
    owner: int | NewSubscriber
    if values["account"]:
        other = await face_of(values["account"], by=signed_in(request).actor)
        if other is None:
            nobody = N_("Nobody is named for account {account}.")
            raise Malformed.of("account", values["account"], nobody, account=values["account"])
        owner = other.subscriber
    elif values["name"]:
        texts = {name: values[name] for name in ("name", "kind", "phone", "email")}
        owner = NewSubscriber(**texts)
    else:
        either = N_("Give the new owner's name, or an account of theirs.")
        raise Malformed(FieldError("name", "", either))
    ticks = {name: values[name] for name in ("services", "equipment", "balance", "debt")}
    refund_by = values["refund_by"] or "cash"
    return TakeOver(owner=owner, contract=values["contract"], refund_by=refund_by, **ticks)


async def _preview(request: Request, values: Values) -> Mapping[str, Any]:
    over = await _over(request, values)
    by = signed_in(request).actor
    return {"handover": await preview_owner(number_of(request), by=by, over=over)}


async def _hand(request: Request, values: Values) -> str:
    over = await _over(request, values)
    await change_owner(number_of(request), by=signed_in(request).actor, over=over)
    return _back(request, "owner")


async def _numbering(request: Request) -> Opened:
    entity, by = request.path_params["entity"], signed_in(request).actor
    found = await legal_entity(entity, by=by)
    pattern, version = await number_plan_of(entity, "contract", by=by)
    return Opened(
        back=local_path(request.query_params.get("back", "/")),
        about=found.requisites.name,
        given={"pattern": pattern, "version": str(version)},
    )


async def _example(_request: Request, values: Values) -> Mapping[str, Any]:
    text = check_pattern(values["pattern"])
    day = await open_day()
    return {"example": number_of_plan(text, day, 1)}


async def _number(request: Request, values: Values) -> str:
    entity, by = request.path_params["entity"], signed_in(request).actor
    work = set_number_plan(
        entity, "contract", by=by, pattern=values["pattern"], seen=await seen(request)
    )
    await saying_who(work)
    return local_path(request.query_params.get("back", "/"))


async def print_contract(request: Request) -> Response:
    """Answer the contract as a PDF."""
    number, by = number_of(request), signed_in(request).actor
    found = await _contract(request)
    entity = await legal_entity_of(number, by=by)
    paper = await contract_paper(number, by=by, provider=entity.requisites)
    return await _printed(request, "contract", paper, f"contract:{found.id}", found.number)


async def print_owner_act(request: Request) -> Response:
    """Answer the act of a change of owner as a PDF."""
    number, by = number_of(request), signed_in(request).actor
    entity = await legal_entity_of(number, by=by)
    no = request.path_params["no"]
    paper = await owner_act_paper(number, no, by=by, provider=entity.requisites)
    return await _printed(request, "owner_act", paper, f"owner_act:{number}/{no}", f"{number}-{no}")


async def _printed(
    request: Request, slug: str, paper: Mapping[str, Any], subject: str, name: str
) -> Response:
    own = await face(request)
    content = desk_of(request).settings.content
    made = await print_document(slug, paper, content=content)
    by = signed_in(request).actor
    await record_printed(slug, by=by, subject=subject, hash=made.hash, account_id=own.account_id)
    return pdf_answer(f"{slug}-{name}.pdf".replace("/", "-"), made.pdf)


def _optional(name: str, label: str, **more: Any) -> Field:
    return Field(name=name, label=label, required=False, **more)


CORRECT = Dialog(
    path=f"{_ONE}/contract/edit",
    right=_EDIT,
    title=N_("Correct the contract"),
    commit=N_("Save"),
    fields=(
        Field(name="number", label=N_("Number"), longest=60, half=True),
        Field(name="signed_on", label=N_("Signed on"), kind=Kind.DAY, half=True),
        Field(name="border", label=N_("Border of responsibility"), kind=Kind.CHOICE),
        _optional("border_text", N_("In words"), kind=Kind.AREA, longest=500),
    ),
    names={"contract": "number"},
    above=ABOVE,
    opened=_correcting,
    do=_correct,
)
MOVE = Dialog(
    path=f"{_ONE}/contract/state",
    right=_EDIT,
    title=N_("Move the contract on"),
    commit=N_("Move it"),
    fields=(
        Field(name="state", label=N_("It becomes"), kind=Kind.SEGMENTS),
        _optional(
            "ends_on", N_("Its last day"), kind=Kind.DAY, hint=N_("Needed for a notice and an end.")
        ),
        _optional("reason", N_("Reason")),
    ),
    above=ABOVE,
    opened=_moving,
    do=_move,
)
NUMBERS = Dialog(
    path="/number-plans/{entity:str}",
    right="crm.plan.edit",
    title=N_("How contracts are numbered"),
    commit=N_("Save"),
    fields=(
        Field(
            name="pattern",
            label=N_("Pattern of the number"),
            longest=40,
            hint=N_("The counter stands in braces; the year may stand before it."),
        ),
    ),
    above=ABOVE,
    below="people/numbers.html",
    opened=_numbering,
    preview=_example,
    do=_number,
)
OWNER = Dialog(
    path=f"{_ONE}/owner",
    right="crm.owner.change",
    identity="owner",
    title=N_("Give the account to another owner"),
    commit=N_("Give it over"),
    fields=(
        _optional("name", N_("New owner"), longest=300, hint=N_("Full name, or the company's.")),
        _optional("kind", N_("Who"), kind=Kind.SEGMENTS),
        _optional("phone", N_("Phone"), kind=Kind.PHONE, half=True),
        _optional("email", N_("E-mail"), kind=Kind.EMAIL, half=True),
        _optional(
            "account",
            N_("Or a subscriber already: any account of theirs"),
            longest=40,
            half=True,
        ),
        _optional(
            "contract",
            N_("Number of the new contract"),
            longest=60,
            half=True,
            hint=N_("Empty: the next one of the plan."),
        ),
        _optional("services", N_("Services go over"), kind=Kind.TICK, half=True),
        _optional("equipment", N_("Equipment goes over"), kind=Kind.TICK, half=True),
        _optional("balance", N_("The money on the account goes over"), kind=Kind.TICK, half=True),
        _optional(
            "refund_by",
            N_("What does not go over is paid back"),
            kind=Kind.SEGMENTS,
            choices=METHODS,
        ),
        _optional("debt", N_("The new owner takes the debt over"), kind=Kind.TICK, half=True),
    ),
    below="people/owner.html",
    opened=_handing,
    preview=_preview,
    do=_hand,
)
