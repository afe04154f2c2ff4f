"""Ids that need no central sequence: 63 bits that grow with time."""

from __future__ import annotations

import os
import secrets
import threading

from abonent.kernel import clock

COUNTER_BITS = 20


class _Generator:
    """The last id given out in this process; a lock, because threads may ask side by side."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def reserve(self, count: int) -> range:
        with self._lock:
            instant = clock.milliseconds() << COUNTER_BITS
            # A fresh millisecond starts at a random place in the lower half of its counter, so that
            # processes side by side rarely meet; within one it goes on from the last id.
            fresh = instant | secrets.randbits(COUNTER_BITS - 1)
            first = fresh if instant > self._last else self._last + 1
            self._last = first + count - 1
            return range(first, first + count)


_generator = _Generator()
# A forked child would otherwise repeat its parent's ids.
os.register_at_fork(after_in_child=_generator.restart)


def new_id() -> int:
    """Answer a new id: milliseconds since 1970 shifted by 20 bits, plus a counter."""
    return _generator.reserve(1)[0]


def new_ids(count: int) -> range:
    """Reserve `count` ids that follow each other; nobody else in this process gets one of them."""
    if count < 0:
        raise ValueError("the number of ids cannot be negative")
    return _generator.reserve(count)
