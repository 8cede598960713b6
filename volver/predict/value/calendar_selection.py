"""Which calendar a shop's time is counted by: none, the one learned from its orders, or the one that was imported.

Pure numerics over a backtest. What is long enough to judge is judged by past totals; before that the imported one is
used, for that is why it was given.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from volver.core import Words
from volver.predict.laws.calendar import FLAT, Calendar
from volver.predict.value.backtest import IMPORTED, LEARNED, YEAR, Backtest, Kind

NONE: Final = "none"
_WORSE: Final = 0.02  # how much worse past totals may be, in logs, before a calendar gives way
_OWN_YEARS: Final = 2  # from which on the shop's own seasons go before imported ones that do as well


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChoice:
    """The calendar, where it is from (imported, learned or none), and why; `errors` is the mean error of past totals,
    in logs, with each that could be tried.
    """

    calendar: Calendar = FLAT
    source: str = NONE
    errors: dict[str, float] = field(default_factory=dict)
    why: tuple[Words, ...] = ()

    def to_dict(self) -> list[dict[str, Any]]:
        """Each calendar that was tried, in plain values."""
        return [{"from": name, "error": e, "chosen": name == self.source} for name, e in self.errors.items()]


def calendar_for(test: Backtest, kind: Kind) -> CalendarChoice:
    """The calendar that the shop gets; `test` takes it from there afterwards."""
    found = {name: calendar for name in (LEARNED, IMPORTED) if not (calendar := _of(test, kind, name)).is_flat}
    old = [i for i, then in enumerate(test.then) if (then.known.at - test.past.first).days >= YEAR]
    errors = {name: _error(test, kind, name, old) for name in (NONE, *found)} if old and found else {}
    source = _best(test, found, errors)
    test.calendar_from = source if source == IMPORTED else LEARNED
    return CalendarChoice(
        calendar=found.get(source, FLAT),
        source=source,
        errors=errors,
        why=_why(test, kind, source, found, errors),
    )


def _of(test: Backtest, kind: Kind, source: str) -> Calendar:
    if source == IMPORTED and test.index is None:
        return FLAT
    test.calendar_from = source
    return test.calendar(kind)


def _error(test: Backtest, kind: Kind, source: str, old: list[int]) -> float:
    """Mean error of totals, in logs, over the past days before which a year was seen."""
    test.calendar_from = source
    trials = test.trials(kind, with_calendar=source != NONE)
    return float(np.mean([abs(trials[i].error) for i in old]))


def _best(test: Backtest, found: dict[str, Calendar], errors: dict[str, float]) -> str:
    own_years = (test.at - test.past.first).days / YEAR
    whole = test.index is not None and all(test.index_months)
    order = (LEARNED, IMPORTED) if own_years >= _OWN_YEARS or not whole else (IMPORTED, LEARNED)
    best = next((name for name in order if name in found), NONE)
    for name in (*order, NONE):
        if name in errors and errors[name] < errors[best] - _WORSE:
            best = name
    return best


def _why(
    test: Backtest, kind: Kind, source: str, found: dict[str, Calendar], errors: dict[str, float]
) -> tuple[Words, ...]:
    off = {name: round(100 * float(np.expm1(error))) for name, error in errors.items()}
    if source == IMPORTED:
        season = test.season(kind)
        return (_imported(round(100 * season.follows) if season else 100, LEARNED in found, off),)
    told: tuple[Words, ...] = ()
    if source == LEARNED:
        told = (Words("The shop's calendar is in: the months in which everyone buys more."),)
    elif LEARNED in found:
        told = (Words("The calendar was left out: with it past totals were further off."),)
    if IMPORTED not in found:
        return told
    if not off:
        return (*told, Words("The imported calendar was left out: it does not tell all months of the year."))
    text = "The imported calendar was left out: with it past totals were {imported} % off, with what is used {used} %."
    return (*told, Words(text, {"imported": off[IMPORTED], "used": off[source]}))


def _imported(percent: int, learned: bool, off: dict[str, int]) -> Words:
    if not off:
        text = (
            "The imported calendar is in, with {percent} % of its swings: the shop's own history is too short to know "
            "its seasons."
        )
        return Words(text, {"percent": percent})
    if not learned:
        text = (
            "The imported calendar is in, with {percent} % of its swings: on past days with a year before them totals "
            "were {imported} % off with it, {none} % without."
        )
        return Words(text, {"percent": percent, "imported": off[IMPORTED], "none": off[NONE]})
    text = (
        "The imported calendar is in, with {percent} % of its swings: on past days with a year before them totals were "
        "{imported} % off with it, {learned} % with the learned one, {none} % with none."
    )
    if off[IMPORTED] > off[LEARNED]:
        text = (
            "The imported calendar is in, with {percent} % of its swings: on past days with a year before them totals "
            "were {imported} % off with it, {learned} % with the learned one, {none} % with none. As good as equal, "
            "and the shop has less than two years of its own."
        )
    return Words(text, {"percent": percent, "imported": off[IMPORTED], "learned": off[LEARNED], "none": off[NONE]})


UNJUDGED: Final = CalendarChoice()
