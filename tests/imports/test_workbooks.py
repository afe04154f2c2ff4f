"""Crafted workbooks: refused before they can take the memory or the process."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from abonent.kernel import spreadsheets
from abonent.kernel.tables import UnreadableFile, open_table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>account</t></is></c></row>'


def book(
    folder: Path,
    cells: str,
    *,
    before: str = "",
    doctype: str = "",
    sheet: str = "worksheets/s.xml",
) -> Path:
    path = folder / "book.xlsx"
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship '
        f'Id="rId1" Type="{OFFICE}/worksheet" Target="{sheet}"/></Relationships>',
        f"xl/{sheet}": f'{doctype}<worksheet xmlns="{MAIN}">{before}'
        f"<sheetData>{HEADER}{cells}</sheetData></worksheet>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def rows(path: Path) -> list[tuple[int, list[str]]]:
    with open_table(path) as table:
        return list(table.rows)


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableFile) as refused, open_table(path):
        pytest.fail("the workbook was opened")
    return refused.value.text("en")


FAR = '<row r="2"><c r="XFD2"><v>1</v></c></row><row r="1048576"><c r="A1048576"><v>1</v></c></row>'


@pytest.mark.parametrize("sheet", ["worksheets/s.xml", "media/image1.png"])
def test_two_cells_far_apart_are_refused_wherever_the_sheet_lies(
    tmp_path: Path, sheet: str
) -> None:
    expected = "The sheet reaches to row 1048576, column 16384: delete stray cells or save as CSV."
    assert refusal(book(tmp_path, FAR, sheet=sheet)) == expected


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="99999999999"><c><v>1</v></c></row>',
        '<row r="2"><c r="ZZZZ2"><v>1</v></c></row>',
        "<row r='1048576'><c r='A1048577'><v>1</v></c></row>",
        '<row r="1048576"><c><v>1</v></c></row><row><c><v>1</v></c></row>',
        '<row r="2"><c r="XFD2"><v>1</v></c><c><v>1</v></c></row>',
    ],
)
def test_places_that_no_sheet_has_are_refused(tmp_path: Path, cells: str) -> None:
    assert "The sheet reaches to" in refusal(book(tmp_path, cells))


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="2"><c r="ZZZZZZZZ2"/></row>',
        '<row r="-1"/>',
        '<row r="0"/>',
        '<c r="A0"/>',
        "<row>",
    ],
)
def test_what_is_no_sheet_is_refused(tmp_path: Path, cells: str) -> None:
    assert "not a workbook" in refusal(book(tmp_path, cells))


def test_the_whole_sheet_painted_takes_no_room(tmp_path: Path) -> None:
    painted = (
        '<row r="2"><c r="A2"><v>7</v></c></row><row r="1048576"><c r="XFD1048576" s="0"/></row>'
    )
    path = book(tmp_path, painted, before='<dimension ref="A1:XFD1048576"/>')
    assert rows(path) == [(2, ["7"])]
    path = book(tmp_path, painted, before='<dimension ref="A1:XFD1048577"/>')
    assert "The sheet reaches to" in refusal(path)


def test_entities_are_refused(tmp_path: Path) -> None:
    path = book(tmp_path, "", doctype='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>')
    assert refusal(path) == "The file is not a workbook: DOCTYPE."


def test_a_small_file_that_unpacks_to_much_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path, f"<!--{'A' * (17 << 20)}-->")
    assert refusal(path) == (
        "The workbook unpacks to more than 200 times its size: save it as CSV."
    )


def test_the_size_an_archive_declares_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = book(tmp_path, f"<!--{'A' * 100_000}-->")
    with zipfile.ZipFile(path) as archive:
        true = archive.getinfo("xl/worksheets/s.xml").file_size
    path.write_bytes(
        path.read_bytes().replace(true.to_bytes(4, "little"), (99).to_bytes(4, "little"))
    )
    monkeypatch.setattr(spreadsheets, "LARGEST", 50_000)
    assert "unpacks to more than" in refusal(path)


def test_a_book_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path, "")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("content.xml", "<x/>")
    assert "not a workbook" in refusal(path)


class Panic(BaseException):
    """What the reader's own panics derive from."""


def test_whatever_the_reader_fails_with_the_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Reader:
        @staticmethod
        def from_filelike(_: Any) -> None:
            raise Panic("overflow")

    monkeypatch.setattr("abonent.kernel.spreadsheets.CalamineWorkbook", Reader)
    assert refusal(book(tmp_path, "")) == "The file is not a workbook: overflow."
