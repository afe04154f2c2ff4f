"""What one does with a shift: open it, move cash, go on after a count, close it."""

from __future__ import annotations

from starlette.requests import Request

from abonent.billing.queries.cash.desks import desks
from abonent.billing.queries.cash.shifts import shift_of
from abonent.billing.service.cash.shifts import close_shift, move_cash, open_shift, resume_shift
from abonent.kernel.i18n import N_, _
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.forms import local_path
from abonent.web.pages.cash.desk import free_desks
from abonent.web.pages.cash.words import MOVES
from abonent.web.render import signed_in, written_money

_ONE = "/cash/shifts/{shift:int}"
_RIGHT = "billing.shift.work"


async def _open_opened(request: Request) -> Opened:
    by = signed_in(request).actor
    free = free_desks(await desks(by=by), by=by)
    choices = [
        (
            desk.code,
            _(
                "{name}, {office}: {money} in the drawer",
                name=desk.name,
                office=desk.office_name,
                money=written_money(desk.money),
            ),
        )
        for desk in free
    ]
    return Opened(
        back=_then(request),
        given={"desk": choices[0][0]} if choices else {},
        choices={"desk": choices},
        can=bool(choices),
        about="" if choices else _("No cash desk is free: each has its cashier."),
    )


def _then(request: Request) -> str:
    """Where opening leads: back to what could not be done without a shift."""
    return local_path(request.query_params.get("then", ""), default="/cash")


async def _open(request: Request, values: Values) -> str:
    await open_shift(values["desk"], by=signed_in(request).actor)
    then = _then(request)
    return then if then != "/cash" else "/cash?done=open"


OPEN = Dialog(
    path="/cash/open",
    right=_RIGHT,
    title=N_("Open a shift"),
    commit=N_("Open"),
    fields=(
        Field(
            name="desk",
            label=N_("Cash desk"),
            kind=Kind.CHOICE,
            hint=N_("Check that the drawer holds what the last shift left in it."),
        ),
    ),
    opened=_open_opened,
    do=_open,
)


async def _opened(request: Request) -> Opened:
    shift = await shift_of(request.path_params["shift"], by=signed_in(request).actor)
    own = shift.is_of(signed_in(request).actor)
    return Opened(
        back="/cash" if own else f"/cash/shifts/{shift.id}",
        about=_("Shift {number}, {cashier}", number=shift.number, cashier=shift.cashier_name),
        given={"handed_in": "", "kind": "out"},
        context={"shift": shift},
    )


async def _back(request: Request, done: str) -> str:
    by = signed_in(request).actor
    shift = await shift_of(request.path_params["shift"], by=by)
    return f"/cash?done={done}" if shift.is_of(by) else f"/cash/shifts/{shift.id}?done={done}"


async def _move(request: Request, values: Values) -> str:
    await move_cash(
        request.path_params["shift"],
        by=signed_in(request).actor,
        kind=values["kind"],
        amount=values["amount"],
        reason=values["reason"],
    )
    return await _back(request, "move")


MOVE = Dialog(
    path=f"{_ONE}/move",
    right=_RIGHT,
    title=N_("Hand cash in or put it in"),
    commit=N_("Write it down"),
    fields=(
        Field(name="amount", label=N_("Amount"), kind=Kind.AMOUNT),
        Field(
            name="kind",
            label=N_("What is done"),
            kind=Kind.SEGMENTS,
            choices=(("out", MOVES["out"]), ("in", MOVES["in"])),
        ),
        Field(
            name="reason",
            label=N_("On what grounds"),
            hint=N_("The paper it goes by, such as a cash order or a bank bag."),
        ),
    ),
    opened=_opened,
    do=_move,
    above="cash/drawer.html",
)


async def _resume(request: Request, _values: Values) -> str:
    await resume_shift(request.path_params["shift"], by=signed_in(request).actor)
    return await _back(request, "resume")


RESUME = Dialog(
    path=f"{_ONE}/resume",
    right=_RIGHT,
    title=N_("Go on with the shift"),
    commit=N_("Go on"),
    opened=_opened,
    do=_resume,
    above="cash/resume.html",
)


async def _close(request: Request, values: Values) -> str:
    shift = request.path_params["shift"]
    await close_shift(
        shift,
        by=signed_in(request).actor,
        handed_in=values["handed_in"] or 0,
        explanation=values["explanation"],
    )
    return await _back(request, f"close:{shift}")


CLOSE = Dialog(
    path=f"{_ONE}/close",
    right=_RIGHT,
    title=N_("Close the shift"),
    commit=N_("Close the shift"),
    fields=(
        Field(
            name="handed_in",
            label=N_("Handed in"),
            kind=Kind.AMOUNT,
            required=False,
            least=0,
            hint=N_("The rest stays in the drawer for the next shift."),
        ),
        Field(
            name="explanation",
            label=N_("How the difference came about"),
            kind=Kind.AREA,
            required=False,
            longest=1000,
            hint=N_("Needed when the drawer does not hold what it should."),
        ),
    ),
    opened=_opened,
    do=_close,
    above="cash/closing.html",
)
