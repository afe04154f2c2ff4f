"""The register of tickets of the walk-in queue."""

from __future__ import annotations

from collections.abc import Sequence

from abonent.billing.cash_registers import office_choices
from abonent.crm.queries.queue import queue_services
from abonent.crm.rules.queue import OUTCOMES, QUEUE, UNFINISHED, VIEW, TicketState
from abonent.kernel.i18n import N_
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row, Words

STATES: Words = {state.code: (state.label, state.tone) for state in QUEUE.states}
ENDS: Words = {
    **{code: (label, "") for code, label in OUTCOMES.items()},
    UNFINISHED: (N_("Not finished by the clerk"), "warn"),
}
_MINUTES = "(extract(epoch FROM {}) / 60)::integer"
_WAITED = """t.first_called_at - greatest(t.arrived_at,
    CASE WHEN t.booked_for < t.first_called_at THEN t.booked_for END)"""


async def service_choices() -> Sequence[tuple[str, str]]:
    """What one may come for, also what is out of use."""
    return [(str(one.id), one.name) for one in await queue_services(every=True)]


def _tone(row: Row) -> str:
    if row["waited"] is None:
        return "bad" if row["state"] == TicketState.NO_SHOW else ""
    if row["waited"] > row["hard"]:
        return "bad"
    return "warn" if row["waited"] > row["target"] else ""


def _instant(name: str, label: str, sql: str, *, shown: bool = True) -> Column:
    return Column(name=name, label=label, sql=sql, kind=Kind.INSTANT, shown=shown)


TICKETS = Register(
    code="queue_tickets",
    label=N_("Tickets of the queue"),
    about=N_("Every visit: how long it waited, how long it took, how it ended."),
    path="/queue/tickets",
    right=VIEW,
    source="""crm_queue_ticket t JOIN crm_queue_office q ON q.office_id = t.office_id
JOIN office o ON o.id = t.office_id
JOIN crm_queue_service s ON s.id = t.service_id
LEFT JOIN crm_queue_window w ON w.id = t.window_id
LEFT JOIN billing_account b ON b.account_id = t.account_id
LEFT JOIN billing_place p ON p.id = b.place_id""",
    key="t.id",
    key_type="bigint",
    columns=(
        Column(
            name="number",
            label=N_("Ticket"),
            sql="CASE WHEN t.number = '' THEN s.letter || '—' ELSE t.number END",
            head=True,
        ),
        Column(
            name="created",
            label=N_("Ticket taken"),
            sql="t.created_at",
            kind=Kind.INSTANT,
            order="t.created_at",
            order_type="timestamptz",
        ),
        Column(name="office", label=N_("Office"), sql="o.name"),
        Column(name="service", label=N_("Service"), sql="s.name"),
        Column(name="state", label=N_("State"), sql="t.state", kind=Kind.STATE, words=STATES),
        Column(
            name="waited",
            label=N_("Waited, minutes"),
            sql=_MINUTES.format(_WAITED),
            kind=Kind.NUMBER,
        ),
        Column(
            name="served",
            label=N_("Served, minutes"),
            sql=_MINUTES.format("t.ended_at - t.started_at"),
            kind=Kind.NUMBER,
        ),
        Column(name="win", label=N_("Window"), sql="w.number", kind=Kind.NUMBER),
        Column(
            name="who",
            label=N_("Served by"),
            sql="actor_name(t.served_by)",
            kind=Kind.STAFF,
            soft=True,
        ),
        Column(
            name="outcome", label=N_("How it ended"), sql="t.outcome", kind=Kind.STATE, words=ENDS
        ),
        Column(name="account", label=N_("Account"), sql="b.number", link="/accounts/{account}"),
        _instant("booked", N_("Booked for"), "t.booked_for", shown=False),
        _instant("arrived", N_("Came to the office"), "t.arrived_at", shown=False),
        _instant("called", N_("First called"), "t.first_called_at", shown=False),
        _instant("ended", N_("Ended"), "t.ended_at", shown=False),
        Column(
            name="calls", label=N_("Times called"), sql="t.calls", kind=Kind.NUMBER, shown=False
        ),
    ),
    sort="-created",
    filters=(
        Filter(
            name="day",
            label=N_("Day"),
            ask=Ask.DAYS,
            # Booked sixty days ahead at most and never for a day gone by: says nothing new, but lets
            # the register's order begin and end beside these days.
            least="t.day >= $1 AND t.created_at >= $1::date - 62",
            most="t.day <= $1 AND t.created_at < $1::date + 2",
        ),
        Filter(
            name="office",
            label=N_("Office"),
            ask=Ask.CHOICE,
            sql="o.code = ANY($1::text[])",
            options=office_choices,
        ),
        Filter(
            name="service",
            label=N_("Service"),
            ask=Ask.CHOICE,
            sql="t.service_id = ANY(ARRAY(SELECT x::integer FROM unnest($1::text[]) x"
            r" WHERE x ~ '^\d{1,9}$'))",
            options=service_choices,
        ),
        Filter(
            name="state",
            label=N_("State"),
            ask=Ask.CHOICE,
            sql="t.state = ANY($1::text[])",
            among="SELECT id AS key FROM crm_queue_ticket WHERE state = ANY($1::text[])",
            choices=tuple((code, label) for code, (label, _tone) in STATES.items()),
        ),
        Filter(
            name="late",
            label=N_("Waited beyond the limit"),
            ask=Ask.FLAG,
            sql=f"{_WAITED} > q.hard_minutes * interval '1 minute'",
        ),
        Filter(
            name="account",
            label=N_("Account"),
            ask=Ask.TEXT,
            sql="t.account_id = (SELECT account_id FROM billing_account_number WHERE number = $1)",
        ),
    ),
    extras={"hard": "q.hard_minutes", "target": "q.target_minutes"},
    tone=_tone,
    scope="(t.account_id IS NULL OR p.district = ANY($1::text[]))",
    empty=(
        N_("Nobody has come yet"),
        N_("A ticket taken at the terminal, at the desk or on the portal stands here."),
    ),
    icon="ticket",
)
