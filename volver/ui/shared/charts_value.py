"""Drawings about the whole shop: revenue by month, expected against what came, who is worth what."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import floor, log10

from markupsafe import Markup

from volver.ui.shared.charts import (
    Frame,
    area,
    dot,
    drawing,
    line,
    linear,
    path,
    rect,
    rulers,
    spread,
    text,
    ticks,
    tip,
)

_MONTHS = Frame(620, 224, 56, 8, 14, 42)
_WEEKS = Frame(760, 276, 48, 12, 26, 28)
_WORTH = Frame(420, 276, 44, 10, 44, 28)
_TENTHS = Frame(420, 400, 40, 10, 12, 44)
_DIGIT = 6.8  # about the width of a digit at the size of a tick
_WORD = 6.1  # about the width of a letter at the size of a note


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month's revenue; `year` stands below where a year begins, `whole` is False for a month that is not over."""

    name: str
    year: str
    amount: float
    says: str
    whole: bool


def months(
    told: Sequence[Month], *, label: str, money: Callable[[float], str]
) -> Markup:  # fmt: skip
    """Revenue by month as bars; the running month is drawn lighter."""
    frame = _MONTHS
    most = max([each.amount for each in told] + [1.0])
    least = min([each.amount for each in told] + [0.0])
    y = linear((least, most * 1.04), (frame.floor, frame.top))
    wide = (frame.end - frame.left) / max(len(told), 1)
    bar = min(wide * 0.72, 44)
    step = spread(len(told), 12)
    parts = [rulers(ticks(least, most, 4), y, frame, money)]
    for at, each in enumerate(told):
        x = frame.left + wide * (at + 0.5)
        top, bottom = min(y(each.amount), y(0)), max(y(each.amount), y(0))
        parts.append(
            tip(
                each.says,
                rect(x - wide / 2, frame.top, wide, frame.floor - frame.top, "hit"),
                rect(x - bar / 2, top, bar, bottom - top, "bar" if each.whole else "bar partial", 2),
            )
        )
        if (len(told) - 1 - at) % step == 0:
            parts.append(text(x, frame.height - 24, each.name))
        if each.year:
            parts.append(text(x, frame.height - 8, each.year, "note"))
    return drawing(frame, *parts, label=label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week: what came (None: not yet known), what was expected, and the interval where there is one."""

    day: date
    actual: float | None
    expected: float | None
    low: float | None
    high: float | None
    says: str


def tracking(
    told: Sequence[Week], split: int | None, *, label: str, held_out: str, month: Callable[[date], str],
    number: Callable[[float], str],
) -> Markup:  # fmt: skip
    """What came each week against what was expected; from week `split` on the model had not seen what came."""
    frame = _WEEKS
    heights = [value for each in told for value in (each.actual, each.expected, each.high) if value is not None]
    most = max([*heights, 1.0]) * 1.05
    x = linear((0, max(len(told) - 1, 1)), (frame.left, frame.end))
    y = linear((0, most), (frame.floor, frame.top))
    parts = [rulers(ticks(0, most, 4), y, frame, number)]
    if split is not None:
        parts.append(_held_out(frame, x(split), held_out))
    banded = [(x(at), each) for at, each in enumerate(told) if each.low is not None and each.high is not None]
    parts.append(
        area([(px, y(each.low or 0)) for px, each in banded], [(px, y(each.high or 0)) for px, each in banded], "band")
    )
    for name, values in (
        ("line actual thin", [(at, each.actual) for at, each in enumerate(told)]),
        ("line expected", [(at, each.expected) for at, each in enumerate(told)]),
    ):
        parts.append(path([(x(at), y(value)) for at, value in values if value is not None], name))
    reach = max((frame.end - frame.left) / max(len(told), 1), 2)
    for at, each in enumerate(told):
        shown = each.expected if each.expected is not None else each.actual
        if shown is not None:
            parts.append(
                tip(
                    each.says,
                    rect(x(at) - reach / 2, frame.top, reach, frame.floor - frame.top, "hit"),
                    dot(x(at), y(shown), 3.5, "dot"),
                )
            )
    starts = [at for at, each in enumerate(told) if each.day.day <= 7]
    step = spread(len(starts), 9)
    parts += [text(x(at), frame.height - 8, month(told[at].day)) for at in starts[::step] if x(at) < frame.end - 16]
    return drawing(frame, *parts, label=label)


def _held_out(frame: Frame, start: float, says: str) -> str:
    zone = rect(start, frame.top, frame.end - start, frame.floor - frame.top, "holdout")
    fits = frame.end - start > len(says) * _WORD
    return zone + text(start if fits else frame.end, frame.top - 8, says, "note", "start" if fits else "end")


def distribution(
    edges: Sequence[float], counts: Sequence[int], marks: Sequence[tuple[float, str]], *, label: str,
    money: Callable[[float], str], number: Callable[[float], str], noun: str,
) -> Markup:  # fmt: skip
    """How many customers are worth how much, over a logarithmic axis; two marks at most, the lower one first."""
    frame = _WORTH
    x = linear((log10(edges[0]), log10(edges[-1])), (frame.left, frame.end))
    y = linear((0, max([*counts, 1]) * 1.05), (frame.floor, frame.top))
    parts = [rulers(ticks(0, max([*counts, 1]), 4), y, frame, number)]
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        left, right = x(log10(low)), x(log10(high))
        parts.append(
            tip(
                f"{money(low)} – {money(high)} · {number(count)} {noun}",
                rect(left, frame.top, right - left, frame.floor - frame.top, "hit"),
                rect(left + 0.75, y(count), right - left - 1.5, frame.floor - y(count), "bar foreseen", 2),
            )
        )
    for place, (value, says) in enumerate(marks):
        at = x(log10(min(max(value, edges[0]), edges[-1])))
        wide = len(says) * _WORD
        before = at + wide > frame.end or (place == 0 and at - wide > frame.left)
        level = frame.top - 8 - 15 * place
        parts.append(line(at, level - 9, at, frame.floor, "mark"))
        parts.append(text(at - 5 if before else at + 5, level, says, "note", "end" if before else "start"))
    parts += [text(x(log10(value)), frame.height - 8, money(value)) for value in _round_values(edges[0], edges[-1])]
    return drawing(frame, *parts, label=label)


def _round_values(low: float, high: float) -> list[float]:
    """Labels for a logarithmic axis: 10, 30, 100, 300 … thinned to the powers of ten on a long one."""
    powers = range(floor(log10(low)), floor(log10(high)) + 1)
    lead = (1, 3) if len(powers) <= 4 else (1,)
    return [value for power in powers for m in lead if low <= (value := m * 10.0**power) <= high * 0.97]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenth:
    """A tenth of the customers by what was expected of them: the mean expected, the mean that came and its interval."""

    expected: float
    actual: float
    low: float | None
    high: float | None
    says: str


def calibration(
    told: Sequence[Tenth], *, label: str, below: str, number: Callable[[float], str]
) -> Markup:  # fmt: skip
    """For each tenth a bar for what was expected, and a dot for what came, with how sure that mean is."""
    most = max([each.high or 0 for each in told] + [max(each.expected, each.actual) for each in told] + [1e-6]) * 1.05
    widest = max(len(number(value)) for value in ticks(0, most, 4))
    frame = replace(_TENTHS, left=max(_TENTHS.left, 10 + _DIGIT * widest))
    x = linear((0.5, len(told) + 0.5), (frame.left, frame.end))
    y = linear((0, most), (frame.floor, frame.top))
    parts = [rulers(ticks(0, most, 4), y, frame, number)]
    for at, each in enumerate(told, 1):
        middle = x(at)
        whisker = ""
        if each.low is not None and each.high is not None:
            whisker = line(middle, y(each.low), middle, y(each.high), "whisker")
        parts.append(
            tip(
                each.says,
                rect(middle - 17, frame.top, 34, frame.floor - frame.top, "hit"),
                rect(middle - 10, y(each.expected), 20, frame.floor - y(each.expected), "bar foreseen", 2),
                whisker,
                dot(middle, y(each.actual), 4.5, "came"),
            )
        )
        parts.append(text(middle, frame.height - 26, str(at)))
    parts.append(text((frame.left + frame.end) / 2, frame.height - 6, below, "note"))
    return drawing(frame, *parts, label=label)
