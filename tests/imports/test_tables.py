"""Reading tables: what is taken, and how a file that cannot be taken is refused."""

from __future__ import annotations

import errno
import os
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from abonent.billing.service.imports.payments import SYNONYMS, PaymentRow
from abonent.kernel.intake import ColumnMap, check_rows, find_columns, read_column_map
from abonent.kernel.tables import UnreadableFile, open_table, plain_cell

HEADER = "account;amount;date;source;external_id;comment"


def written(folder: Path, content: bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(content)
    return path


def read(path: Path) -> list[tuple[int, list[str]]]:
    with open_table(path) as table:
        return [(0, table.headers), *table.rows]


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read(path)
    return refused.value.text("en")


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_encodings_delimiters_and_line_ends_are_found_out(
    tmp_path: Path, delimiter: str, encoding: str, ending: str
) -> None:
    text = ending.join((delimiter.join(("лицевой счёт", "сумма")), delimiter.join(("1", "5"))))
    path = written(tmp_path, (text + ending).encode(encoding))
    assert read(path) == [(0, ["лицевой счёт", "сумма"]), (2, ["1", "5"])]


def test_quoted_delimiters_quotes_and_line_breaks_belong_to_the_cell(tmp_path: Path) -> None:
    path = written(tmp_path, b'a;b\n"1;2";"he said ""no""\nand left"\n\n3;4\n')
    assert read(path)[1:] == [(2, ["1;2", 'he said "no"\nand left']), (5, ["3", "4"])]


def test_a_line_that_names_the_separator_is_understood(tmp_path: Path) -> None:
    assert read(written(tmp_path, b"sep=,\na,b;c\n1,2\n"))[1:] == [(3, ["1", "2"])]


def test_a_broken_byte_in_utf8_is_refused_with_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, "имя\nПётр\nИв".encode() + b"\xff\n")
    assert refusal(path) == "The encoding is broken: byte 20 (line 3) is not utf-8."


def test_a_letter_cut_in_two_at_the_end_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "имя\nПётр".encode()[:-1])
    assert "is not utf-8" in refusal(path)


def test_a_letter_over_the_edge_of_two_chunks_is_whole(tmp_path: Path) -> None:
    lines = "\n".join(["a" * 99] * 10485)
    text = (lines + "\nя" * 40_000).encode()
    assert len(read(written(tmp_path, text))) == 10485 + 40_000


def test_a_byte_that_no_letter_of_cp1251_has_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "имя\n".encode("cp1251") + b"\x98\n")
    assert refusal(path) == "The encoding is broken: byte 4 (line 2) is not cp1251."


def test_a_file_of_zero_bytes_two_gigabytes_long_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.write(HEADER.encode() + b"\n")
        os.truncate(file.fileno(), 2 << 30)
    assert refusal(path) == "The file is not text: byte 47 (line 2) is zero."


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = written(tmp_path, b"a;b\n" + b"x" * (3 << 20))
    assert refusal(path) == "Line 2 is longer than 1048576 bytes."


def test_an_open_quote_does_not_swallow_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, b'a;b\n"1;2\n' + b"x;y\n" * 100_000)
    assert "is not CSV" in refusal(path)


def test_a_table_broken_at_its_end_gives_no_row_at_all(tmp_path: Path) -> None:
    path = written(tmp_path, b"a;b\n" + b"1;2\n" * 50_000 + b'3;"open\n4;5\n')
    with pytest.raises(UnreadableFile) as refused, open_table(path):
        pytest.fail("the table was opened")
    assert refused.value.text("en").startswith("Line 50002 is not CSV: ")


def test_a_cell_far_too_long_is_the_fault_of_its_row(tmp_path: Path) -> None:
    long = HEADER + "\n1;5;2026-06-01;bank;" + "x" * 1_000_000 + ";\n1;5;2026-06-01;bank;b;\n"
    with open_table(written(tmp_path, long.encode())) as table:
        columns = find_columns(table.headers, PaymentRow, synonyms=SYNONYMS)
        good, bad = check_rows(table.rows, columns, PaymentRow)
    assert [row.number for row in good] == [3]
    assert [(b.row, b.column) for b in bad] == [(2, "external_id")]


def test_what_breaks_around_the_rows_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, b"a;b\n1;2\n")
    with pytest.raises(OSError, match="No space left"), open_table(path):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)


@pytest.mark.parametrize("text", ["=1+1", "+7", "-5", "@x", "\tx", "\rx"])
def test_a_text_that_reads_as_a_formula_stays_a_text(text: str) -> None:
    assert plain_cell(text) == f"'{text}"
    assert plain_cell("Иванов = Пётр") == "Иванов = Пётр"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    assert refusal(written(tmp_path, content)) == "The file is empty."


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.csv").startswith("There is no file ")
    assert "is a folder" in refusal(tmp_path)


def test_utf16_is_refused_with_advice(tmp_path: Path) -> None:
    assert "UTF-16" in refusal(written(tmp_path, "a;b\n1;2".encode("utf-16")))


def workbook(folder: Path, *, formula: float | str | None = 2469.12) -> Path:
    path = folder / "book.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    sheet.write_row(1, 0, ["Лицевой счёт", "Сумма", "Дата", "Источник", "Номер платежа"])
    sheet.write(3, 0, 20417)
    sheet.write_formula(3, 1, "=1234.56*2", None, "" if formula is None else formula)
    sheet.write_datetime(3, 2, date(2026, 6, 1), day)
    sheet.write_row(3, 3, ["bank", "0001"])
    book.close()
    return path


