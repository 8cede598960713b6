"""When a product is due: replenishment chances at 7, 28 and 90 days, and the middle half of the wait that they make.

The three chances are points of one curve, the chance of having bought by then; between them the hazard is constant.
Pure numerics.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.probability_metrics import Reliability
from volver.predict.when.pairs import ItemFacts, Pairs, item_facts
from volver.predict.when.purchases import days_since_1970, purchases
from volver.predict.when.replenishment import Past, Replenishment, often

HORIZONS: Final = (7.0, 28.0, 90.0)
_LIKELY: Final = 0.5  # a product less likely than this to be bought within 90 days is not due
_MIDDLE: Final = (0.25, 0.75)
_BLOCK: Final = 1_000_000  # events whose features are in memory together


@dataclass(frozen=True)
class Dues:
    """Pairs bought often enough, and for each the chance within 7, 28 and 90 days and the window it is due in.

    `begin` and `end` are days from the cut, the middle half of the wait where a purchase within 90 days is more likely
    than not, NaN elsewhere. Chances are NaN where nothing was learned.
    """

    pairs: Pairs
    p: Floats  # (n_pairs, 3)
    begin: Floats
    end: Floats


class Due:
    """Replenishment at three horizons at once. `fit` learns; `ask` answers for these or other customers."""

    def __init__(self, *, least_times: int = 3, fewest: int = 200, seed: int = 0) -> None:
        self.least_times = least_times
        self.models = tuple(
            Replenishment(horizon_days=days, least_times=least_times, fewest=fewest, seed=seed) for days in HORIZONS
        )

    def fit(self, frame: Any, y: None = None, *, at: Any = None) -> Self:  # noqa: ARG002
        """Learn from a frame (user, item, time; basket, weight, category if known) what was known before `at`."""
        events = purchases(frame)
        self.at_ = events.end if at is None else days_since_1970(at)
        known, past = events.before(self.at_), Past()
        self.facts_ = item_facts(known, self.at_)
        for model in self.models:
            model.fit(known, at=self.at_, past=past)
        return self

    @property
    def learned_(self) -> bool:
        """Whether the chance within 28 days could be learned; without it nothing is foreseen."""
        return self.models[1].logistic_ is not None

    @property
    def check_(self) -> Reliability | None:
        """How the chance within 28 days did on the last 28 days, learned before them."""
        return self.models[1].check_

    def ask(self, frame: Any, facts: ItemFacts | None = None) -> Dues:
        """Dues of the customers in the frame, at the day of `fit`. `facts` of the same items, else those of `fit`."""
        known, found = purchases(frame).before(self.at_), []
        for first, last in known.blocks(_BLOCK) or [(0, 0)]:
            pairs, rows = often(known.of_users(first, last), self.at_, facts or self.facts_, self.least_times)
            found.append((pairs, curve([model.chance_of(rows) for model in self.models])))
        pairs = Pairs.joined([each[0] for each in found])
        p = np.concatenate([each[1] for each in found])
        begin, end = window(p)
        return Dues(pairs=pairs, p=p, begin=begin, end=end)


def curve(chances: list[Floats]) -> Floats:
    """Chances within 7, 28 and 90 days that never fall; one not learned follows from 28 days by a constant hazard."""
    hazard = -np.log1p(-np.clip(chances[1], 0.0, 1.0 - 1e-9)) / HORIZONS[1]
    filled = [np.where(np.isnan(p), -np.expm1(-hazard * days), p) for p, days in zip(chances, HORIZONS, strict=True)]
    middle = filled[1]
    found: Floats = np.column_stack([np.minimum(filled[0], middle), middle, np.maximum(filled[2], middle)])
    return found


def window(p: Floats) -> tuple[Floats, Floats]:
    """The quarter and three-quarter points of the wait, given a purchase within the last horizon, in days."""
    days = np.array([0.0, *HORIZONS])
    survived = np.column_stack([np.zeros(len(p)), np.log1p(-np.clip(p, 0.0, 1.0 - 1e-9))])  # falls from 0
    found = []
    for quantile in _MIDDLE:
        wanted = np.log1p(-quantile * np.clip(p[:, -1], 0.0, 1.0 - 1e-9))
        step = np.clip(np.sum(survived[:, 1:] > wanted[:, None], axis=1), 0, len(HORIZONS) - 1)
        rows = np.arange(len(p))
        above, below = survived[rows, step], survived[rows, step + 1]
        share = np.where(above > below, (above - wanted) / np.where(above > below, above - below, 1.0), 1.0)
        found.append(days[step] + share * (days[step + 1] - days[step]))
    likely = p[:, -1] >= _LIKELY
    return np.where(likely, found[0], np.nan), np.where(likely, found[1], np.nan)
