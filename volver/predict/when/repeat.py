"""The personal repeat model: which of the products that a customer knows will be in the next basket.

A logistic regression on what was known at two past cuts and what was bought after each.
Below 5,000 repeats nothing can be learned safely: then decayed counts (tau 150 days) rank alone. Pure numerics.
"""

from typing import Any, Final, Self

import numpy as np

from volver.core import Words, clock
from volver.predict.numerics.arrays import Codes, Floats, Matrix, best
from volver.predict.numerics.frames import framed, library_of
from volver.predict.numerics.params import Params
from volver.predict.numerics.regression import Logistic, fitted
from volver.predict.when.gaps import you_buy_it
from volver.predict.when.pairs import FEATURES, Pairs, bought_next, bought_within, features, item_facts, pairs_at
from volver.predict.when.purchases import Purchases, days_since_1970, purchases

_BLOCK: Final = 1_000_000  # events whose features are in memory together
_ROWS: Final = 600_000  # training rows of one cut, at most


class RepeatModel(Params):
    """Ranks the products that each customer knows by the chance of being in their next basket.

    `horizon_days`: None learns the next basket; a number learns "bought within so many days". `within_days`: a next
    basket later than this counts as none. `fewest`: repeats below which decayed counts are used. `seed` picks the
    customers to learn from where there are too many.
    """

    def __init__(
        self, *, horizon_days: float | None = None, within_days: float = 28.0, fewest: int = 5_000, seed: int = 0
    ) -> None:
        self.horizon_days = horizon_days
        self.within_days = within_days
        self.fewest = fewest
        self.seed = seed

    def fit(self, interactions: Any, y: None = None, *, at: Any = None) -> Self:  # noqa: ARG002
        """Learn from a frame (user, item, time; basket, weight, category if known) what was known before `at`.

        `at` (a date, datetime or number of days) is the end of the data by default.
        """
        began = clock.stopwatch_s()
        self.know(interactions, at=at)
        self.n_repeats_, self.logistic_ = 0, None
        rows, hits = self._rows()
        if len(hits):
            self.n_repeats_ = int(hits.sum())
            if self.n_repeats_ >= self.fewest:
                self.logistic_ = fitted(rows, hits, FEATURES)
        self.fit_seconds_ = clock.stopwatch_s() - began
        return self

    def know(self, interactions: Any, *, at: Any = None) -> Self:
        """Take in interactions without learning: what a model read back from JSON is asked about."""
        self.library_ = library_of(interactions)
        found = _events(interactions)
        self.at_ = found.end if at is None else days_since_1970(at)
        self.events_ = found.before(self.at_)
        self.facts_ = item_facts(self.events_, self.at_)
        return self

    @property
    def learned_(self) -> bool:
        """Whether a logistic regression was learned; else decayed counts rank."""
        return self.logistic_ is not None

    def scores(self, users: Any = None) -> tuple[Any, Any, Floats]:
        """(user, item, score) of every pair that was bought before, by user: labels and chances (or decayed counts)."""
        pairs, score = self._scored(users)
        return self.events_.users[pairs[0]], self.events_.items[pairs[1]], score

    def predict_proba(self, users: Any = None) -> Any:
        """A frame user, item, p: the chance that the product is in the customer's next basket.

        Without a learned model p is NaN: decayed counts are no chances.
        """
        user, item, score = self.scores(users)
        p = score if self.learned_ else np.full(len(score), np.nan)
        return framed({"user": user, "item": item, "p": p}, self.library_)

    def recommend(self, users: Any = None, k: int = 20, *, exclude_seen: bool = False) -> Any:
        """The `k` known products of each user that come next: a frame user, item, score, rank (from 1).

        Everything here was seen, so that `exclude_seen` leaves nothing. Unknown users get no rows.
        """
        pairs, score = self._scored(users)
        rows, rank = best(pairs[0], score, 0 if exclude_seen else k)
        found = {
            "user": self.events_.users[pairs[0][rows]],
            "item": self.events_.items[pairs[1][rows]],
            "score": score[rows],
            "rank": rank,
        }
        return framed(found, self.library_)

    def reasons(self, users: Any, items: Any, most: int = 2) -> list[tuple[Words, ...]]:
        """Why each (user, item) is likely, strongest first, for the customer to read; empty for a pair never bought."""
        pairs = pairs_at(self.events_.only(self._chosen(users)), self.at_, self.facts_)
        key = pairs.user.astype(np.int64) * max(len(self.events_.items), 1) + pairs.item
        user, item = self.events_.users_at(users), self.events_.items_at(items)
        wanted = user.astype(np.int64) * max(len(self.events_.items), 1) + item
        place = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
        there = (user >= 0) & (item >= 0) & (len(key) > 0)
        there[there] = key[place[there]] == wanted[there]
        parts, categorised = self._parts(pairs), self.events_.category_of[pairs.item] >= 0
        found: list[tuple[Words, ...]] = []
        for row, known in zip(place.tolist(), there.tolist(), strict=True):
            found.append(_why(pairs, row, parts[row], categorised[row], most) if known else ())
        return found

    @property
    def weights_(self) -> dict[str, float]:
        """What a usual difference in each feature adds to the log odds; empty without a learned model."""
        if self.logistic_ is None:
            return {}
        return dict(zip(self.logistic_.names, self.logistic_.weights.tolist(), strict=True))

    def to_dict(self) -> dict[str, Any]:
        """The model without its data, for JSON."""
        return {
            "horizon_days": self.horizon_days,
            "within_days": self.within_days,
            "fewest": self.fewest,
            "seed": self.seed,
            "at": self.at_,
            "n_repeats": self.n_repeats_,
            "logistic": self.logistic_.to_dict() if self.logistic_ else None,
        }

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> "RepeatModel":
        """A learned model; `know` gives it the interactions to be asked about."""
        model = cls(**{name: told[name] for name in ("horizon_days", "within_days", "fewest", "seed")})
        model.n_repeats_ = told["n_repeats"]
        model.logistic_ = Logistic.from_dict(told["logistic"]) if told["logistic"] else None
        return model

    # ---- inside

    def _rows(self) -> tuple[Matrix, Any]:
        """Training rows of the two past cuts: what was known at each, and what was bought after it."""
        length = self.within_days if self.horizon_days is None else self.horizon_days
        cuts = [self.at_ - length, self.at_ - 2.0 * length]
        found = [self._rows_of(cut, length) for cut in cuts if cut > self.events_.begin]
        if not found:
            return np.empty((0, len(FEATURES)), np.float32), np.zeros(0, bool)
        return np.concatenate([rows for rows, _ in found]), np.concatenate([hits for _, hits in found])

    def _rows_of(self, cut: float, length: float) -> tuple[Matrix, Any]:
        known = self.events_.before(cut)
        facts = item_facts(known, cut)
        some = sample(known, _ROWS, self.seed)
        pairs = pairs_at(some, cut, facts)
        rows = features(some, pairs, facts)
        if self.horizon_days is not None:
            return rows, bought_within(self.events_, pairs, cut, length)
        hits, came = bought_next(self.events_, pairs, cut, length)
        return rows[came], hits[came]

    def _chosen(self, users: Any) -> Any:
        chosen = np.zeros(len(self.events_.users), dtype=bool)
        codes = self.events_.users_at(users)
        chosen[codes[codes >= 0]] = True
        return chosen

    def _scored(self, users: Any) -> tuple[tuple[Codes, Codes], Floats]:
        known = self.events_ if users is None else self.events_.only(self._chosen(users))
        user, item, score = [], [], []
        for first, last in known.blocks(_BLOCK):
            some = known.of_users(first, last)
            pairs = pairs_at(some, self.at_, self.facts_)
            user.append(pairs.user)
            item.append(pairs.item)
            score.append(self._score(some, pairs))
        if not user:
            return (np.zeros(0, np.int32), np.zeros(0, np.int32)), np.zeros(0)
        return (np.concatenate(user), np.concatenate(item)), np.concatenate(score)

    def _score(self, known: Purchases, pairs: Pairs) -> Floats:
        if self.logistic_ is None:
            return pairs.decayed
        return self.logistic_.p(features(known, pairs, self.facts_))

    def _parts(self, pairs: Pairs) -> Floats:
        if self.logistic_ is None:
            return np.zeros((len(pairs), len(FEATURES)))
        some = self.events_.only(np.isin(np.arange(len(self.events_.users)), pairs.user))
        return self.logistic_.parts(features(some, pairs, self.facts_))


