"""Files that pages answer: tables for spreadsheets and printed documents."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from starlette.responses import Response

from abonent.kernel.i18n import current_language
from abonent.kernel.money import plain_amount
from abonent.kernel.tables import plain_cell

Cell = str | int
"""An `int` is money in minor units."""


def csv_answer(name: str, rows: Iterable[Sequence[Cell]]) -> Response:
    """Answer a CSV file: in Russian with semicolons and decimal commas, as spreadsheets expect."""
    russian = current_language() == "ru"
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if russian else ",", lineterminator="\r\n")
    for row in rows:
        writer.writerow([_cell(cell, russian=russian) for cell in row])
    return Response(
        text.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def pdf_answer(name: str, pdf: bytes) -> Response:
    """Answer a printed document: the browser shows it, and names it so when it is kept."""
    return Response(
        pdf,
        media_type="application/pdf",
        headers={
            "Content-Disposition": f"inline; filename*=UTF-8''{quote(name)}",
            "Cache-Control": "no-store",
        },
    )


def _cell(cell: Cell, *, russian: bool) -> str:
    """Write one cell; a text that a spreadsheet would reckon as a formula stays a text."""
    if isinstance(cell, str):
        return plain_cell(cell)
    amount = plain_amount(cell)
    return amount.replace(".", ",") if russian else amount
