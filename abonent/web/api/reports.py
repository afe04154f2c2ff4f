"""Calls that report: entries with their calculation, ageing, the turnover sheet."""

from __future__ import annotations

from typing import Any

from abonent.billing.queries.ageing import account_ageing
from abonent.billing.queries.places import Within, within_place
from abonent.billing.queries.statement import statement
from abonent.billing.queries.turnover import Row, turnover
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_
from abonent.web.api.book_answers import (
    AgedItem,
    EntryList,
    Turnover,
    TurnoverAnswer,
    TurnoverRow,
)
from abonent.web.api.fields import MOST_NUMBER
from abonent.web.api.inputs import AgeingQuery, EntriesQuery, TurnoverQuery
from abonent.web.api.operations import (
    ACCOUNT,
    READS,
    Asked,
    Operation,
)
from abonent.web.api.views import entry_id, entry_item
from abonent.web.queries import names_of

NO_SUCH_PLACE = N_("There is no such building or district.")


async def list_entries(asked: Asked[EntriesQuery]) -> EntryList:
    """List the entries posted on [from, to), each with its calculation."""
    given = asked.given
    if given.cursor is not None and int(given.cursor) > MOST_NUMBER:
        raise Malformed.of("cursor", given.cursor, N_("This is no cursor of this list."))
    page = await statement(
        asked.number,
        by=asked.by,
        since=given.from_,
        until=given.to,
        after=given.cursor,
        limit=given.limit,
    )
    names = await names_of(item.actor for item in page.items)
    items = [
        entry_item(
            item.posting,
            number=page.number,
            catalogue=page.catalogue,
            balance_after=item.balance_after,
            actor=item.actor,
            actor_name=names.get(item.actor or ""),
            settled=item.settled,
        )
        for item in page.items
    ]
    return EntryList(items=items, next=page.next)


async def age_debts(asked: Asked[AgeingQuery]) -> list[AgedItem]:
    """List the unpaid charges of an account on a day, oldest due first."""
    aged = await account_ageing(asked.number, by=asked.by, on=asked.given.on)
    return [
        AgedItem(
            entry=entry_id(aged.number, row.entry),
            due=row.due,
            days=row.days,
            unpaid=row.unpaid,
            bucket=row.bucket,
            limitation=row.limitation,
        )
        for row in aged.rows
    ]


async def show_turnover(asked: Asked[TurnoverQuery]) -> TurnoverAnswer:
    """Show the turnover sheet of [from, to) by one level."""
    given = asked.given
    try:
        sheet = await turnover(
            by=asked.by,
            start=given.from_,
            end=given.to,
            level=given.by,
            within=_within(given.place),
            after=given.cursor,
            limit=given.limit,
        )
    except Malformed as error:
        raise Malformed(*(_as_asked(wrong, given.place) for wrong in error.errors)) from error
    return TurnoverAnswer(
        from_=given.from_,
        to=given.to,
        by=given.by,
        items=[TurnoverRow(key=row.key, label=row.label, **_figures(row)) for row in sheet.rows],
        total=Turnover(**_figures(sheet.total)),
        next=sheet.next,
    )


def _within(place: str | None) -> Within:
    if place is not None and place.isdecimal() and (len(place) > 19 or int(place) > MOST_NUMBER):
        raise Malformed.of("place", place, NO_SUCH_PLACE)
    return within_place(place)


def _as_asked(wrong: FieldError, place: str | None) -> FieldError:
    """A mistake of the sheet's own choice of places, named as the query names it."""
    if wrong.field in {"building", "district"}:
        return FieldError("place", place, NO_SUCH_PLACE)
    return wrong


def _figures(row: Row) -> dict[str, Any]:
    return {
        "opening": row.opening,
        "charges": row.charges,
        "payments": row.payments,
        "corrections": row.corrections,
        "closing": row.closing,
    }


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="GET",
        path=f"{ACCOUNT}/entries",
        name="list_entries",
        summary="Entries posted on [from, to), each with its calculation",
        right="billing.account.view",
        do=list_entries,
        given=EntriesQuery,
        answer=EntryList,
        refusals=READS,
    ),
    Operation(
        method="GET",
        path=f"{ACCOUNT}/ageing",
        name="age_debts",
        summary="Unpaid charges on a day, oldest due first",
        right="billing.account.view",
        do=age_debts,
        given=AgeingQuery,
        answer=list[AgedItem],
        refusals=READS,
    ),
    Operation(
        method="GET",
        path="/turnover",
        name="show_turnover",
        summary="The turnover sheet of [from, to) by one level",
        right="billing.report.view",
        do=show_turnover,
        given=TurnoverQuery,
        answer=TurnoverAnswer,
        refusals=(400, 401, 403, 409),
    ),
)
