"""What everyone is worth, and whether to believe it: the forecast, its past, its model, what it means for money."""

from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from volver import know, predict
from volver.core import E4, Words, day_of
from volver.know import CustomersPage
from volver.store import Shop
from volver.ui.predict.cohorts import heat_of
from volver.ui.predict.shelf import Worth, why_not, worth_of
from volver.ui.predict.value_model import model_card, shelf_of, shelf_rows
from volver.ui.predict.value_money import ask_channels, campaigns_of, channels_of, levers_of
from volver.ui.predict.value_past import backtest_of, calibration_chart, deciles_of, tracking_chart, weeks_held_out
from volver.ui.predict.value_spread import slipping_bars, spread_chart, spread_of
from volver.ui.shared.figures import remembered
from volver.ui.shared.formatting import Speech
from volver.ui.shared.rendering import is_fragment, render_page, speech_of

_RESTS_ON: Final = ("facts", "scores")
_SLIPPING: Final = 8
_YEARS: Final = {1: "365", 2: "730", 5: "1826"}  # as the model's body names them, in days
_TWICE: Final = 2  # a horizon that was seen less often than this is extrapolation


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
                "drift": None,
                "why_not": why_not(customers),
                "too_few": customers < predict.FEWEST,
                "stage_counts": stages.stages,
            }
            return render_page(request, shop, "value.html", **facts, **heat)
        asked = request.query_params.get("years", "")
        years = next((each for each in _YEARS if str(each) == asked), 1)
        return render_page(
            request,
            shop,
            "value.html",
            worth=worth,
            provenance=_provenance(worth, shop, spoken),
            remarks=[Words(text, facts) for text, facts in worth.body.get("remarks", [])],
            stage_counts=stages.stages,
            slipping_e4=next((each.value_e4 for each in stages.stages if each.stage == "slipping"), None),
            drift=remembered(shop, "drift", ("scores", "order_lines"), lambda: predict.drift(shop)),
            **_ahead(worth, years, spoken),
            **_people(shop, spoken),
            **_past(worth, spoken),
            **_model(shop, worth, spoken),
            **_money(shop, spoken),
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


def _people(shop: Shop, spoken: Speech) -> dict[str, Any]:
    spread = remembered(shop, "spread", _RESTS_ON, lambda: spread_of(shop))
    slipping = remembered(shop, "slipping", _RESTS_ON, lambda: _slipping(shop))
    return {
        "spread": spread,
        "distribution": spread_chart(spread, spoken),
        "slipping": slipping,
        "slipping_bars": slipping_bars(slipping, spoken),
    }


def _slipping(shop: Shop) -> CustomersPage:
    return know.customers(shop, stage="slipping", limit=_SLIPPING)


def _past(worth: Worth, spoken: Speech) -> dict[str, Any]:
    return {
        "tracking": tracking_chart(worth, spoken),
        "backtest": backtest_of(worth, spoken),
        "calibration": calibration_chart(worth, spoken),
        "deciles": deciles_of(worth, spoken),
    }


def _model(shop: Shop, worth: Worth, spoken: Speech) -> dict[str, Any]:
    kept = remembered(shop, "models", ("scores",), lambda: shelf_rows(shop))
    return {"card_of_model": model_card(worth, shop, spoken), "shelf": shelf_of(kept, shop, spoken)}


def _money(shop: Shop, spoken: Speech) -> dict[str, Any]:
    asked = remembered(shop, "channels", ("scores", "facts", "customers", "costs"), lambda: ask_channels(shop))
    levers = remembered(shop, "levers", ("scores",), lambda: predict.kept_levers(shop))
    margins = remembered(shop, "margins", ("days",), lambda: predict.assumed_margin(shop))
    return {
        "levers": levers_of(levers, margins, spoken),
        "channels": channels_of(asked, spoken),
        "campaigns": campaigns_of(asked, spoken),
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
