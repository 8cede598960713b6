"""Which way of foreseeing a shop gets, decided by its own past: law, calendar, level, correction, spend.

Pure numerics over `Past`. Laws are ranked by mean deviance over past days, with a veto on those whose totals were far
off; ties go to Pareto/NBD. The calendar stays unless it would have made totals worse; a correction stays only if it won
on the newest past day and over all. Every choice is written down with its scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any, Final

import numpy as np

from volver.collect import StoreIndex
from volver.core import Words
from volver.predict.laws.betageometric import BGNBD, MBGNBD
from volver.predict.laws.calendar import FLAT, Calendar
from volver.predict.laws.closures import with_closures
from volver.predict.laws.erlang import MBGCNBD, wheat_morrison
from volver.predict.laws.pareto import ParetoNBD
from volver.predict.value.backtest import SPENDS, USUAL, Backtest, Kind, Trial, chance_variance
from volver.predict.value.calendar_selection import UNJUDGED, CalendarChoice, calendar_for
from volver.predict.value.correction import Correction, Lesson, learn_correction
from volver.predict.value.histories import Past
from volver.predict.value.level import LAW, Level, learn_level
from volver.predict.value.models import BG, MBG, PARETO, STEADY

LAWS: Final[dict[str, Kind]] = {PARETO: ParetoNBD, MBG: MBGNBD, BG: BGNBD}
MODELS: Final[dict[str, Kind]] = LAWS | {name: partial(MBGCNBD, k=k) for k, name in STEADY.items()}
FIRST: Final = PARETO
_COMPARED: Final = BG  # never chosen beside others: it calls everyone who bought once alive
_SPEND_GAIN: Final = 0.02  # how much nearer, in logs, another law of spending must come
_TIE: Final = 0.01  # deviance within this share of the best is no worse
_FEWEST_TO_RANK: Final = 100  # orders that came over all past days; below, the first law stands
_VETO: Final = 0.10  # mean error of totals, in logs, beyond the best one's
_WORSE: Final = 0.02  # how much worse totals may be with a law of rhythm, in logs
_GAIN: Final = 0.003  # share of the deviance that a correction must win
_GAIN_TREES: Final = 0.01  # the same for trees over the regression
_RANK: Final = 0.005  # how much worse, in rank correlation, money may be ordered
_ENOUGH: Final = 200  # customers; below, corrections learn chance
_ENOUGH_ORDERS: Final = 500  # that came, over all past days
_ENOUGH_HALVED: Final = 2_000  # with one past day
_ENOUGH_TREES: Final = 2_000
_RHYTHM: Final = 1.5  # regularity of gaps from which on a law of rhythm is tried; 1 is chance
_FEWEST_RHYTHMS: Final = 100  # customers with two gaps
_FEWEST: Final = 2  # past days: each is tried with what the others taught


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedModel:
    """One way of foreseeing and how it did at the past days: mean deviance, mean error of the total in logs."""

    name: str
    model: str
    calendar: bool
    correction: str  # none, linear or boosted
    deviance: float
    error: float
    ratios: tuple[float, ...]
    vetoed: bool = False
    chosen: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was chosen at `at` for a horizon, and why. `days` is the horizon that the past days were tried with."""

    model: str = FIRST
    calendar: Calendar = FLAT
    calendars: CalendarChoice = UNJUDGED
    imported_us: int | None = None  # when the index that was known here was imported
    spend: str = USUAL
    level: Level = LAW
    correction: Correction | None = None
    days: int = 0
    origins: tuple[date, ...] = ()
    contenders: tuple[TriedModel, ...] = ()
    why: tuple[Words, ...] = ()
    trials: tuple[Trial, ...] = field(default=())
    chances: dict[str, dict[str, Any]] = field(default_factory=dict)  # see `chances`

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the shelf: everything but the calendar, level and correction themselves."""
        return {
            "horizon_days": self.days,
            "origins": [day.isoformat() for day in self.origins],
            "chosen": {
                "model": self.model,
                "calendar": self.calendar.is_seasonal,
                "calendar_from": self.calendars.source,
                "spend": self.spend,
                "correction": _kind_of(self.correction),
                "level_orders": self.level.orders,
                "level_money": self.level.money,
            },
            "contenders": [each.to_dict() for each in self.contenders],
            "calendars": self.calendars.to_dict(),
            "calendar_why": [[each.text, dict(each.params)] for each in self.calendars.why],
            "imported_us": self.imported_us,
            "why": [[each.text, dict(each.params)] for each in self.why],
        }


def choose(
    past: Past, at: date, days: float, laws: Mapping[str, Kind] = LAWS, *, index: StoreIndex | None = None
) -> Choice:
    """Decide from what was known until `at` how to foresee the `days` after it, among these laws.

    Among all of `LAWS`, one of rhythm is tried too where a year or more shows that customers' gaps are regular. `index`
    is what the store sold before, if it was imported: of it, too, only what was over by then is used.
    """
    test = Backtest(past, at, days, index)
    if laws is LAWS and test.a_year_seen:
        laws = LAWS | _steady(past, at)
    first = FIRST if FIRST in laws else next(iter(laws))
    season = calendar_for(test, laws[first])
    calendar, why = season.calendar, season.why
    if not test.then:
        short = Words(
            "The history is too short to try anything on its past: {model} is used as it is.", {"model": first}
        )
        level = _level((), test, laws[first])
        calendar = with_closures(calendar, test.closed)
        return Choice(model=first, calendar=calendar, calendars=season, level=level, why=(short, *why))
    names, seasons = list(laws), [False] if calendar.is_flat else [False, True]
    tried = {(name, s): test.trials(laws[name], with_calendar=s) for name in names for s in seasons}
    seasonal = seasons[-1]
    model, law_why = _law(tried, names, with_calendar=seasonal)
    if seasonal and model != first:
        calendar = test.calendar(laws[model])
        if calendar.is_flat:
            seasonal, season, why = False, UNJUDGED, ()
    calendar = with_closures(calendar, test.closed)
    trials = tried[model, seasonal]
    level = _level(trials, test, laws[model])
    spend, spend_why = _spend(test)
    correction, corrected, correction_why = _correction(test, laws[model], with_calendar=seasonal)
    contenders = _contenders(tried, corrected, (model, seasonal, _kind_of(correction)))
    return Choice(
        model=model,
        calendar=calendar,
        calendars=season,
        spend=spend,
        level=level,
        correction=correction,
        days=test.days,
        origins=tuple(then.known.at for then in test.then),
        contenders=contenders,
        why=(
            *law_why,
            *why,
            *_closed_why(test),
            *_level_why(level, trials, test),
            *spend_why,
            *correction_why,
        ),
        trials=trials,
    )


def _steady(past: Past, at: date) -> dict[str, Kind]:
    """The law whose regularity is that of the customers' last two gaps; none where orders come as by chance."""
    gaps = past.last_gaps(at)
    k = wheat_morrison(gaps) if len(gaps) >= _FEWEST_RHYTHMS else None
    if k is None or k < _RHYTHM:
        return {}
    name = STEADY[min(max(round(k), min(STEADY)), max(STEADY))]
    return {name: MODELS[name]}


