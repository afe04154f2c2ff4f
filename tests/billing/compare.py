"""Play random histories until so many account-days agree, or print the shortest disagreement.

python -m tests.billing.compare SEED ACCOUNT_DAYS [money|plain|all] [quiet] [grace]

Without quiet or grace every fourth history has quiet days, another one days of grace, one more both.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from random import Random

from tests.billing.differential import Disagreement, play
from tests.billing.histories import ALL, MONEY, PLAIN, History, Step, write_history

LENDING: tuple[set[str], ...] = (set(), {"quiet"}, {"grace"}, {"quiet", "grace"})


def fault_of(history: History) -> str | None:
    """How the parties disagree on a history; None when they agree."""
    try:
        play(history)
    except Disagreement as fault:
        return str(fault)
    except Exception as error:  # noqa: BLE001 - a crash of the engine is a finding as well
        return f"{type(error).__name__}: {error}"
    return None


def kind_of(fault: str | None) -> str:
    """What a fault is about, so that shrinking does not slip from one to another."""
    words = [word for word in (fault or "").split() if word.strip(":,").isalpha()]
    return " ".join(words[:2])


def shrink(history: History) -> History:
    """Drop steps, then split and shorten closings, while the parties disagree on the same."""
    wanted = kind_of(fault_of(history))
    size = max(1, len(history.steps) // 2)
    while size:
        start = 0
        while start < len(history.steps):
            shorter = history.steps[:start] + history.steps[start + size :]
            if kind_of(fault_of(tried := replace(history, steps=shorter))) == wanted:
                history = tried
            else:
                start += size
        size //= 2
    for place, step in enumerate(history.steps):
        if step.name == "close":
            history = shorten(history, place, wanted)
    return history


def shorten(history: History, place: int, wanted: str) -> History:
    """Close fewer days at one place, as few as still disagree."""
    for days in range(1, history.steps[place].args[0]):
        closing = Step("close", (days, history.steps[place].args[1]))
        tried = replace(
            history, steps=(*history.steps[:place], closing, *history.steps[place + 1 :])
        )
        if kind_of(fault_of(tried)) == wanted:
            return tried
    return history


def show(history: History) -> None:
    """Print a history so that it can be read and made a test."""
    print(history.first_day, *history.tariffs, *history.accounts, sep="\n  ")
    for step in history.steps:
        print("   ", step.name, *(str(each) for each in step.args), step.key or "")


def main() -> int:
    """Compare until the wanted number of account-days agree."""
    seed, wanted = int(sys.argv[1]), int(sys.argv[2])
    words = set(sys.argv[3:])
    acts = MONEY if "money" in words else PLAIN if "plain" in words else ALL
    done, began = 0, time.monotonic()
    while done < wanted:
        lends = words & {"quiet", "grace"} or LENDING[seed % len(LENDING)]
        grace = 1 + seed // len(LENDING) % 5 if "grace" in lends else 0
        history = write_history(Random(seed), acts=acts, quiet="quiet" in lends, grace=grace)
        try:
            done += play(history)
        except Exception as fault:  # noqa: BLE001 - shown, shrunk and shown again
            print(f"seed {seed} after {done} account-days: {fault!r}")
            shortest = shrink(history)
            show(shortest)
            print(fault_of(shortest))
            return 1
        seed += 1
        if seed % 100 == 0:
            print(f"{done} account-days agree up to seed {seed}", flush=True)
    print(f"{done} account-days agree, next seed {seed}, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