def test_a_workbook_gives_numbers_dates_and_values_of_formulas(tmp_path: Path) -> None:
    with open_table(workbook(tmp_path)) as table:
        columns = find_columns(table.headers, PaymentRow, synonyms=SYNONYMS)
        (good, bad) = check_rows(table.rows, columns, PaymentRow)
    assert bad == []
    assert (good[0].number, good[0].row.account, good[0].row.amount) == (4, "20417", 246912)
    assert good[0].row.date.isoformat() == "2026-06-01"


@pytest.mark.parametrize("formula", ["#DIV/0!", None])
def test_a_formula_without_a_value_is_refused_by_its_cell(
    tmp_path: Path, formula: str | None
) -> None:
    assert "Cell B4" in refusal(workbook(tmp_path, formula=formula))


def test_a_broken_workbook_is_refused(tmp_path: Path) -> None:
    assert "not a workbook" in refusal(written(tmp_path, b"PK\x03\x04 and nothing"))


def test_columns_are_found_in_any_order_and_writing() -> None:
    headers = ["Сумма платежа", "ЛИЦЕВОЙ  СЧЁТ", "External_ID", "Дата", "source", "кассир"]
    columns = find_columns(headers, PaymentRow, synonyms=SYNONYMS)
    assert dict(columns.places) == {
        "amount": 0, "account": 1, "external_id": 2, "date": 3, "source": 4,
    }  # fmt: skip
    assert columns.unknown == ("кассир",)


def test_a_column_that_comes_twice_is_refused() -> None:
    with pytest.raises(UnreadableFile) as refused:
        find_columns([*HEADER.split(";"), "сумма"], PaymentRow, synonyms=SYNONYMS)
    assert refused.value.text("en") == "Column сумма comes twice in the header."


def test_missing_columns_are_named_together() -> None:
    with pytest.raises(UnreadableFile) as refused:
        find_columns(["account", "date"], PaymentRow, synonyms=SYNONYMS)
    told = refused.value.text("en")
    assert told.startswith("Columns are missing: amount («сумма», «сумма платежа»), source («")
    assert "external_id («номер платежа», «номер операции»" in told


def test_a_map_names_headers_and_constants(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(
        '[columns]\naccount = "Счёт №"\n[constants]\nsource = "sber"\n', encoding="utf-8"
    )
    given = read_column_map(path)
    headers = ["Счёт №", "сумма", "дата", "номер операции"]
    columns = find_columns(headers, PaymentRow, synonyms=SYNONYMS, given=given)
    good, bad = check_rows([(2, ["7", "1,5", "01.06.2026", "x"])], columns, PaymentRow)
    assert bad == []
    assert (good[0].row.account, good[0].row.source, good[0].row.amount) == ("7", "sber", 150)


def test_a_map_that_names_no_column_of_ours_is_refused() -> None:
    with pytest.raises(UnreadableFile):
        find_columns([], PaymentRow, synonyms={}, given=ColumnMap(columns={"sum": "x"}))


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("amount", "10x", "Not an amount: 10x."),
        ("amount", "1.005", "Not an amount: 1.005. At most 2 digits stand after the point."),
        ("amount", "99999999999999999999", "Not an amount: 99999999999999999999."),
        ("amount", "99999999999", "The amount is too large."),
        ("amount", "0", "The value must be greater than 0."),
        ("amount", "-5", "The value must be greater than 0."),
        ("amount", "", "The value is missing."),
        ("date", "2026-02-30", "Not a date: 2026-02-30."),
        ("date", "31.04.2026", "Not a date: 31.04.2026."),
        ("date", "20260401", "Not a date: 20260401."),
        ("date", "2026-W14-1", "Not a date: 2026-W14-1."),
        ("date", "1.4.2026", "Not a date: 1.4.2026."),
        ("date", "0026-01-01", "The date is out of the question: 0026-01-01."),
        ("account", "", "The value is missing."),
        ("external_id", "a" * 129, "The value is not written as expected."),
    ],
)
def test_a_wrong_cell_is_named_with_its_reason(column: str, value: str, reason: str) -> None:
    cells = dict(zip(HEADER.split(";"), ["1", "5", "2026-06-01", "bank", "x", ""], strict=True))
    cells[column] = value
    columns = find_columns(list(cells), PaymentRow, synonyms=SYNONYMS)
    good, bad = check_rows([(7, list(cells.values()))], columns, PaymentRow)
    assert good == []
    assert [(b.row, b.column, b.reason("en")) for b in bad] == [(7, column, reason)]


def test_a_row_with_more_cells_than_the_header_is_rejected() -> None:
    columns = find_columns(HEADER.split(";"), PaymentRow, synonyms=SYNONYMS)
    _, bad = check_rows([(2, ["1", "5", "2026-06-01", "b", "x", "", "extra"])], columns, PaymentRow)
    assert bad[0].reason("en") == "The row has more cells than the header."


def test_an_amount_too_fine_is_told_in_russian_too() -> None:
    columns = find_columns(HEADER.split(";"), PaymentRow, synonyms=SYNONYMS)
    _, bad = check_rows([(2, ["1", "12,345", "2026-06-01", "b", "x"])], columns, PaymentRow)
    told = "Не сумма: 12,345. После точки или запятой — не больше 2 цифр."
    assert [one.reason("ru") for one in bad] == [told]
