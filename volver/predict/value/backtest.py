"""A rolling backtest: what each way of foreseeing would have said on past days, and what came.

Pure numerics over `Past`. The days lie one, two, three, four horizons back from `at`, as far as the history reaches, so
no two look at the same outcome. Where the history is too short for the horizon asked for, a shorter one is tried.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

import numpy as np

from volver.collect import StoreIndex
from volver.predict.laws.buying import BuyingModel
from volver.predict.laws.calendar import FLAT, Calendar, Window
from volver.predict.laws.calendar_learning import learn_calendar
from volver.predict.laws.closures import closures, with_closures
from volver.predict.laws.spend import GammaGamma
from volver.predict.laws.spend_mixed import MixedSpend
from volver.predict.laws.store_index import Season, followed, season_of
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.metrics import deviance, spearman, top_share
from volver.predict.value.correction import Lesson, correction_columns
from volver.predict.value.histories import Buyers, Past, TooLittleHistory

LEARNED: Final = "learned"
IMPORTED: Final = "imported"
YEAR: Final = 365
_MOST_ORIGINS: Final = 4
_PARTS: Final = 4  # the history holds the horizon tried at least this often
_SHORTEST: Final = 28  # days; less says nothing
_YOUNGEST: Final = 40  # days of history before the first past day
_FEWEST: Final = 8  # orders that came; fewer say nothing, and few say little: see `chance_variance`
_FAINT: Final = 0.05  # standard deviation of log months at which an imported calendar is trusted by half
_FEWEST_FOR_CALENDAR: Final = 300  # later orders, some twenty-five a month
_REPEATS: Final = 2.0  # variance of a total of orders over its mean: customers differ
_KNOWN_LITTLE: Final = 0.1  # share of today's repeat orders at which a past day counts half
_MONEY: Final = 4.0  # the same for money in units of an order

Kind = Callable[[], BuyingModel]
_REACH: Final = 4.0  # robust deviations beyond which one customer's mean spend does not pull the shop's
USUAL: Final = "robust"
SPENDS: Final[dict[str, Callable[[], GammaGamma]]] = {
    "robust": lambda: GammaGamma(reach=_REACH),
    "mixed": lambda: MixedSpend(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One way of foreseeing at one past day: totals foreseen and what came; how it did by customer."""

    at: date
    orders: float
    money: float
    came: float
    brought: float
    deviance: float
    spearman: float | None
    top10_capture: float | None
    repeats: float  # repeat orders that were known that day: what a law learns from

    @property
    def ratio(self) -> float:
        """Orders foreseen over those that came."""
        return self.orders / self.came

    @property
    def error(self) -> float:
        """Log of orders that came over those foreseen."""
        return float(np.log(self.came / max(self.orders, 1e-12)))

    @property
    def money_error(self) -> float | None:
        """Log of money that came over what was foreseen; None where none came."""
        return float(np.log(self.brought / self.money)) if self.brought > 0 and self.money > 0 else None


