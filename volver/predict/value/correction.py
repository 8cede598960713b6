"""What a law misses about single customers, learned from how its past forecasts went.

Pure numerics. A Poisson regression with the law's expectation as offset, on what else is known of each customer (how
often and how much of late, total past spend, silence), and boosted trees on top of it. What is known of a customer is
taken against the mean customer of that day, and never beyond what was seen when learning: a shop grows older, and a
line drawn through its youth says nothing of that. The corrections only move orders and money between customers: the
total stays the law's. `selection` keeps one only if it won on the past.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np

from volver.predict.numerics.arrays import Floats
from volver.predict.value.histories import RECENT_DAYS, Buyers

_RIDGE: Final = 60.0  # on standardised columns: a deviation rarely changes orders by more than an eighth
_FARTHEST: Final = 10.0  # no customer is corrected by more
_NEWTON: Final = 25
_ROWS: Final = 60_000  # customers are enough to learn from
_HUGE: Final = 0.995  # money beyond this quantile of those who came teaches no more than it does
_TREES: Final = 100
_LEAVES: Final = 6
_RATE: Final = 0.03
_STEPS: Final = 64  # values that a column is cut into
_LEAST: Final = 1e-6
_FACTOR: Final = ("mean", "deviation", "weights", "low", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One past day: what was known of each customer, what the law expected, what came. Arrays (n_customers,)."""

    columns: Floats
    orders: Floats
    money: Floats
    came: Floats
    brought: Floats


@dataclass(frozen=True)
class Tree:
    """A regression tree as columns by node: feature, threshold, children, value; a leaf has feature -1."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]

    def values(self, columns: Floats, node: int = 0) -> Floats:
        """The leaf's value for each row of (n, n_features)."""
        if self.feature[node] < 0:
            return np.full(len(columns), self.value[node])
        goes = columns[:, self.feature[node]] <= self.threshold[node]
        found: Floats = np.where(goes, self.values(columns, self.left[node]), self.values(columns, self.right[node]))
        return found


@dataclass(frozen=True)
class Factor:
    """A factor for each customer: exp(b z / deviation) times exp(sum of trees of z), z being how far the columns lie
    from their `mean`, between the `low` and `high` that were seen when learning.
    """

    mean: Floats
    deviation: Floats
    weights: Floats
    low: Floats
    high: Floats
    trees: tuple[Tree, ...] = ()

    def __call__(self, columns: Floats) -> Floats:
        """Factors of the rows of `columns`, before they are scaled to keep a total."""
        apart = np.clip(columns - self.mean, self.low, self.high)
        log_factor = (apart / self.deviation) @ self.weights
        for tree in self.trees:
            log_factor = log_factor + tree.values(apart)
        farthest = np.log(_FARTHEST)
        found: Floats = np.exp(np.clip(log_factor, -farthest, farthest))
        return found


@dataclass(frozen=True)
class Correction:
    """Factors for orders and for money. `days` is the horizon at which the law's expectation is one of the columns."""

    orders: Factor
    money: Factor
    days: float

    @property
    def is_boosted(self) -> bool:
        """Whether trees are in it."""
        return bool(self.orders.trees)

    def among(self, columns: Floats) -> Self:
        """The same for a shop whose customers have these columns: shape (n_customers, n_columns)."""
        mean = columns.mean(axis=0)
        return replace(self, orders=replace(self.orders, mean=mean), money=replace(self.money, mean=mean))

    def to_dict(self) -> dict[str, Any]:
        """Plain values from which `correction_from` makes the same again."""
        return {"days": self.days, "orders": _factor_to(self.orders), "money": _factor_to(self.money)}


def correction_columns(known: Buyers, orders: Floats, p_alive: Floats, spend: Floats) -> Floats:
    """What the corrections look at: shape (n_customers, 13). `orders` and `spend` are the law's for each customer."""
    silence = known.age - known.t_x
    gap = known.t_x / np.maximum(known.x, 1.0)
    net = np.log1p(np.maximum(known.net, 0.0))
    orders_of_late, money_of_late = known.recent[:, : len(RECENT_DAYS)], known.recent[:, len(RECENT_DAYS) :]
    return np.column_stack(
        [
            np.log(np.maximum(orders, 1e-9)),
            net,
            net - np.log(known.age + 30.0),
            np.log1p(known.x),
            np.log(known.age + 30.0),
            np.log1p(silence),
            np.log1p(silence / np.maximum(gap, 1.0)),
            p_alive,
            np.log(np.maximum(spend, 1e-9)),
            np.log1p(orders_of_late),
            np.log1p(np.maximum(money_of_late[:, -1], 0.0)),
        ]
    )


def learn_correction(lessons: Sequence[Lesson], days: float, *, boosted: bool, seed: int = 0) -> Correction:
    """Learn from past days; expectations are scaled to what came on each, so that only single customers are taught.

    Ask it `among` the customers it is for.
    """
    columns = np.vstack([each.columns - each.columns.mean(axis=0) for each in lessons])
    orders = np.concatenate([_scaled(each.orders, each.came) for each in lessons])
    money = np.concatenate([_scaled(each.money, each.brought) for each in lessons])
    came = np.concatenate([each.came for each in lessons])
    brought = np.maximum(np.concatenate([each.brought for each in lessons]), 0.0)
    if np.any(brought > 0):
        brought = np.minimum(brought, np.quantile(brought[brought > 0], _HUGE))
    if len(columns) > _ROWS:
        some = np.sort(np.random.default_rng(seed).permutation(len(columns))[:_ROWS])
        columns, orders, money, came, brought = (each[some] for each in (columns, orders, money, came, brought))
    return Correction(
        orders=_factor(columns, orders, came, boosted, seed),
        money=_factor(columns, money, brought / max(_usual(brought, came), 1e-9), boosted, seed),
        days=days,
    )


