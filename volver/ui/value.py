"""What everyone is worth, and whether to believe it: the forecast, its past, its spread, the cohorts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from volver import know, predict
from volver.core import E4, Words, day_of
from volver.know import CustomersPage
from volver.store import Shop
from volver.ui.charts_people import interval
from volver.ui.charts_value import Tenth, Week, calibration, distribution, tracking
from volver.ui.cohorts import heat_of
from volver.ui.figures import remembered
from volver.ui.rendering import is_fragment, render_page, speech_of
from volver.ui.shelf import Worth, why_not, worth_of
from volver.ui.speech import Speech

_RESTS_ON: Final = ("facts", "scores")
_SLIPPING: Final = 8
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
_TOLD: Final = {"expected": "predicted", "actual": "actual", "low": "low", "high": "high"}
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


def value_page(shop: Shop) -> Callable[[Request], Response]:
    """The handler of `/value`."""

    def show(request: Request) -> Response:
        spoken = speech_of(request, shop)
        cumulative = request.query_params.get("cohorts") == "value"
        heat = heat_of(shop, spoken, cumulative)
        if is_fragment(request):
            return render_page(request, shop, "value_cohorts.html", **heat)
        worth = worth_of(shop)
        stages = remembered(shop, "stages", _RESTS_ON, lambda: know.stages(shop))
        if worth is None:
            customers = sum(each.customers for each in stages.stages)
            facts: dict[str, Any] = {
                "worth": None,
                "why_not": why_not(customers),
                "too_few": customers < predict.FEWEST,
                "stage_counts": stages.stages,
            }
            return render_page(request, shop, "value.html", **facts, **heat)
        spread = remembered(shop, "spread", _RESTS_ON, lambda: _spread(shop))
        slipping = remembered(shop, "slipping", _RESTS_ON, lambda: _slipping(shop))
        return render_page(
            request,
            shop,
            "value.html",
            worth=worth,
            provenance=_provenance(worth, shop, spoken),
            remarks=[Words(text, facts) for text, facts in worth.body.get("remarks", [])],
            spread=spread,
            stage_counts=stages.stages,
            slipping_e4=next((each.value_e4 for each in stages.stages if each.stage == "slipping"), None),
            slipping=slipping,
            slipping_bars=_bars(slipping, spoken),
            tracking=_tracking(worth, spoken),
            distribution=_distribution(spread, spoken),
            calibration=_calibration(worth, spoken),
            **heat,
        )

    return show


def _slipping(shop: Shop) -> CustomersPage:
    return know.customers(shop, stage="slipping", limit=_SLIPPING)


def _spread(shop: Shop) -> Spread:
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


def _provenance(worth: Worth, shop: Shop, spoken: Speech) -> str:
    """Which model, on what, and how it did where it had not looked."""
    fitted = spoken.words(
        Words(
            "{model} with gamma-gamma spend, fitted on {day} with {n} buyers, on orders until {until_day}.",
            {
                "model": worth.model,
                "day": day_of(worth.fitted_us, shop.settings.timezone),
                "n": worth.customers,
                "until_day": worth.data_until,
            },
        )
    )
    check = worth.body.get("check")
    if not check or not check["total"].get("actual"):
        return fitted + " " + spoken.text("The shop is too young to hold weeks out and see how good that is.")
    days = (date.fromisoformat(check["holdout_until"]) - date.fromisoformat(check["calibration_until"])).days
    off = check["total"]["predicted"] / check["total"]["actual"]
    said = Words("Tried on {weeks} weeks that it had not seen, it was {off} off in total.", {
        "weeks": round(days / 7), "off": spoken.change(off, 1.0)})  # fmt: skip
    found, perfect = (check["customer"].get(name) for name in ("top10_capture", "top10_capture_perfect"))
    if not found or not perfect:
        return f"{fitted} {spoken.words(said)}"
    best = Words(
        "Its best tenth of customers brought {share} of the revenue; hindsight would have found {perfect_share}.",
        {"share": found, "perfect_share": perfect},
    )
    return f"{fitted} {spoken.words(said)} {spoken.words(best)}"


def _tracking(worth: Worth, spoken: Speech) -> Markup | None:
    rows = worth.body.get("tracking") or []
    if len(rows) < 4:
        return None
    _, number = spoken.text, spoken.number
    told = []
    for row in rows:
        day, held = date.fromisoformat(row["week"]), bool(row["held_out"])
        says = _("Week of {day}", day=spoken.day(day)) + f" · {_('came')} {number(row['actual'])}"
        says += f" · {_('expected')} {number(row['expected'])}"
        if held:
            says += f" · 90 %: {number(row['low'])} – {number(row['high'])}"
        told.append(
            Week(
                day=day,
                actual=row["actual"],
                expected=row["expected"],
                low=row["low"] if held else None,
                high=row["high"] if held else None,
                says=says,
            )
        )
    split = next((at for at, row in enumerate(rows) if row["held_out"]), None)
    return tracking(
        told,
        split,
        label=_("Repeat orders per week, expected and actual"),
        held_out=_("held out"),
        month=lambda at: spoken.day(at, "MMMyy"),
        number=spoken.short,
    )


def _distribution(spread: Spread, spoken: Speech) -> Markup | None:
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


def _calibration(worth: Worth, spoken: Speech) -> Markup | None:
    check = worth.body.get("check") or {}
    rows = check.get("orders", {}).get("tenths") or []
    if not rows:
        return None
    _ = spoken.text
    told = [
        Tenth(
            expected=row["predicted"],
            actual=row["actual"],
            low=row.get("low"),
            high=row.get("high"),
            says=_(
                "Tenth {n}: expected {expected}, came {actual} ({low} to {high})",
                n=at,
                **{name: spoken.number(row[told], 2) for name, told in _TOLD.items()},
            ),
        )
        for at, row in enumerate(rows, 1)
    ]
    return calibration(
        told,
        label=_("Orders per customer by tenth of expectation"),
        below=_("tenths by expected orders, least to most"),
        number=lambda value: spoken.number(value, 0 if value.is_integer() else 1),
    )


def _bars(page: CustomersPage, spoken: Speech) -> list[Markup]:
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