def _law(
    tried: Mapping[tuple[str, bool], tuple[Trial, ...]], names: Sequence[str], *, with_calendar: bool
) -> tuple[str, tuple[Words, ...]]:
    scores = {name: _scores(tried[name, with_calendar]) for name in names}
    nearest = min(error for _, error in scores.values())
    able = [name for name in names if scores[name][1] <= nearest + _VETO and (name != _COMPARED or len(names) == 1)]
    able = [name for name in able if name not in STEADY.values() or _agreed(name, tried, with_calendar=with_calendar)]
    able = able or [name for name in names if name != _COMPARED]
    best = min(able, key=lambda name: scores[name][0])
    nearer = best
    few = sum(trial.came for trial in tried[names[0], with_calendar]) < _FEWEST_TO_RANK
    if FIRST in names and (few or (FIRST in able and scores[FIRST][0] <= scores[best][0] * (1.0 + _TIE))):
        best = FIRST
    if len(names) == 1:
        return best, ()
    text = "{model} was nearest to the orders of single customers on {n} past days."
    if best != nearer:
        text = "{model} stays: on {n} past days no other law was clearly nearer to the orders of single customers."
    return best, (Words(text, {"model": best, "n": len(tried[best, with_calendar])}),)


def _agreed(name: str, tried: Mapping[tuple[str, bool], tuple[Trial, ...]], *, with_calendar: bool) -> bool:
    """Whether all scores on every past day speak for a law of rhythm. It is too sure of deaths, the more so the longer
    the history: it often wins totals, and loses single customers a year later.
    """
    mine, first = tried[name, with_calendar], tried.get((FIRST, with_calendar), ())
    pairs = list(zip(mine, first, strict=False))
    nearer = all(a.deviance < b.deviance and (a.spearman or 0.0) > (b.spearman or 0.0) - _RANK for a, b in pairs)
    return nearer and _scores(mine)[1] <= (_scores(first)[1] + _WORSE if first else np.inf)


def _closed_why(test: Backtest) -> tuple[Words, ...]:
    text = (
        "Nobody ordered from {first} to {last}: the shop was shut, or orders are missing. It is no customer's silence."
    )
    spans = [span for window in test.closed for span in window.dates]
    return tuple(Words(text, {"first": a.isoformat(), "last": b.isoformat()}) for a, b in spans)


def _spend(test: Backtest) -> tuple[str, tuple[Words, ...]]:
    errors = {name: test.spend_error(name) for name in SPENDS}
    best = min(errors, key=lambda name: errors[name])
    if best == USUAL or errors[best] > errors[USUAL] - _SPEND_GAIN:
        return USUAL, ()
    return best, (Words("Spend is foreseen for two kinds of customers: a few spend far more an order."),)


def _scores(trials: Sequence[Trial]) -> tuple[float, float]:
    return (
        float(np.mean([each.deviance for each in trials])),
        float(np.mean([abs(each.error) for each in trials])),
    )


def _level(trials: Sequence[Trial], test: Backtest, kind: Kind) -> Level:
    orders = [(each.error, chance_variance(each)[0], test.mature(each)) for each in trials]
    money = [
        (each.money_error, chance_variance(each)[1], test.mature(each))
        for each in trials
        if each.money_error is not None
    ]
    known = {"unseen": test.unseen, "reopened": test.reopened, "told": test.told, "trust": test.trust(kind)}
    return learn_level(orders, money, a_year_seen=test.a_year_seen, **known)


def _level_why(level: Level, trials: Sequence[Trial], test: Backtest) -> tuple[Words, ...]:
    percent = round(100 * (level.money - 1.0))
    if level.broke:
        text = "Something has changed: in the newest days that were tried, {percent} % of the foreseen orders came."
        return (Words(text, {"percent": round(100 / trials[0].ratio)}),)
    if not test.a_year_seen:
        if test.told:
            text = (
                "The shop is in its first year: of {percent} % of the days ahead only the imported calendar knows the "
                "season, so the interval is a little wider."
            )
            return (Words(text, {"percent": round(100 * test.told)}),)
        return (Words("The shop is in its first year: the interval is wider, for its seasons are unknown."),)
    if not percent:
        return (Words("Past totals were off now this way, now that: the level stays."),)
    text = "Past totals were off the same way on {n} days: the level moves by {percent} %."
    return (Words(text, {"n": len(trials), "percent": f"{percent:+d}".replace("-", "−")}),)


def _correction(
    test: Backtest, kind: Kind, *, with_calendar: bool
) -> tuple[Correction | None, dict[str, list[Trial]], tuple[Words, ...]]:
    """Try each past day with what the others taught; the newest, then, with nothing but its own past."""
    lessons = [test.lesson(then, kind, with_calendar=with_calendar) for then in test.then]
    counts = [(len(each.came), float(each.came.sum())) for each in lessons]
    few = len(lessons) < _FEWEST
    customers, orders = max(n for n, _ in counts), sum(came for _, came in counts)
    if customers < _ENOUGH or orders < (_ENOUGH_HALVED if few else _ENOUGH_ORDERS):
        return None, {}, (Words("There is too little past to learn corrections for single customers."),)
    if few:
        return _halved(test, lessons[0])
    ways = ["linear"] if sum(came for _, came in counts) < _ENOUGH_TREES else ["linear", "boosted"]
    tried: dict[str, list[Trial]] = {way: [] for way in ("none", *ways)}
    for i, (then, lesson) in enumerate(zip(test.then, lessons, strict=True)):
        tried["none"].append(then.tried(lesson.orders, lesson.money))
        for way in ways:
            learned = learn_correction(lessons[:i] + lessons[i + 1 :], test.days, boosted=way == "boosted")
            orders, money = applied(learned, lesson.columns, lesson.orders, lesson.money)
            tried[way].append(then.tried(orders, money))
    best = "none"
    for way in ways:
        if _wins(tried[way], tried[best], _GAIN if best == "none" else _GAIN_TREES):
            best = way
    if best == "none":
        lost = Words("Corrections for single customers did not win on the shop's past: they are left out.")
        return None, tried, (lost,)
    learned = learn_correction(lessons, test.days, boosted=best == "boosted")
    gain = 1.0 - _scores(tried[best])[0] / _scores(tried["none"])[0]
    text = "Single customers are corrected by what the law missed of them: {percent} % less deviance on {n} past days."
    return learned, tried, (Words(text, {"percent": round(100 * gain, 1), "n": len(tried[best])}),)


