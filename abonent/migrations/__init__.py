"""The database's history: numbered modules, each running the SQL file of the same name."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "sql"


def sql_of(name: str) -> str:
    """Read `sql/<name>.sql`; a released file never changes, the next change is a new number."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
