"""The engine against its oracle: random histories until so many account-days agree.

The oracle and the histories are part of the tests; this runs where the source tree is.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import abonent
from abonent.kernel import clock
from abonent.kernel.errors import Refused
from abonent.kernel.i18n import N_
from abonent.kernel.settings import Settings

SEED = 20_260_000
APART = 1_000_000
"""How far the processes' seeds lie apart: no history is played twice."""

_AGREED = re.compile(r"(\d+) account-days agree, next seed")
"""What the comparison ends with when all of it agreed; on its way it says how far it is."""


async def oracle(settings: Settings, account_days: int) -> dict[str, object]:
    """Compare `account_days` account-days in as many processes as the settings allow."""
    root = Path(abonent.__file__).parent.parent
    if not (root / "tests" / "oracle").is_dir():
        raise Refused("NO_TESTS", N_("The oracle lies beside the source; start this from there."))
    started = clock.monotonic()
    share = -(-account_days // settings.processes)
    runs = [_compare(root, SEED + n * APART, share) for n in range(settings.processes)]
    results = await asyncio.gather(*runs)
    agreed = sum(int(match[1]) for text in results if (match := _AGREED.search(text)))
    faults = [text.strip()[-2000:] for text in results if not _AGREED.search(text)]
    return {
        "account-days that agree": agreed,
        "disagreements": faults or 0,
        "seconds": round(clock.monotonic() - started),
    }


async def _compare(root: Path, seed: int, account_days: int) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.billing.compare", str(seed), str(account_days),
        cwd=root, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    return output.decode()