def _halved(test: Backtest, newest: Lesson) -> tuple[Correction | None, dict[str, list[Trial]], tuple[Words, ...]]:
    """With one past day, of which nothing older can be learned: learn from every other customer, try on the rest. Only
    the regression, and only where it wins by as much as trees must.
    """
    rest = slice(1, None, 2)
    half = Lesson(**{name: getattr(newest, name)[::2] for name in Lesson.__slots__})
    learned = learn_correction([half], test.days, boosted=False)
    then = replace(test.then[0], came=newest.came[rest], brought=newest.brought[rest])
    plain = newest.orders[rest], newest.money[rest]
    tried = {"none": [then.tried(*plain)], "linear": [then.tried(*applied(learned, newest.columns[rest], *plain))]}
    if not _wins(tried["linear"], tried["none"], _GAIN_TREES):
        return None, {}, (Words("There is too little past to learn corrections for single customers."),)
    gain = 1.0 - tried["linear"][0].deviance / tried["none"][0].deviance
    text = "Single customers are corrected by what the law missed: {percent} % less deviance on customers held out."
    why = (Words(text, {"percent": round(100 * gain, 1)}),)
    return learn_correction([newest], test.days, boosted=False), tried, why


def _wins(new: Sequence[Trial], old: Sequence[Trial], gain: float) -> bool:
    """Whether customers were known better on the newest past day, from older ones alone, and over all of them; and
    money was ranked no worse.
    """
    newest = new[0].deviance < old[0].deviance * (1.0 - gain)
    overall = _scores(new)[0] < _scores(old)[0] * (1.0 - gain)
    ranks = [(a.spearman or 0.0) - (b.spearman or 0.0) for a, b in zip(new, old, strict=True)]
    return newest and overall and float(np.mean(ranks)) > -_RANK


def applied(correction: Correction, columns: Any, orders: Any, money: Any) -> tuple[Any, Any]:
    """Orders and money moved between the customers of a day, totals kept."""
    found, correction = [], correction.among(columns)
    for factor, amount in ((correction.orders, orders), (correction.money, money)):
        moved = amount * factor(columns)
        found.append(moved * (amount.sum() / max(float(moved.sum()), 1e-12)))
    return found[0], found[1]


def _kind_of(correction: Correction | None) -> str:
    if correction is None:
        return "none"
    return "boosted" if correction.is_boosted else "linear"


def _contenders(
    tried: Mapping[tuple[str, bool], tuple[Trial, ...]],
    corrected: Mapping[str, Sequence[Trial]],
    chosen: tuple[str, bool, str],
) -> tuple[TriedModel, ...]:
    """Every way with its scores."""
    model, with_calendar, way = chosen
    rows = [(name, season, "none", trials) for (name, season), trials in tried.items()]
    rows += [(model, with_calendar, each, tuple(trials)) for each, trials in corrected.items() if each != "none"]
    nearest = min(_scores(trials)[1] for *_, trials in rows)
    found = []
    for name, season, each, trials in rows:
        error = _scores(trials)[1]
        found.append(
            TriedModel(
                name=title(name, season, each),
                model=name,
                calendar=season,
                correction=each,
                deviance=_scores(trials)[0],
                error=error,
                ratios=tuple(trial.ratio for trial in trials),
                vetoed=error > nearest + _VETO,
                chosen=(name, season, each) == (model, with_calendar, way),
            )
        )
    return tuple(found)


def title(model: str, with_calendar: bool, correction: str) -> str:
    """The name of a way of foreseeing, as reports print it."""
    return model + (" + calendar" if with_calendar else "") + (f" + {correction}" if correction != "none" else "")
