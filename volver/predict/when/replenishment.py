"""What will be bought again within a horizon: a calibrated chance for each product that a customer bought three times.

A logistic regression on the features of `pairs` at past cuts (two, four where the horizon is short), recalibrated if
that helps, and checked on the latest window by a model that did not see it. The gap to the "due date" alone is a poor
trigger (AUC .60 against .76 on a grocer's baskets): it is one feature, and wording. Pure numerics.
"""

from typing import Any, Final, Self

import numpy as np

from volver.core import Words, clock
from volver.predict.numerics.arrays import Floats, Ints, Matrix
from volver.predict.numerics.calibration import IDENTITY, Map, calibration_of, recalibrated
from volver.predict.numerics.frames import framed, library_of
from volver.predict.numerics.params import Params
from volver.predict.numerics.probability_metrics import Reliability, reliability
from volver.predict.numerics.regression import Logistic, fitted
from volver.predict.when.pairs import FEATURES, ItemFacts, Pairs, bought_within, features, item_facts, pairs_at
from volver.predict.when.purchases import Purchases, days_since_1970, purchases
from volver.predict.when.repeat import sample

Past = dict[float, tuple[Pairs, Matrix]]

_BLOCK: Final = 1_000_000  # events whose features are in memory together
_SHORT: Final = 14.0  # days; shorter windows differ so much that four are averaged
_EVENTS: Final = 2_000_000  # events of one cut to learn from, at most


