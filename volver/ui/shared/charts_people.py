"""Drawings about one customer: the curve of coming back, the interval of a value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from volver.ui.shared.charts import Frame, area, dot, drawing, line, linear, path, rect, rulers, spread, text, tip


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """An order on the curve's floor: `size` is its value relative to the largest, in (0, 1]."""

    day: date
    size: float
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The chance of still being a customer, day by day, and when the next order is likely.

    After `today` it is what silence would make of it.
    """

    days: Sequence[date]
    chances: Sequence[float]
    orders: Sequence[Dot]
    today: date
    window: tuple[date, date] | None


_CURVE = Frame(860, 212, 48, 14, 26, 50)
_CELL = Frame(120, 14, 3, 3, 0, 0)
_WORD = 6.1  # about the width of a letter at the size of a note


def curve(
    told: Curve, *, label: str, next_says: str, today_says: str, month: Callable[[date], str],
    percent: Callable[[float], str], day: Callable[[date], str],
) -> Markup:  # fmt: skip
    """The chance falls while nothing happens and springs back with each order."""
    frame = _CURVE
    first = min([*(each.day for each in told.orders), *told.days[:1], told.today])
    last = max([told.today, *told.days[-1:], *(told.window or ())])
    last = date.fromordinal(last.toordinal() + max(3, (last - first).days // 60))
    along = linear((first.toordinal(), last.toordinal()), (frame.left, frame.end))
    y = linear((0, 1), (frame.floor, frame.top))

    def x(at: date) -> float:
        return along(at.toordinal())

    points = [(x(at), y(chance)) for at, chance in zip(told.days, told.chances, strict=True)]
    parts = [rulers([0, 0.5, 1], y, frame, percent)]
    if told.window:
        parts.append(_window(frame, x(told.window[0]), x(told.window[1]), next_says))
    past = [point for at, point in zip(told.days, points, strict=True) if at <= told.today]
    now = x(told.today)
    parts += [area([(px, frame.floor) for px, _ in past], past, "fill"), path(past, "line expected")]
    parts.append(path([*past[-1:], *points[len(past) :]], "line expected silence"))
    parts.append(line(now, frame.top, now, frame.floor, "today"))
    if not told.window or abs(x(told.window[0]) - now) > 60:
        parts.append(text(now, frame.top - 8, today_says, "note"))
    if past:
        says = f"{day(told.today)} · {percent(told.chances[len(past) - 1])}"
        parts.append(tip(says, dot(*past[-1], 9, "hit"), dot(*past[-1], 4.5, "dot on")))
    room = (now - frame.left) / max(len(told.orders), 1)
    large = min(5.5, max(2.5, room / 2))
    parts += [
        tip(each.says, dot(x(each.day), frame.floor + 15, 2 + large / 6 + large * each.size, "order"))
        for each in told.orders
    ]
    parts += _months(first, last, x, frame.height - 8, month)
    return drawing(frame, *parts, label=label)


def _window(frame: Frame, start: float, end: float, says: str) -> str:
    at = min((start + end) / 2, frame.end - len(says) * _WORD / 2)
    return rect(start, frame.top, max(end - start, 4), frame.floor - frame.top, "window", 3) + text(
        max(at, frame.left + len(says) * _WORD / 2), frame.top - 8, says, "note"
    )


def _months(first: date, last: date, x: Callable[[date], float], y: float, month: Callable[[date], str]) -> list[str]:
    starts = [
        date(index // 12, index % 12 + 1, 1)
        for index in range(first.year * 12 + first.month, last.year * 12 + last.month)
    ]
    step = spread(len(starts), 9)
    return [text(x(at), y, month(at)) for at in starts[::step] if x(at) < _CURVE.end - 20]


def interval(low: float, middle: float, high: float, most: float, says: str) -> Markup:
    """A small bar for a table's cell: what is expected within its interval, on a scale from nothing to `most`.

    What lies beyond the scale is drawn to its end.
    """
    frame = _CELL
    x, y = linear((0, max(most, 1e-9)), (frame.left, frame.end)), frame.height / 2
    return drawing(
        frame,
        tip(
            says,
            rect(0, 0, frame.width, frame.height, "hit"),
            line(frame.left, y, frame.end, y, "axis"),
            line(x(min(low, most)), y, x(min(high, most)), y, "span"),
            dot(x(min(middle, most)), y, 3.5, "dot on"),
        ),
        label=says,
        name="interval",
    )
