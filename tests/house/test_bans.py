"""What the house forbids and no linter knows: one clock, no floats near money, no SQL put together."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLOCK = "abonent/kernel/clock.py"
CLOCK_CALLS = {"now", "utcnow", "today", "fromtimestamp"}
CLOCK_OWNERS = {"datetime", "date", "dt", "_datetime"}
MONEY_WORDS = re.compile(r"amount|balance|money|price|fee|charge|debt|tax|minor", re.IGNORECASE)
SQL_START = re.compile(
    r"^\s*(select|insert\s+into|update|delete\s+from|with|copy|truncate)\s", re.IGNORECASE
)
NOT_FOR_NAMES = {"utils.py", "helpers.py"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "abonent").rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def test_only_the_clock_module_reads_the_clock() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        if name != CLOCK
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in CLOCK_CALLS
        and isinstance(node.value, ast.Name)
        and node.value.id in CLOCK_OWNERS
    ]
    assert found == []


def test_no_float_comes_near_money() -> None:
    found = []
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.arg | ast.AnnAssign):
                target = node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)
                annotation = ast.unparse(node.annotation) if node.annotation else ""
                if "float" in annotation and MONEY_WORDS.search(target):
                    found.append(f"{name}:{node.lineno} {target}: {annotation}")
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "float":
                subject = ast.unparse(node)
                if MONEY_WORDS.search(subject):
                    found.append(f"{name}:{node.lineno} {subject}")
    assert found == []


def test_sql_is_never_put_together_from_pieces() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        and node.values
        and isinstance(node.values[0], ast.Constant)
        and SQL_START.match(str(node.values[0].value))
    ]
    assert found == []


def test_no_imports_inside_functions() -> None:
    found = [
        f"{name}:{inner.lineno}"
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert found == []


def test_migrations_import_no_models() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        if name.startswith("abonent/migrations/")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.endswith("models")
    ]
    assert found == []


def test_every_module_and_public_function_has_a_docstring() -> None:
    found = []
    for name, tree in modules():
        if not ast.get_docstring(tree):
            found.append(name)
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if not node.name.startswith("_") and not ast.get_docstring(node):
                found.append(f"{name}:{node.lineno} {node.name}")
    assert found == []


def test_no_module_is_named_after_a_technique() -> None:
    names = [name for name, _ in modules() if Path(name).name in NOT_FOR_NAMES]
    assert names == []


def test_test_folders_are_no_packages() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []
