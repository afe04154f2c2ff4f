"""A line on standard error that says how far long work is, how fast it goes and how long it will take."""

from __future__ import annotations

import sys
from typing import TextIO

from abonent.kernel import clock

_EVERY = 0.2
_EVERY_IN_A_FILE = 10.0


class ProgressLine:
    """Redrawn in place on a terminal; in a log, a line every ten seconds."""

    def __init__(self, unit: str, stream: TextIO | None = None) -> None:
        self._unit = unit
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._started = self._shown = clock.monotonic()
        self._label = ""
        self._width = 0

    def show(self, label: str, done: int, total: int | None = None) -> None:
        """Say that `done` of `total` units of the work named `label` are behind."""
        now = clock.monotonic()
        if label != self._label:
            self._label, self._started = label, now
        ended = total is not None and done >= total
        if now - self._shown < (_EVERY if self._live else _EVERY_IN_A_FILE) and not (
            ended and self._live
        ):
            return
        self._shown = now
        self._write(f"{label}: {described(done, total, now - self._started, self._unit)}")

    def end(self) -> None:
        """Leave the last state standing and go to the next line."""
        if self._live and self._width:
            self._stream.write("\n")
            self._stream.flush()
        self._width = 0

    def _write(self, text: str) -> None:
        if self._live:
            self._stream.write("\r" + text.ljust(self._width))
            self._width = len(text)
        else:
            self._stream.write(text + "\n")
        self._stream.flush()


def described(done: int, total: int | None, seconds: float, unit: str) -> str:
    """Word the state of the work: "2 000 of 8 000 accounts, 1 000/s, 6 s left"."""
    amount = (
        f"{_figure(done)} {unit}"
        if total is None
        else f"{_figure(done)} of {_figure(total)} {unit}"
    )
    if not done or seconds < 0.05:
        return amount
    rate = done / seconds
    text = f"{amount}, {_figure(round(rate))}/s"
    if total is None or done >= total:
        return text
    return f"{text}, {_duration((total - done) / rate)} left"


def _figure(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
