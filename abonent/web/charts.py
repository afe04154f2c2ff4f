"""Charts as figures of SVG: where each bar, part and point stands; macros/chart.html draws them.

Widths are percentages and heights pixels, so that a chart takes the width it is given while its
words keep their size. Every chart is told in words as well and has its table beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from abonent.kernel.money import half_up

Write = Callable[[int], str]
"""Writes a value as people read it."""

STYLES = 4
"""How many colours with their patterns there are; a fifth series begins again."""
_ROW = 36
_TOP, _PLOT, _BOTTOM = 24, 150, 26
_EDGE = 150
"""Ten-thousandths left free beside the first and last point."""
_TICKS = 3
_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Value:
    """What is drawn: its label, number and style (0 to 3), and where it leads."""

    label: str
    number: int
    style: int = 0
    href: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its words, its width in percent and the height it stands at."""

    label: str
    text: str
    width: str
    top: int
    style: int
    href: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Horizontal bars, one below the other."""

    bars: list[Bar]
    height: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole: its words, its place and width in percent."""

    label: str
    text: str
    left: str
    width: str
    style: int


@dataclass(frozen=True, slots=True)
class Series:
    """A named line: a number for each step, None where there is none."""

    label: str
    numbers: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a line: `left` in percent, `top` in pixels, and what it says."""

    left: str
    top: str
    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line: its points in a field of 100 by 100 by unbroken stretch, and where its end stands."""

    label: str
    stretches: list[str]
    points: list[Point]
    style: int


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines over common steps with the marks of both axes."""

    lines: list[Drawn]
    ticks: list[tuple[str, str]]
    steps: list[tuple[str, str, str]]
    top: int
    plot: int
    height: int


def bars(values: Sequence[Value], *, write: Write) -> Bars:
    """Bars to the length of the largest; what is below zero has its words and no length."""
    largest = max((value.number for value in values), default=0)
    drawn = [
        Bar(
            v.label,
            write(v.number),
            _percent(v.number, largest),
            at * _ROW,
            v.style % STYLES,
            v.href,
        )
        for at, v in enumerate(values)
    ]
    return Bars(drawn, _ROW * len(drawn))


def parts(values: Sequence[Value], *, write: Write) -> list[Part]:
    """Parts of their sum side by side, the whole width together."""
    total = sum(value.number for value in values)
    starts = [0, *accumulate(value.number for value in values)]
    return [
        Part(
            v.label,
            write(v.number),
            _percent(start, total),
            _percent(v.number, total),
            v.style % STYLES,
        )
        for v, start in zip(values, starts, strict=False)
    ]


def lines(series: Sequence[Series], steps: Sequence[str], *, write: Write, most: int = 0) -> Lines:
    """Lines from zero, or a round number below it, to one above; the first, middle, last step named.

    `most` is the number that nothing can exceed, a hundred of a hundred points: the axis ends there.
    """
    known = [n for one in series for n in one.numbers if n is not None]
    marks_at = _ticks(min(known, default=0), max(known, default=0))
    if most:
        marks_at = range(0, most + 1, most // 2)
    drawn = [_line(one, steps, marks_at, at, write) for at, one in enumerate(series)]
    whole = marks_at[-1] - marks_at[0]
    ticks = [(f"{_TOP + _PLOT - _PLOT * (n - marks_at[0]) // whole}", write(n)) for n in marks_at]
    count = len(steps)
    named = sorted({0, count // 2, count - 1}) if count else []
    anchors = {0: "start", count - 1: "end"}
    marks = [(_left(at, count), steps[at], anchors.get(at, "middle")) for at in named]
    return Lines(drawn, ticks, marks, _TOP, _PLOT, _TOP + _PLOT + _BOTTOM)


def rows_of(steps: Sequence[str], chart: Lines) -> list[list[str]]:
    """The table of a chart of lines: each step with what each line says there."""
    told = [{point.label: point.text for point in line.points} for line in chart.lines]
    return [[step, *(own.get(step, "—") for own in told)] for step in steps]


def sparkline(numbers: Sequence[int | None]) -> list[str]:
    """The points of a small line in a field of 100 by 100, by unbroken stretch; its own scale."""
    known = [n for n in numbers if n is not None]
    if not known:
        return []
    low, high = min(known), max(known)
    places = [
        None if n is None else (_hundredths(at, len(numbers)), 10_000 - _share(n - low, high - low))
        for at, n in enumerate(numbers)
    ]
    return _stretches(places)


def _line(one: Series, steps: Sequence[str], ticks: range, style: int, write: Write) -> Drawn:
    count, low, top = len(steps), ticks[0], ticks[-1]
    places: list[tuple[int, int] | None] = []
    points = []
    for at, number in enumerate(one.numbers):
        if number is None:
            places.append(None)
            continue
        height = 10_000 - max(0, _share(number - low, top - low))
        places.append((_hundredths(at, count), height))
        height_px = _TOP * 100 + half_up(_PLOT * height, 100)
        points.append(Point(_left(at, count), _decimal(height_px), write(number), steps[at]))
    return Drawn(one.label, _stretches(places), points, style % STYLES)


def _stretches(places: Sequence[tuple[int, int] | None]) -> list[str]:
    """Points as SVG writes them; a gap in the numbers is a gap in the line."""
    found: list[list[str]] = [[]]
    for place in places:
        if place is None:
            found.append([])
        else:
            found[-1].append(f"{_decimal(place[0])},{_decimal(place[1])}")
    return [" ".join(stretch) for stretch in found if len(stretch) > 1]


def _hundredths(at: int, count: int) -> int:
    """Where a step stands from left to right, in hundredths of a percent."""
    if count < 2:
        return 5_000
    return _EDGE + (10_000 - 2 * _EDGE) * at // (count - 1)


def _left(at: int, count: int) -> str:
    return f"{_decimal(_hundredths(at, count))}%"


def _ticks(least: int, most: int) -> range:
    """The marks of an axis that holds zero: three steps, or as many as numbers below zero need.

    >>> list(_ticks(0, 25)), list(_ticks(-12, 40))
    ([0, 10, 20, 30], [-20, 0, 20, 40])
    """
    step = _round_up(max(most, -least)) // _TICKS
    if least >= 0:
        return range(0, step * _TICKS + 1, step)
    low, top = step * (least // step), -step * (-most // step)
    return range(low, max(top, 0) + 1, step)


def _round_up(number: int) -> int:
    """The nearest 1, 2, 5 times a power of ten, times three, that is not below: three even ticks."""
    step, power = max(1, -(-number // _TICKS)), 1
    while power * 10 <= step:
        power *= 10
    return next(power * n for n in _STEPS if power * n >= step) * _TICKS


def _share(part: int, whole: int) -> int:
    """A part in hundredths of a percent; half of nothing stands in the middle."""
    return half_up(part * 10_000, whole) if whole > 0 else 5_000


def _percent(part: int, whole: int) -> str:
    hundredths = half_up(part * 10_000, whole) if whole > 0 and part > 0 else 0
    return f"{_decimal(hundredths)}%"


def _decimal(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}"
