"""What everyone is worth, and whether to believe it: the forecast, its past, its model, what it means for money."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from volver import know, predict
from volver.core import E4, Words, day_of
from volver.know import CustomersPage, StageReport
from volver.store import Shop, kept_answer
from volver.ui.predict.cohorts import cohorts_of, heat_of
from volver.ui.predict.outlook import kept_levers
from volver.ui.predict.shelf import Worth, model_of, why_not, worth_of
from volver.ui.predict.value_model import model_card, shelf_of, shelf_rows
from volver.ui.predict.value_money import Asked, ask_channels, campaigns_of, channels_of, levers_of
from volver.ui.predict.value_past import backtest_of, calibration_chart, deciles_of, tracking_chart, weeks_held_out
from volver.ui.predict.value_spread import Spread, slipping_bars, spread_chart, spread_of
from volver.ui.shared.figures import remembered
from volver.ui.shared.formatting import Speech
from volver.ui.shared.rendering import is_fragment, render_page, speech_of

T = TypeVar("T")
_RESTS_ON: Final = ("facts", "scores")
_SLIPPING: Final = 8
_YEARS: Final = {1: "365", 2: "730", 5: "1826"}  # as the model's body names them, in days
_TWICE: Final = 2  # a horizon that was seen less often than this is extrapolation


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What the page rests on besides the model: totals, nothing about a person. None of them without a model."""

    drift: predict.Drift | None
    spread: Spread
    channels: Asked
    levers: dict[str, Any]
    margins: tuple[Words, ...]


def totals(shop: Shop) -> Totals:
    """What the page says of everybody, as the published model and the last refresh have it.

    Raises `predict.no_model`.
    """
    model = model_of(shop)

    def kept(name: str, tables: tuple[str, ...], kind: Any, make: Callable[[], T]) -> T:
        return kept_answer(shop, name, tables, kind, make, model)

    kind = predict.Drift | None
    return Totals(
        drift=kept("drift", ("scores", "order_days", "facts"), kind, lambda: predict.drift(shop)),
        spread=kept("spread", _RESTS_ON, Spread, lambda: spread_of(shop)),
        channels=kept("channels", ("scores", "facts", "customers", "costs"), Asked, lambda: ask_channels(shop)),
        levers=kept_levers(shop),
        margins=kept("margins", ("days",), tuple[Words, ...], lambda: predict.assumed_margin(shop)),
    )


def stages_of(shop: Shop) -> StageReport:
    """The stages as of the last refresh."""
    return kept_answer(shop, "stages", _RESTS_ON, StageReport, lambda: know.stages(shop))


def keep_totals(shop: Shop) -> None:
    """Make and keep what the page asks for, as far as there is a model."""
    stages_of(shop)
    cohorts_of(shop)
    if model_of(shop):
        totals(shop)


def hold_small(shop: Shop) -> None:
    """Bring into memory what the page asks for and is not kept."""
    if worth_of(shop) is not None:
        _shelf(shop)
        _slipping(shop)


def value_page(shop: Shop) -> Callable[[Request], Response]:
    """The handler of `/value`."""

    def show(request: Request) -> Response:
        spoken = speech_of(request, shop)
        cumulative = request.query_params.get("cohorts") == "value"
        heat = heat_of(shop, spoken, cumulative)
        if is_fragment(request):
            return render_page(request, shop, "value_cohorts.html", **heat)
        worth = worth_of(shop)
        stages = stages_of(shop)
        if worth is None:
            customers = sum(each.customers for each in stages.stages)
            facts: dict[str, Any] = {
                "worth": None,
                "drift": None,
                "why_not": why_not(shop, customers),
                "too_few": customers < predict.FEWEST,
                "stage_counts": stages.stages,
            }
            return render_page(request, shop, "value.html", **facts, **heat)
        asked = request.query_params.get("years", "")
        years = next((each for each in _YEARS if str(each) == asked), 1)
        told = totals(shop)
        return render_page(
            request,
            shop,
            "value.html",
            worth=worth,
            provenance=_provenance(worth, shop, spoken),
            remarks=[Words(text, facts) for text, facts in worth.body.get("remarks", [])],
            stage_counts=stages.stages,
            slipping_e4=next((each.value_e4 for each in stages.stages if each.stage == "slipping"), None),
            drift=told.drift,
            **_ahead(worth, years, spoken),
            **_people(shop, told.spread, spoken),
            **_past(worth, spoken),
            **_model(shop, worth, spoken),
            **_money(told, spoken),
            **heat,
        )

    return show


