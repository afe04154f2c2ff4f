"""Files and functions stay small enough to be read in one go."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LIMIT, FILE_AIM = 500, 350
FUNCTION_LIMIT, FUNCTION_AIM = 60, 30


def python_files() -> list[Path]:
    return sorted((ROOT / "abonent").rglob("*.py"))


def file_sizes() -> Iterator[tuple[str, int]]:
    for path in python_files():
        yield str(path.relative_to(ROOT)), len(path.read_text(encoding="utf-8").splitlines())


def function_sizes() -> Iterator[tuple[str, int]]:
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
                yield name, (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize(
    ("kind", "aim", "limit"),
    [("files", FILE_AIM, FILE_LIMIT), ("functions", FUNCTION_AIM, FUNCTION_LIMIT)],
)
def test_nothing_outgrows_its_limit(kind: str, aim: int, limit: int) -> None:
    sizes = sorted(file_sizes() if kind == "files" else function_sizes(), key=lambda s: -s[1])
    long = [f"{lines:5} {name}" for name, lines in sizes if lines > aim]
    print(f"{kind} over {aim} lines: {len(long)} of {len(sizes)}", *long, sep="\n")
    assert [name for name, lines in sizes if lines > limit] == []
