"""Who is worth what: how value is spread over customers, and who is slipping with the most to lose."""

from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from volver.core import E4
from volver.know import CustomersPage
from volver.store import Shop
from volver.ui.shared.charts_people import interval
from volver.ui.shared.charts_value import distribution
from volver.ui.shared.formatting import Speech

_TAIL: Final = 0.01
_FINEST: Final = 10  # steps of the histogram within a power of ten
_SPREAD = """
select cast(floor(log10(value_365d_e4) * 10) as integer) as step, count(*) as n from scores
where value_365d_e4 >= 10000 group by step order by step
"""
_POINTS = """
select count(*) as customers, quantile_cont(value_365d_e4, 0.5) as median_e4,
       quantile_cont(value_365d_e4, 0.9) as top_e4, sum(p_alive) as alive,
       sum(value_365d_e4) as whole_e4, count(*) filter (where value_365d_e4 < 10000) as nothing
from scores
"""
_TOP = "select sum(value_365d_e4) as e4 from scores where value_365d_e4 >= $top_e4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How value is spread over customers: steps of a tenth of a power of ten, and points of the distribution.

    `first` is the first step that is drawn; `below` customers are worth less than that.
    """

    steps: tuple[tuple[int, int], ...]
    customers: int
    median_e4: float
    top_e4: float
    top_share: float
    alive: float
    first: int
    below: int

    @property
    def floor_e4(self) -> float:
        """The lowest value that is drawn."""
        return float(10 ** (self.first / _FINEST))


def spread_of(shop: Shop) -> Spread:
    """How the published scores are spread."""
    points: dict[str, Any] = shop.compute.relation(_POINTS).to_pylist()[0]
    steps = shop.compute.relation(_SPREAD).to_pylist()
    whole, top_e4 = int(points["whole_e4"] or 0), float(points["top_e4"] or 0)
    first = _first_step(steps, int(points["customers"]))
    top = shop.compute.relation(_TOP, {"top_e4": round(top_e4)}).to_pylist()[0]["e4"] or 0
    return Spread(
        steps=tuple((int(row["step"]), int(row["n"])) for row in steps),
        customers=int(points["customers"]),
        median_e4=float(points["median_e4"] or 0),
        top_e4=top_e4,
        top_share=int(top) / whole if whole else 0.0,
        alive=float(points["alive"] or 0),
        first=first,
        below=int(points["nothing"]) + sum(int(row["n"]) for row in steps if row["step"] < first),
    )


def _first_step(steps: list[dict[str, Any]], customers: int) -> int:
    """Where the histogram begins: the long thin tail of those worth next to nothing is told, not drawn."""
    seen = 0
    for row in steps:
        seen += int(row["n"])
        if seen > customers * _TAIL:
            return int(row["step"])
    return 0


def spread_chart(spread: Spread, spoken: Speech) -> Markup | None:
    """The histogram of value."""
    if not spread.steps:
        return None
    _, counted = spoken.text, dict(spread.steps)
    first, last = spread.first, spread.steps[-1][0]
    edges = [10 ** (step / _FINEST) / E4 for step in range(first, last + 2)]
    marks = [
        (value / E4, said)
        for value, said in (
            (spread.median_e4, _("half above {value}", value=spoken.money(spread.median_e4))),
            (spread.top_e4, _("top tenth from {value}", value=spoken.money(spread.top_e4))),
        )
        if value >= E4
    ]
    return distribution(
        edges,
        [counted.get(step, 0) for step in range(first, last + 1)],
        marks,
        label=_("Customers by expected value"),
        money=lambda value: spoken.money_tick(value * E4),
        number=spoken.short,
        noun=_("customers"),
    )


def slipping_bars(page: CustomersPage, spoken: Speech) -> list[Markup]:
    """A small interval for each of those who are slipping."""
    most = max((row.value_high_e4 or 0 for row in page.rows), default=0)
    return [
        interval(
            row.value_low_e4 or 0,
            row.value_e4 or 0,
            row.value_high_e4 or 0,
            most,
            spoken.text("90 %: {span}", span=spoken.span(row.value_low_e4 or 0, row.value_high_e4 or 0)),
        )
        for row in page.rows
    ]
