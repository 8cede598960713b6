"""A drawing about a forecast's past: what was said before, with its interval, against what came."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from volver.ui.shared.charts import Frame, dot, drawing, line, linear, rect, text, ticks, tip

_ROW = 46
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 440, 4, 16, 30, 22
_WORD = 5.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """One forecast of a total: its name, the amount, the interval where one was stated."""

    name: str
    expected: float
    low: float | None
    high: float | None
    says: str


def against(
    told: Sequence[Foreseen], came: float, *, label: str, came_says: str, money: Callable[[float], str]
) -> Markup:
    """Forecasts as points on their intervals, one below the other, and a line for what came."""
    frame = Frame(_WIDTH, _TOP + _ROW * len(told) + _BOTTOM, _LEFT, _RIGHT, _TOP, _BOTTOM)
    most = max([came, *(each.high or each.expected for each in told), 1.0]) * 1.06
    x = linear((0, most), (frame.left, frame.end))
    parts = []
    for value in ticks(0, most, 5):
        anchor = "start" if value == 0 else "middle"
        parts.append(line(x(value), frame.top, x(value), frame.floor, "grid"))
        parts.append(text(x(value), frame.height - 8, money(value), "tick", anchor))
    for at, each in enumerate(told):
        y = frame.top + _ROW * (at + 0.5) + 8
        bar = ""
        if each.low is not None and each.high is not None:
            bar = line(x(each.low), y, x(each.high), y, "reach")
        parts.append(text(frame.left, y - 16, each.name, "note", "start"))
        parts.append(
            tip(
                each.says,
                rect(frame.left, y - 27, frame.end - frame.left, _ROW - 6, "hit"),
                bar,
                dot(x(each.expected), y, 5.5, "dot on"),
            )
        )
    fits = x(came) + len(came_says) * _WORD < frame.end
    parts.append(tip(came_says, line(x(came), frame.top - 14, x(came), frame.floor, "came")))
    parts.append(text(x(came) + (6 if fits else -6), frame.top - 14, came_says, "note", "start" if fits else "end"))
    return drawing(frame, *parts, label=label, name="chart slim")