def sample(known: Purchases, most: int, seed: int) -> Purchases:
    """All events, or those of so many randomly chosen users that about `most` are left."""
    if len(known) <= most:
        return known
    chance = np.random.default_rng(seed)
    return known.only(chance.random(len(known.users)) < most / len(known))


def _events(frame: Any) -> Purchases:
    return purchases(frame)


_KINDS: Final = {
    "habit": ("share", "lately", "count", "decayed", "fresh"),
    "due": ("lateness", "lateness_squared", "since", "orders_since", "rhythm", "trend"),
    "category": ("category", "category_since"),
    "others": ("rebuy", "popularity"),
}


def _why(pairs: Pairs, row: int, parts: Floats, categorised: bool, most: int) -> tuple[Words, ...]:
    """The strongest kinds of evidence for one pair, in words; what speaks against it is not said."""
    weight = dict(zip(FEATURES, parts.tolist(), strict=True))
    sums = {kind: sum(weight[name] for name in names) for kind, names in _KINDS.items()}
    told = sorted(sums, key=lambda kind: -sums[kind])
    chosen = [kind for kind in told if sums[kind] > 0 and (categorised or kind != "category")][:most] or ["habit"]
    return tuple(_word(kind, pairs, row) for kind in chosen)


def _word(kind: str, pairs: Pairs, row: int) -> Words:
    times = int(pairs.times[row])
    if kind == "habit":
        orders = min(int(pairs.orders[row]), 10)
        if pairs.lately[row] > 1:
            return Words("in {n} of your last {orders} orders", {"n": int(pairs.lately[row]), "orders": orders})
        return Words("you have bought it {n} times", {"n": times}) if times > 1 else Words("you have bought it before")
    if kind == "due" and times > 2:
        return you_buy_it(float(pairs.last[row] - pairs.first[row]) / (times - 1))
    if kind == "due":
        days = int(pairs.cut - pairs.last[row])
        return Words("you last bought it {n} days ago", {"n": days}) if days > 1 else Words("you bought it just now")
    if kind == "category":
        return Words("you often buy this kind of product")
    return Words("most who buy it come back for it")
