"""The Russian headers that files may use are the documented ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from abonent.billing.service.imports import debts, payments, tariffs
from abonent.crm.service.imports import rows

DOCUMENT = Path(__file__).parents[2] / "docs" / "imports.md"


@pytest.mark.parametrize(
    "synonyms", [tariffs.SYNONYMS, rows.SYNONYMS, debts.SYNONYMS, payments.SYNONYMS]
)
def test_every_header_is_documented(synonyms: dict[str, str]) -> None:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    missing = [
        header
        for header, column in synonyms.items()
        if not any(f"`{column}`" in line and f"«{header}»" in line for line in lines)
    ]
    assert missing == []
