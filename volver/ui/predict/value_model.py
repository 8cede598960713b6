"""Which model speaks and why, which ones stood here before, and whether what came since still fits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from math import exp
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from volver import predict
from volver.core import E4, VolverError, Words, day_of
from volver.store import Shop, one_at_a_time
from volver.ui.predict.shelf import Worth
from volver.ui.shared.asked import count_of
from volver.ui.shared.formatting import Speech
from volver.ui.shared.rendering import render_page

_SHOWN: Final = 8
_MOST: Final = 10**12
_EVEN: Final = 0.005  # a level nearer to 1 than this is told as none
_CALENDARS: Final = {
    "imported": Words("imported"),
    "learned": Words("learned from its past"),
    "none": Words("none"),
}
_CORRECTIONS: Final = {
    "none": Words("none by customer"),
    "linear": Words("by customer, from recent orders, spend and silence"),
    "boosted": Words("by customer, with decision trees"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContenderRow:
    """A way of foreseeing: what it is, how far off its total was at each past day and on average, how it ranks."""

    name: str
    offs: tuple[str, ...]
    error: str
    deviance: str
    chosen: bool
    vetoed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """The published model in words: the answer, how it works, its facts, why it was chosen, against whom."""

    says: str
    law: str
    facts: tuple[tuple[str, str], ...]
    why: tuple[str, ...]
    origins: tuple[str, ...]
    contenders: tuple[ContenderRow, ...]


def model_card(worth: Worth, shop: Shop, spoken: Speech) -> ModelCard:
    """What to know about the published model; a fit of an earlier version says less."""
    choice: dict[str, Any] = worth.body.get("choice") or {}
    chosen: dict[str, Any] = choice.get("chosen") or {}
    contenders = choice.get("contenders") or []
    ours = next((each for each in contenders if each.get("chosen")), None)
    if ours and choice.get("origins"):
        said = Words(
            "{model}: tried at {n} past days, its totals were {error_share} off on average.",
            {"model": worth.model, "n": len(choice["origins"]), "error_share": _off(ours["error"])},
        )
    else:
        said = Words("{model}, as it is: the past was too short to try others on it.", {"model": worth.model})
        if not choice:
            said = Words("{model}, with gamma-gamma spend.", {"model": worth.model})
    return ModelCard(
        says=spoken.words(said),
        law=spoken.words(predict.MODEL_WORDS.get(worth.model)),
        facts=_facts(worth, chosen, shop, spoken),
        why=tuple(spoken.words(Words(text, facts)) for text, facts in choice.get("why") or []),
        origins=tuple(spoken.day(date.fromisoformat(day), "yMMM") for day in choice.get("origins") or []),
        contenders=tuple(_contender(each, spoken) for each in contenders),
    )


def _facts(worth: Worth, chosen: dict[str, Any], shop: Shop, spoken: Speech) -> tuple[tuple[str, str], ...]:
    _, zone = spoken.text, shop.settings.timezone
    found = [
        (_("Orders until"), spoken.day(worth.learned_until)),
        (_("Customers"), spoken.number(worth.customers)),
        (_("Fitted"), spoken.day(day_of(worth.fitted_us, zone))),
    ]
    if worth.data_until != worth.learned_until:
        found.insert(1, (_("Customers as of"), spoken.day(worth.data_until)))
    if chosen:
        found += [
            (_("Calendar"), spoken.words(_CALENDARS[_calendar_from(chosen)])),
            (_("Correction"), spoken.words(_CORRECTIONS.get(str(chosen.get("correction"))))),
            (_("Level of orders"), _level(chosen.get("level_orders"), spoken)),
            (_("Level of money"), _level(chosen.get("level_money"), spoken)),
        ]
    rate = worth.body.get("discount_rate_yearly")
    if rate is not None:
        found.append((_("Yearly discount"), spoken.percent(rate)))
    if worth.body.get("volver"):
        found.append(("Volver", str(worth.body["volver"])))
    return tuple((name, said) for name, said in found if said)


def _calendar_from(chosen: dict[str, Any]) -> str:
    """Where the calendar is from; a fit of an earlier version could only learn it."""
    found = str(chosen.get("calendar_from"))
    return found if found in _CALENDARS else "learned" if chosen.get("calendar") else "none"


def _level(level: float | None, spoken: Speech) -> str:
    if level is None:
        return ""
    if abs(level - 1.0) < _EVEN:
        return spoken.text("not moved")
    return spoken.text("moved by {change}", change=spoken.change(level, 1.0))


def _contender(each: dict[str, Any], spoken: Speech) -> ContenderRow:
    _, name = spoken.text, str(each.get("model") or each.get("name"))
    if each.get("calendar"):
        name = _("{model}, with calendar", model=name)
    if each.get("correction") == "linear":
        name = _("{model}, corrected by customer", model=name)
    elif each.get("correction") == "boosted":
        name = _("{model}, corrected by trees", model=name)
    error, deviance = each.get("error"), each.get("deviance")
    return ContenderRow(
        name=name,
        offs=tuple("" if ratio is None else spoken.change(ratio, 1.0) for ratio in each.get("ratios") or []),
        error="" if error is None else spoken.percent(_off(error)),
        deviance="" if deviance is None else spoken.number(deviance, 3),
        chosen=bool(each.get("chosen")),
        vetoed=bool(each.get("vetoed")),
    )


def _off(error: float) -> float:
    """An error in logs as a share."""
    return exp(abs(error)) - 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A model of the shelf as a row."""

    id: int
    fitted: date
    clock: str
    model: str
    learned_until: date
    customers: int
    expected_e4: int | None
    off: str
    held: bool | None
    published: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The newest models of the shelf and the published one, and whether there are more."""

    rows: tuple[Kept, ...]
    has_more: bool


def shelf_rows(shop: Shop) -> tuple[predict.ShelfModel, ...]:
    """The newest models, one more than is shown, and the published one wherever it stands."""
    newest = predict.shelf(shop, _SHOWN + 1)
    if any(each.published for each in newest[:_SHOWN]):
        return newest
    return *newest[:_SHOWN], predict.published(shop)


def shelf_of(models: tuple[predict.ShelfModel, ...], shop: Shop, spoken: Speech) -> Shelf:
    """The models as rows."""
    shown = [each for at, each in enumerate(models) if at < _SHOWN or each.published]
    return Shelf(rows=tuple(_kept(each, shop, spoken) for each in shown), has_more=len(models) > _SHOWN)


def _kept(model: predict.ShelfModel, shop: Shop, spoken: Speech) -> Kept:
    check, total = model.body.get("check") or {}, model.body.get("total") or {}
    ratio = (check.get("total") or {}).get("ratio")
    return Kept(
        id=model.id,
        fitted=day_of(model.fitted_us, shop.settings.timezone),
        clock=spoken.clock(model.fitted_us),
        model=model.model,
        learned_until=model.learned_until,
        customers=model.customers,
        expected_e4=round(total["value"] * E4) if "value" in total else None,
        off="" if ratio is None else spoken.change(ratio, 1.0),
        held=check.get("covers"),
        published=model.published,
    )


def publish_again(shop: Shop) -> Callable[[Request], Any]:
    """The handler of the form that publishes an older model again."""

    def work(model_id: int) -> None:
        with one_at_a_time(shop):
            predict.republish(shop, model_id)

    async def publish(request: Request) -> Response:
        wanted = str((await request.form()).get("model", ""))
        try:
            await run_in_threadpool(work, count_of(wanted, 0, _MOST))
        except VolverError as problem:
            says, hint = Words(problem.says, problem.facts), Words(problem.hint, problem.facts)
            return render_page(request, shop, "error.html", problem.status, status=problem.status, says=says, hint=hint)
        return RedirectResponse("/value#models", 303)

    return publish