class Replenishment(Params):
    """P(buys the product again within the horizon) for pairs bought at least `least_times`.

    `horizon_days` is what is learned and asked, any number. `fewest`: rebuys in the past windows below which nothing
    is learned and every chance is NaN; `remark_` says so. `seed` picks the customers to learn from where there are
    too many.
    """

    def __init__(self, *, horizon_days: float = 28.0, least_times: int = 3, fewest: int = 200, seed: int = 0) -> None:
        self.horizon_days = horizon_days
        self.least_times = least_times
        self.fewest = fewest
        self.seed = seed

    def fit(
        self,
        interactions: Any,
        y: None = None,  # noqa: ARG002
        *,
        at: Any = None,
        past: Past | None = None,
    ) -> Self:
        """Learn from a frame (user, item, time; basket, weight, category if known) what was known before `at`.

        `past` holds the features of past cuts between fits on the same interactions for several horizons.
        """
        began = clock.stopwatch_s()
        self.know(interactions, at=at)
        self._past: Past = {} if past is None else past
        self.logistic_: Logistic | None = None
        self.map_: Map = dict(IDENTITY)
        self.check_: Reliability | None = None
        self.remark_: Words | None = None
        self.n_rebuys_ = 0
        n_cuts = 2 if self.horizon_days > _SHORT else 4
        cuts = [self.at_ - (nth + 1) * self.horizon_days for nth in range(n_cuts)]
        found = [self._rows_of(cut) for cut in cuts if cut > self.events_.begin]
        self.n_rebuys_ = sum(int(came.sum()) for _, came in found)
        if self.n_rebuys_ >= self.fewest:
            self.logistic_, self.map_ = _learned(found, self.seed)
            if len(found) > 1 and sum(came.sum() for _, came in found[1:]) >= self.fewest:
                earlier, how = _learned(found[1:], self.seed)
                self.check_ = reliability(recalibrated(earlier.p(found[0][0]), how), found[0][1])
        if self.logistic_ is None:
            facts = {"n": self.n_rebuys_, "days": round(self.horizon_days), "needed": self.fewest}
            self.remark_ = Words("{n} rebuys within {days} days are too few to learn from; {needed} are needed.", facts)
        self._past = {}
        self.fit_seconds_ = clock.stopwatch_s() - began
        return self

    def know(self, interactions: Any, *, at: Any = None, facts: ItemFacts | None = None) -> Self:
        """Take in interactions without learning. `facts` are of the same items, where only some customers come."""
        self.library_ = library_of(interactions)
        found = _events(interactions)
        self.at_ = found.end if at is None else days_since_1970(at)
        self.events_ = found.before(self.at_)
        self.facts_ = item_facts(self.events_, self.at_) if facts is None else facts
        return self

    def chance_of(self, rows: Matrix) -> Floats:
        """The chance of each row of features; NaN where nothing was learned."""
        if self.logistic_ is None:
            return np.full(len(rows), np.nan)
        return recalibrated(self.logistic_.p(rows), self.map_)

    def chances(self) -> tuple[Pairs, Floats]:
        """Every pair bought often enough, by user and item, and its chance (NaN where nothing was learned)."""
        kept, chances = [], []
        for first, last in self.events_.blocks(_BLOCK):
            pairs, rows = self._often(self.events_.of_users(first, last), self.at_, self.facts_)
            kept.append(pairs)
            chances.append(self.chance_of(rows))
        if not kept:
            pairs, rows = self._often(self.events_, self.at_, self.facts_)
            return pairs, self.chance_of(rows)
        return Pairs.joined(kept), np.concatenate(chances)

    def predict(self) -> Any:
        """A frame user, item, times, usual_gap_days, last_day (days since 1970-01-01) and p, by user and item."""
        pairs, p = self.chances()
        found = {
            "user": self.events_.users[pairs.user],
            "item": self.events_.items[pairs.item],
            "times": pairs.times,
            "usual_gap_days": own_gap_days(pairs),
            "last_day": pairs.last,
            "p": p,
        }
        return framed(found, self.library_)

    def to_dict(self) -> dict[str, Any]:
        """The model without its data, for JSON."""
        return {
            "horizon_days": self.horizon_days,
            "least_times": self.least_times,
            "fewest": self.fewest,
            "seed": self.seed,
            "at": self.at_,
            "n_rebuys": self.n_rebuys_,
            "logistic": self.logistic_.to_dict() if self.logistic_ else None,
            "map": self.map_,
            "check": self.check_.to_dict() if self.check_ else None,
        }

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> "Replenishment":
        """A learned model; `know` gives it the interactions to be asked about."""
        model = cls(**{name: told[name] for name in ("horizon_days", "least_times", "fewest", "seed")})
        model.n_rebuys_, model.map_ = told["n_rebuys"], told["map"]
        model.logistic_ = Logistic.from_dict(told["logistic"]) if told["logistic"] else None
        return model

    # ---- inside

    def _often(self, known: Purchases, cut: float, facts: ItemFacts) -> tuple[Pairs, Matrix]:
        return often(known, cut, facts, self.least_times)

    def _rows_of(self, cut: float) -> tuple[Matrix, Any]:
        if cut not in self._past:
            known = self.events_.before(cut)
            self._past[cut] = self._often(sample(known, _EVENTS, self.seed), cut, item_facts(known, cut))
        pairs, rows = self._past[cut]
        return rows, bought_within(self.events_, pairs, cut, self.horizon_days)


def often(known: Purchases, cut: float, facts: ItemFacts, least_times: int) -> tuple[Pairs, Matrix]:
    """The pairs bought at least so many times before `cut`, and their features."""
    pairs = pairs_at(known, cut, facts)
    enough = pairs.times >= least_times
    return pairs.only(enough), features(known, pairs, facts, enough)


def _learned(found: list[tuple[Matrix, Any]], seed: int) -> tuple[Logistic, Map]:
    """Weights and map from the rows of some cuts."""
    rows, came = np.concatenate([each[0] for each in found]), np.concatenate([each[1] for each in found])
    model = fitted(rows, came, FEATURES)
    return model, calibration_of(model.p(rows), came, seed=seed)


def own_gap_days(pairs: Pairs) -> Floats:
    """The customer's own mean gap between purchases of the product, in days; NaN for one bought once."""
    gaps: Ints = np.maximum(pairs.times - 1, 1)
    return np.where(pairs.times > 1, (pairs.last - pairs.first) / gaps, np.nan)


def _events(frame: Any) -> Purchases:
    return purchases(frame)