def correction_from(found: dict[str, Any]) -> Correction | None:
    """What `Correction.to_dict` wrote down; None for one of an older form, which meant its columns otherwise."""
    if not set(_FACTOR) <= set(found["orders"]):
        return None
    return Correction(orders=_factor_from(found["orders"]), money=_factor_from(found["money"]), days=found["days"])


def _usual(brought: Floats, came: Floats) -> float:
    """Money of an order, so that money counts in orders and the ridge means the same."""
    return float(brought.sum()) / max(float(came.sum()), 1.0)


def _scaled(expected: Floats, came: Floats) -> Floats:
    found: Floats = np.maximum(expected, 0.0) * (max(float(came.sum()), 1.0) / max(float(expected.sum()), 1e-12))
    return found


def _factor(columns: Floats, expected: Floats, came: Floats, boosted: bool, seed: int) -> Factor:
    offset = np.maximum(expected * (came.sum() / max(float(expected.sum()), 1e-12)), _LEAST)
    deviation = columns.std(axis=0)
    deviation = np.where(deviation > 1e-9, deviation, 1.0)
    found = Factor(
        mean=np.zeros(columns.shape[1]),
        deviation=deviation,
        weights=_poisson(columns / deviation, offset, came),
        low=columns.min(axis=0),
        high=columns.max(axis=0),
    )
    if not boosted:
        return found
    return replace(found, trees=_boosted(columns, offset * found(columns), came, seed))


def _poisson(columns: Floats, offset: Floats, came: Floats) -> Floats:
    """Ridge Poisson regression of what came on the columns, with log(offset) as offset; the intercept is dropped."""
    design = np.column_stack([np.ones(len(columns)), columns])
    ridge = np.full(design.shape[1], _RIDGE)
    ridge[0] = 0.0
    weights, best = np.zeros(design.shape[1]), np.inf
    step = np.zeros_like(weights)
    for _ in range(_NEWTON):
        ahead = weights + step
        mean = offset * np.exp(np.clip(design @ ahead, -20.0, 20.0))
        loss = float(mean.sum() - came @ (design @ ahead)) + 0.5 * float(ridge @ ahead**2)
        if not np.isfinite(loss) or loss > best + 1e-9 * abs(best):
            step = step / 4.0
            if float(np.max(np.abs(step), initial=0.0)) < 1e-7:
                break
            continue
        settled = best - loss < 1e-9 * abs(loss) + 1e-12
        weights, best = ahead, loss
        if settled:
            break
        slope = design.T @ (came - mean) - ridge * weights
        curve = design.T @ (mean[:, None] * design) + np.diag(ridge + 1e-9)
        step = np.linalg.solve(curve, slope)
    found: Floats = weights[1:]
    return found


def _boosted(columns: Floats, offset: Floats, came: Floats, seed: int) -> tuple[Tree, ...]:
    """Trees on log(came / offset): weighting came / offset by the offset is Poisson regression with that offset."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(
        loss="poisson",
        learning_rate=_RATE,
        max_iter=_TREES,
        max_leaf_nodes=_LEAVES,
        min_samples_leaf=max(20, len(columns) // 200),
        l2_regularization=5.0,
        early_stopping=False,
        random_state=seed,
    )
    offset = np.maximum(offset, _LEAST)
    edges = [np.unique(np.quantile(column, np.linspace(0.0, 1.0, _STEPS + 1)[1:])) for column in columns.T]
    model.fit(_stepped(columns, edges), came / offset, sample_weight=offset)
    return tuple(_tree(each[0].nodes, edges) for each in model._predictors)


def _stepped(columns: Floats, edges: Sequence[Floats]) -> Floats:
    """Each value as the upper edge of its step: with so few values the library need not look for weighted quantiles."""
    steps = [edge[np.searchsorted(edge, column)] for column, edge in zip(columns.T, edges, strict=True)]
    found: Floats = np.column_stack(steps)
    return found


def _tree(nodes: Any, edges: Sequence[Floats]) -> Tree:
    """Thresholds lie between two edges; the lower one splits values that were never stepped in the same way."""
    leaf = nodes["is_leaf"].astype(bool)
    pairs = zip(nodes["feature_idx"].tolist(), nodes["num_threshold"].tolist(), leaf.tolist(), strict=True)
    lower = [0.0 if end else float(edges[i][np.searchsorted(edges[i], at, side="right") - 1]) for i, at, end in pairs]
    return Tree(
        feature=tuple(np.where(leaf, -1, nodes["feature_idx"]).tolist()),
        threshold=tuple(lower),
        left=tuple(nodes["left"].astype(int).tolist()),
        right=tuple(nodes["right"].astype(int).tolist()),
        value=tuple(nodes["value"].tolist()),
    )


def _factor_to(found: Factor) -> dict[str, Any]:
    trees = [{name: list(getattr(tree, name)) for name in Tree.__dataclass_fields__} for tree in found.trees]
    return {name: getattr(found, name).tolist() for name in _FACTOR} | {"trees": trees}


def _factor_from(found: dict[str, Any]) -> Factor:
    trees = tuple(Tree(**{name: tuple(values) for name, values in tree.items()}) for tree in found["trees"])
    return Factor(**{name: np.array(found[name]) for name in _FACTOR}, trees=trees)
