"""Charts as SVG: numbers in, markup out.

Every function is pure and returns `Markup`. Shapes carry class names only; colour, type and dark mode belong to
`static/app.css`. Data is in the caller's units, positions in SVG units, which are pixels at the size shown. Blue is
what happened, orange is what we expect. This module holds the shapes; `charts_*.py` the drawings.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup, escape

_QUARTERS_FROM = 10  # below that a quarter step would need more decimals than an axis has room for
Scale = Callable[[float], float]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """The size of a drawing and the margins around its plot."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    @property
    def floor(self) -> float:
        """The y of the plot's lower edge."""
        return self.height - self.bottom

    @property
    def end(self) -> float:
        """The x of the plot's right edge."""
        return self.width - self.right


def linear(domain: Point, span: Point) -> Scale:
    """Map `domain` onto `span`; a domain of no length maps to the middle of the span.

    >>> linear((0, 10), (100, 200))(5)
    150.0
    """
    (low, high), (start, end) = domain, span
    if high == low:
        return lambda _value: (start + end) / 2
    return lambda value: start + (value - low) / (high - low) * (end - start)


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten, 25 or 250) within [low, high].

    >>> ticks(0, 437), ticks(0, 900)
    ([0.0, 200.0, 400.0], [0.0, 250.0, 500.0, 750.0])
    """
    raw = (high - low) / max(about, 1)
    if raw <= 0:
        return [low]
    power = 10.0 ** floor(log10(raw))
    steps = (1, 2, 2.5, 5, 10) if power >= _QUARTERS_FROM else (1, 2, 5, 10)
    step = next(times * power for times in steps if times * power >= raw * (1 - 1e-9))
    return [at * step for at in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def drawing(frame: Frame, *parts: str, label: str, name: str = "chart") -> Markup:
    """Parts in an SVG that scales, with the label that stands for it where it cannot be seen."""
    wide = " wide" if frame.width > 600 else ""
    body = "\n".join(part for part in parts if part)
    return Markup(  # noqa: S704  every text in the parts went through `escape`
        f'<svg class="{name}{wide}" viewBox="0 0 {frame.width:g} {frame.height:g}" role="img"'
        f' aria-label="{escape(label)}">\n{body}\n</svg>'
    )


def path(points: Iterable[Point], name: str) -> str:
    """A line through points; nothing for fewer than two."""
    placed = list(points)
    if len(placed) < 2:
        return ""
    return f'<path class="{name}" d="M{"L".join(f"{x:.1f},{y:.1f}" for x, y in placed)}"/>'


def area(lower: Sequence[Point], upper: Sequence[Point], name: str) -> str:
    """The surface between two lines."""
    if len(lower) < 2:
        return ""
    return f'<path class="{name}" d="M{"L".join(f"{x:.1f},{y:.1f}" for x, y in [*upper, *reversed(lower)])}Z"/>'


def line(x1: float, y1: float, x2: float, y2: float, name: str) -> str:
    """A straight line."""
    return f'<line class="{name}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def rect(x: float, y: float, width: float, height: float, name: str, round_: float = 0) -> str:
    """A rectangle; never negative in size."""
    corner = f' rx="{round_:g}"' if round_ else ""
    size = f'width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"'
    return f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" {size}{corner}/>'


def dot(x: float, y: float, radius: float, name: str) -> str:
    """A disc."""
    return f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'


def text(x: float, y: float, said: str, name: str = "tick", anchor: str = "middle") -> str:
    """A short text; `anchor` is start, middle or end."""
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'


def tip(said: str, *parts: str, name: str = "") -> str:
    """Shapes that show a text under the pointer (app.js) and say it where they are read aloud."""
    cls = f"tip {name}".strip()
    return f'<g class="{cls}" data-tip="{escape(said)}"><title>{escape(said)}</title>{"".join(parts)}</g>'


def rulers(values: Iterable[float], y: Scale, frame: Frame, said: Callable[[float], str]) -> str:
    """Faint horizontal lines with their values on the left."""
    return "\n".join(
        line(frame.left, y(value), frame.end, y(value), "grid")
        + text(frame.left - 8, y(value) + 4, said(value), "tick", "end")
        for value in values
    )


def spread(count: int, most: int) -> int:
    """Every how many of `count` labels fit when at most `most` do."""
    return max(1, ceil(count / most))