@dataclass(frozen=True)
class Then:
    """A past day: who was known, what each did in the days after."""

    known: Buyers
    came: Floats
    brought: Floats

    def tried(self, orders: Floats, money: Floats) -> Trial:
        """The scores of a forecast."""
        return Trial(
            at=self.known.at,
            orders=float(orders.sum()),
            money=float(money.sum()),
            came=float(self.came.sum()),
            brought=float(self.brought.sum()),
            deviance=deviance(orders, self.came),
            spearman=spearman(money, self.brought),
            top10_capture=top_share(money, self.brought),
            repeats=float(self.known.x.sum()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a law said of each customer known on a past day: expected orders and money, and its columns."""

    orders: Floats
    money: Floats
    columns: Floats


class Backtest:
    """The past days at which a shop's forecasts are tried, newest first; each is read and each law fitted once."""

    def __init__(self, past: Past, at: date, days: float, index: StoreIndex | None = None) -> None:
        self.past = past
        self.index = index
        self.calendar_from = LEARNED  # where `calendar` takes it from
        self.at = at
        self.asked = days
        age = (at - past.first).days
        self.days = int(min(days, max(_SHORTEST, age // _PARTS)))
        self.a_year_seen = age >= YEAR + self.days // 2
        back = [at - timedelta(days=self.days * (i + 1)) for i in range(_MOST_ORIGINS)]
        least = max(_YOUNGEST, self.days // 2)
        self.then = tuple(
            then for day in back if (day - past.first).days >= least and (then := self._then(day)) is not None
        )
        self._calendars: dict[tuple[date, Kind], Calendar] = {}
        self._seasons: dict[tuple[date, Kind], Season | None] = {}
        self._said: dict[tuple[date, Kind, Calendar], Said] = {}

    def _then(self, day: date) -> Then | None:
        try:
            known = self.past.at(day)
        except TooLittleHistory:
            return None
        came, brought = self.past.at(day + timedelta(days=self.days)).came_since(known)
        return Then(known, came, brought) if came.sum() >= _FEWEST else None

    @property
    def unseen(self) -> float:
        """Share of the horizon asked for in months of the year that the history does not hold."""
        return self._share(~self._seen)

    @cached_property
    def _seen(self) -> Any:
        """Months of the year that the history holds."""
        seen = np.zeros(12, dtype=bool)
        seen[_month(np.arange(np.datetime64(self.past.first) + _SHORTEST, np.datetime64(self.at) + 1))] = True
        return seen

    def _share(self, months: Any) -> float:
        ahead = np.datetime64(self.at) + np.arange(1, int(min(max(self.asked, 1.0), YEAR)) + 1)
        return float(np.mean(months[_month(ahead)]))

    @cached_property
    def closed(self) -> tuple[Window, ...]:
        """When the shop was shut, or its orders are missing: see `closures`."""
        return closures(*self.past.order_days(self.at))

    @cached_property
    def reopened(self) -> float:
        """Share of the horizon for which the shop has not yet been seen open again after a closure; 0 without one."""
        since = [(self.at - end).days for window in self.closed for _, end in window.dates]
        return max(0.0, 1.0 - min(since) / max(self.asked, 1.0)) if since else 0.0

    def mature(self, trial: Trial) -> float:
        """How much an error of that day says of today's, 0 to 1: little where next to nothing was known then."""
        return trial.repeats / (trial.repeats + _KNOWN_LITTLE * float(self.now.x.sum()) + 1e-9)

    @cached_property
    def now(self) -> Buyers:
        """Who is known at `at`."""
        return self.past.at(self.at)

    def calendar(self, kind: Kind, day: date | None = None) -> Calendar:
        """The calendar as one would have learned it on a day (`at` by default); flat within the first year.

        Where `calendar_from` is `IMPORTED`, that of the index as it was known that day.
        """
        asked = day or self.at
        if self.calendar_from == IMPORTED:
            season = self.season(kind, asked)
            return season.calendar if season else FLAT
        if (asked - self.past.first).days < YEAR:
            return FLAT
        if (asked, kind) not in self._calendars:
            known = self.past.at(asked)
            days, orders = self.past.rows.daily(asked, asked)
            enough = orders.sum() >= _FEWEST_FOR_CALENDAR
            found = FLAT
            if enough:
                found = learn_calendar(known.first_day, known.known, asked, kind, days, orders, windows=self.closed)
            self._calendars[asked, kind] = with_closures(found, self.closed) if found.is_seasonal else FLAT
        return self._calendars[asked, kind]

    def season(self, kind: Kind, day: date | None = None) -> Season | None:
        """What the index says that was known on a day, by as much as the orders until then follow it."""
        asked = day or self.at
        if (asked, kind) not in self._seasons:
            told = season_of(self.index.until(asked), since=self.past.first) if self.index else None
            if told is not None:
                known = self.past.at(asked)
                days, orders = self.past.rows.daily(asked, asked)
                told = followed(told, kind, known.first_day, known.known, asked, days, orders)
            self._seasons[asked, kind] = told
        return self._seasons[asked, kind]

    @cached_property
    def index_months(self) -> tuple[bool, ...]:
        """Which months, January first, the index tells that is known at `at`."""
        season = season_of(self.index.until(self.at)) if self.index else None
        return season.months if season else (False,) * 12

    @property
    def told(self) -> float:
        """Share of the horizon asked for in months that the imported calendar alone holds, if it is used."""
        if self.calendar_from != IMPORTED:
            return 0.0
        return self._share(~self._seen & np.array(self.index_months))

    def trust(self, kind: Kind) -> float:
        """How far the shop's orders follow the imported calendar, 0 to 1; less where it hardly tells one month from
        another, for that may be what noise left of it; 0 where it is not used.
        """
        season = self.season(kind) if self.calendar_from == IMPORTED else None
        if season is None:
            return 0.0
        swing = float(np.std(np.log(season.calendar.weights)))
        return min(season.follows, 1.0) * swing / (swing + _FAINT)

    def said(self, then: Then, kind: Kind, calendar: Calendar) -> Said:
        """What a law would have said that day, with times counted by a calendar."""
        calendar = with_closures(calendar, self.closed)
        key = (then.known.at, kind, calendar)
        if key not in self._said:
            known = then.known
            histories = calendar.histories(known.known, known.at)
            law = kind().fit(histories)
            orders = histories.spread(law.orders_by_row(histories, calendar.span(known.at, self.days)))
            spend = SPENDS[USUAL]().fit(known.spend_days, known.mean_spend)
            per_order = spend.predict(known.spend_days, known.mean_spend)
            columns = correction_columns(known, orders, law.p_alive(histories), per_order)
            self._said[key] = Said(orders=orders, money=orders * per_order, columns=columns)
        return self._said[key]

    def calendar_then(self, then: Then, kind: Kind) -> Calendar:
        """What was known of the calendar that day; before a year had passed, what is known of it today."""
        found = self.calendar(kind, then.known.at)
        return self.calendar(kind) if found.is_flat else found

    def trials(self, kind: Kind, *, with_calendar: bool) -> tuple[Trial, ...]:
        """The law at every past day."""
        found = []
        for then in self.then:
            said = self.said(then, kind, self.calendar_then(then, kind) if with_calendar else FLAT)
            found.append(then.tried(said.orders, said.money))
        return tuple(found)

    def spend_error(self, kind: str) -> float:
        """Mean error, in logs, of what the orders that came brought, had each cost what a law of spending said."""
        found = []
        for then in self.then:
            known = then.known
            law = SPENDS[kind]().fit(known.spend_days, known.mean_spend)
            said = float(then.came @ law.predict(known.spend_days, known.mean_spend))
            if said > 0 and then.brought.sum() > 0:
                found.append(abs(float(np.log(then.brought.sum() / said))))
        return float(np.mean(found)) if found else 0.0

    def lesson(self, then: Then, kind: Kind, *, with_calendar: bool) -> Lesson:
        """A past day as something to learn a correction from."""
        said = self.said(then, kind, self.calendar_then(then, kind) if with_calendar else FLAT)
        return Lesson(columns=said.columns, orders=said.orders, money=said.money, came=then.came, brought=then.brought)


def _month(days: Any) -> Any:
    return days.astype("datetime64[M]").astype(np.int64) % 12


def chance_variance(trial: Trial) -> tuple[float, float]:
    """Variance of the log of the total of orders and of money that chance alone gives."""
    return _REPEATS / trial.came, _MONEY / trial.came