def _ahead(worth: Worth, years: int, spoken: Speech) -> dict[str, Any]:
    """The total over so many years; one year is what every page says."""
    told = worth.body.get("horizons") or {}
    choices = [each for each, days in _YEARS.items() if each == 1 or days in told]
    years = years if years in choices else 1
    found: dict[str, Any] = {"years": years, "choices": choices, "months": 12 * years, "far": ""}
    if years == 1:
        return found | {"value_e4": worth.value_e4, "low_e4": worth.low_e4, "high_e4": worth.high_e4}
    ahead, seen = told[_YEARS[years]], worth.history_days
    found |= {f"{to}_e4": round(ahead[to] * E4) for to in ("value", "low", "high")}
    if seen is not None and seen < _TWICE * int(_YEARS[years]):
        text = "{seen} days of history for {horizon} days ahead: less than twice as many, so it is extrapolation."
        found["far"] = spoken.words(Words(text, {"seen": seen, "horizon": int(_YEARS[years])}))
    return found


def _people(shop: Shop, spread: Spread, spoken: Speech) -> dict[str, Any]:
    slipping = _slipping(shop)
    return {
        "spread": spread,
        "distribution": spread_chart(spread, spoken),
        "slipping": slipping,
        "slipping_bars": slipping_bars(slipping, spoken),
    }


def _slipping(shop: Shop) -> CustomersPage:
    def found() -> CustomersPage:
        return know.customers(shop, stage="slipping", limit=_SLIPPING)

    return remembered(shop, "slipping", _RESTS_ON, found)


def _past(worth: Worth, spoken: Speech) -> dict[str, Any]:
    return {
        "tracking": tracking_chart(worth, spoken),
        "backtest": backtest_of(worth, spoken),
        "calibration": calibration_chart(worth, spoken),
        "deciles": deciles_of(worth, spoken),
    }


def _shelf(shop: Shop) -> tuple[predict.ShelfModel, ...]:
    return remembered(shop, "models", ("scores",), lambda: shelf_rows(shop), model_of(shop))


def _model(shop: Shop, worth: Worth, spoken: Speech) -> dict[str, Any]:
    kept = _shelf(shop)
    return {"card_of_model": model_card(worth, shop, spoken), "shelf": shelf_of(kept, shop, spoken)}


def _money(told: Totals, spoken: Speech) -> dict[str, Any]:
    return {
        "levers": levers_of(told.levers, told.margins, spoken),
        "channels": channels_of(told.channels, spoken),
        "campaigns": campaigns_of(told.channels, spoken),
    }


def _provenance(worth: Worth, shop: Shop, spoken: Speech) -> str:
    """Which model, on what, and how it did where it had not looked."""
    fitted = spoken.words(
        Words(
            "{model} with gamma-gamma spend, fitted on {day} with {n} buyers, on orders until {until_day}.",
            {
                "model": worth.model,
                "day": day_of(worth.fitted_us, shop.settings.timezone),
                "n": worth.customers,
                "until_day": worth.learned_until,
            },
        )
    )
    check = worth.body.get("check")
    if not check or not check["total"].get("actual"):
        return fitted + " " + spoken.text("The shop is too young to hold weeks out and see how good that is.")
    off = check["total"]["predicted"] / check["total"]["actual"]
    said = Words("Tried on {weeks} weeks that it had not seen, it was {off} off in total.", {
        "weeks": weeks_held_out(check), "off": spoken.change(off, 1.0)})  # fmt: skip
    found, perfect = (check["customer"].get(name) for name in ("top10_capture", "top10_capture_perfect"))
    if not found or not perfect:
        return f"{fitted} {spoken.words(said)}"
    best = Words(
        "Its best tenth of customers brought {share} of the revenue; hindsight would have found {perfect_share}.",
        {"share": found, "perfect_share": perfect},
    )
    return f"{fitted} {spoken.words(said)} {spoken.words(best)}"
