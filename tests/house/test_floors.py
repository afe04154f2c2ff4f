"""The floors of the building: imports and foreign keys point down."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("importlinter", reason="import-linter is not installed")

ROOT = Path(__file__).parents[2]
FLOOR = {
    "kernel": 0,
    "billing": 1,
    "crm": 2,
    "coordination": 3,
    "collections": 3,
    "retention": 3,
    "training": 4,
    "web": 5,
}
TABLE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?\"?(\w+)\"?", re.IGNORECASE)
REFERENCE = re.compile(r"REFERENCES \"?(\w+)\"?", re.IGNORECASE)


def contracts() -> list[dict[str, object]]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, object]] = config["tool"]["importlinter"]["contracts"]
    return found


def test_import_contracts_hold() -> None:
    program = "from importlinter.cli import lint_imports_command as c; c()"
    answer = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_department_is_named_in_the_contracts() -> None:
    folders = {path.parent.name for path in (ROOT / "abonent").glob("*/__init__.py")}
    rooms = {f"abonent.{name}" for name in folders & set(FLOOR)}
    layers = " ".join(str(layer) for layer in contracts()[0]["layers"])  # type: ignore[attr-defined]
    assert [room for room in rooms if room not in layers] == []
    domain = rooms - {"abonent.web", "abonent.kernel"}
    assert domain <= set(contracts()[1]["source_modules"])  # type: ignore[call-overload]


def test_every_room_keeps_its_models_to_itself() -> None:
    present = {
        f"abonent.{path.parent.name}.models" for path in (ROOT / "abonent").glob("*/models.py")
    }
    protected = [
        str(module)
        for contract in contracts()
        if contract["type"] == "protected"
        for module in contract["protected_modules"]  # type: ignore[attr-defined]
    ]
    assert sorted(protected) == sorted(present)


# What later migrations are about, and the room whose tables they make.
SUBJECTS = {
    "registers": "web",
    "cash": "billing",
    "outside": "billing",
    "staff": "web",
    "companies": "crm",
    "portal": "web",
    "settings": "billing",
    "imports": "web",
    "found": "crm",
    "workflow": "kernel",
    "requests": "crm",
    "scripts": "crm",
    "knowledge": "crm",
    "messages": "crm",
    "queue": "crm",
    "claims": "crm",
    "conversations": "crm",
    "surveys": "crm",
    "campaigns": "crm",
    "answers": "crm",
    "absences": "web",
    "escalation": "crm",
    "files": "crm",
    "consent": "crm",
    "abandoned": "crm",
    "notices": "crm",
    "lasting": "crm",
    "chats": "crm",
}


def test_foreign_keys_point_down() -> None:
    """Each room's tables are made by the migrations named after it or its subjects: 0002_billing.sql."""
    owner: dict[str, str] = {}
    references: list[tuple[str, str, str]] = []
    for path in sorted((ROOT / "abonent/migrations/sql").glob("*.sql")):
        subject = path.stem.split("_")[1]
        room = SUBJECTS.get(subject, subject)
        text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
        owner |= dict.fromkeys(TABLE.findall(text), room)
        for statement in text.split(";"):
            references += [(path.name, room, target) for target in REFERENCE.findall(statement)]
    upward = [
        f"{file}: {room} -> {target} ({owner.get(target, 'unknown table')})"
        for file, room, target in references
        if owner.get(target) != room and FLOOR[owner[target]] >= FLOOR[room]
    ]
    assert upward == []
