"""How good the forecast was where it had not looked: week by week, in total, tenth by tenth."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from markupsafe import Markup

from volver.core import E4, Words
from volver.ui.predict.shelf import Worth
from volver.ui.shared.charts_past import Foreseen, against
from volver.ui.shared.charts_value import Tenth, Week, calibration, tracking
from volver.ui.shared.formatting import Speech

_TOLD: Final = {"expected": "predicted", "actual": "actual", "low": "low", "high": "high"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One way of foreseeing on the held-out weeks: how far off in total, how well it ordered customers."""

    name: str
    off: str
    order: str
    top: str
    is_ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What was foreseen and what came: the answer in words, a drawing, the scores beside those of past spend."""

    says: str
    held: bool | None
    chart: Markup
    scores: tuple[Score, ...]


def backtest_of(worth: Worth, spoken: Speech) -> Backtest | None:
    """The held-out weeks in total; None where nothing could be held out."""
    check = worth.body.get("check") or {}
    total = check.get("total") or {}
    if not total.get("actual"):
        return None
    _, held = spoken.text, check.get("covers")
    eighty: list[float | None] = check.get("interval80") or [None, None]
    low, high = eighty if eighty[0] is not None else (total.get("low"), total.get("high"))
    share = 80 if eighty[0] is not None else 90
    if held is None and low is not None and high is not None:
        held = low <= total["actual"] <= high
    told = [_foreseen(_("The model"), total["predicted"], low, high, share, spoken)]
    past = (check.get("baseline") or {}).get("past_spend") or {}
    if past.get("predicted"):
        told.append(_foreseen(_("Past spend, going on"), past["predicted"], None, None, share, spoken))
    came = _("came: {value}", value=spoken.money(total["actual"] * E4))
    return Backtest(
        says=_answer(worth, check, held, share, spoken),
        held=held,
        chart=against(
            told,
            total["actual"],
            label=_("Revenue of the held-out weeks, foreseen and come"),
            came_says=came,
            money=lambda value: spoken.money_tick(value * E4),
        ),
        scores=_scores(check, past, spoken),
    )


def weeks_held_out(check: dict[str, Any]) -> int:
    """How many weeks were held out."""
    days = (date.fromisoformat(check["holdout_until"]) - date.fromisoformat(check["calibration_until"])).days
    return round(days / 7)


def _answer(worth: Worth, check: dict[str, Any], held: bool | None, share: int, spoken: Speech) -> str:
    total = check["total"]
    said = Words(
        "With orders until {until_day} it foresaw {predicted_e4} for the next {weeks} weeks; {actual_e4} came.",
        {
            "until_day": check["calibration_until"],
            "weeks": weeks_held_out(check),
            "predicted_e4": round(total["predicted"] * E4),
            "actual_e4": round(total["actual"] * E4),
        },
    )
    verdict = ""
    if held is not None:
        text = Words("Its {share} % interval held.") if held else Words("Its {share} % interval did not hold.")
        verdict = " " + spoken.text(text.text, share=share)
    other = ""
    if check.get("model") and check["model"] != worth.model:
        other = " " + spoken.words(Words("Of what was known then it chose {model}.", {"model": check["model"]}))
    return spoken.words(said) + verdict + other


def _foreseen(
    name: str, expected: float, low: float | None, high: float | None, share: int, spoken: Speech
) -> Foreseen:
    says = f"{name} · {spoken.money(expected * E4)}"
    if low is not None and high is not None:
        says += f" · {share} %: {spoken.span(low * E4, high * E4)}"
    return Foreseen(name=name, expected=expected, low=low, high=high, says=says)


def _scores(check: dict[str, Any], past: dict[str, Any], spoken: Speech) -> tuple[Score, ...]:
    _, ours = spoken.text, check.get("customer") or {}
    found = [_score(_("The model"), check["total"].get("ratio"), ours, spoken, is_ours=True)]
    if past:
        found.append(_score(_("Past spend"), past.get("ratio"), past, spoken))
    if ours.get("top10_capture_perfect"):
        found.append(Score(name=_("Hindsight"), off="", order="", top=spoken.percent(ours["top10_capture_perfect"])))
    return tuple(found)


def _score(name: str, ratio: float | None, by: dict[str, Any], spoken: Speech, *, is_ours: bool = False) -> Score:
    order, top = by.get("spearman"), by.get("top10_capture")
    return Score(
        name=name,
        off="" if ratio is None else spoken.change(ratio, 1.0),
        order="" if order is None else spoken.number(order, 2),
        top="" if top is None else spoken.percent(top),
        is_ours=is_ours,
    )


def tracking_chart(worth: Worth, spoken: Speech) -> Markup | None:
    """Repeat orders by week, expected and actual, with the held-out zone."""
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


def calibration_chart(worth: Worth, spoken: Speech) -> Markup | None:
    """Orders per customer by tenths of what was expected, with how sure each mean is."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciles:
    """Money by tenths of the customers: the answer in words, and a drawing."""

    says: str
    chart: Markup


def deciles_of(worth: Worth, spoken: Speech) -> Deciles | None:
    """Money per customer by tenths of what was expected, the best last; None where nothing was held out."""
    rows = (worth.body.get("check") or {}).get("deciles") or []
    sums = [[row["customers"] * row[name] for row in rows] for name in ("predicted", "actual")]
    if not rows or min(sum(each) for each in sums) <= 0:
        return None
    _ = spoken.text
    foreseen_share, came_share = (each[-1] / sum(each) for each in sums)
    best = Words(
        "The best tenth was to bring {foreseen_share} of the revenue and brought {came_share}.",
        {"foreseen_share": foreseen_share, "came_share": came_share},
    )
    told = [
        Tenth(
            expected=max(row["predicted"], 0.0),
            actual=max(row["actual"], 0.0),
            low=row.get("low"),
            high=row.get("high"),
            says=_(
                "Tenth {n}: {expected} expected of each, {actual} came",
                n=at,
                expected=spoken.money(row["predicted"] * E4),
                actual=spoken.money(row["actual"] * E4),
            ),
        )
        for at, row in enumerate(rows, 1)
    ]
    chart = calibration(
        told,
        label=_("Revenue per customer by tenth of expectation"),
        below=_("tenths by expected revenue, least to most"),
        number=lambda value: spoken.money_tick(value * E4),
    )
    return Deciles(says=spoken.words(best), chart=chart)
