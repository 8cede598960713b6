"""What the next customer of a group brings, as draws: the law's curve from birth, moved by what the group really did.

Pure numerics over `FirstOrders` and a published model. Three things are learned of each group and shrunk towards the
shop: how often its members came back against what the law expects from birth, what their later orders brought, what the
first one brought. The law's own doubt is in every draw.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from volver.core import Words
from volver.predict.laws.betageometric import BGNBD, MBGNBD
from volver.predict.laws.buying import YEAR_DAYS, BuyingModel
from volver.predict.laws.history import histories
from volver.predict.laws.pareto import ParetoNBD
from volver.predict.money.first_orders import REST, UNKNOWN, FirstOrders, Groups
from volver.predict.money.shrinkage import Shrunk, means, rates, steps_of
from volver.predict.numerics.arrays import Floats
from volver.predict.value.training import Learned

DRAWS: Final = 1000
_GRID: Final = 120
_STEP: Final = 1e-3
_LAW_ORDERS: Final = 5.0  # later orders as the law expects them, added to the shop's: none is no reason for zero
_FEW: Final = 50
_LITTLE: Final = 8.0  # effective later orders below which a group's own figure says little


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean with what is known of it: 80 % and 90 % intervals of the mean itself, not of one customer."""

    expected: float
    low80: float
    high80: float
    low: float
    high: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values: expected, interval80, interval90."""
        return {
            "expected": self.expected,
            "interval80": [self.low80, self.high80],
            "interval90": [self.low, self.high],
        }


def estimate(draws: Floats) -> Estimate:
    """Mean and quantiles of draws."""
    low, low80, high80, high = np.quantile(draws, [0.05, 0.1, 0.9, 0.95]).tolist()
    return Estimate(expected=float(draws.mean()), low80=low80, high80=high80, low=low, high=high)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """Draws about a newcomer of each group; the last column is the shop as a whole.

    `orders` (n_draws, n_days) are expected orders from birth until each of `days`, discounted, of a newcomer of the
    shop; `factor`, `spend` and `first` are (n_draws, n_groups + 1): how much more often, money per later order, money
    of the first order. `margin_first` and `margin_later` (n_groups + 1,) are shares of money that stay.
    """

    firsts: FirstOrders
    groups: Groups
    days: Floats
    orders: Floats
    plain: Floats  # the same undiscounted, at the last day only: (n_draws,)
    factor: Floats
    spend: Floats
    first: Floats
    margin_first: Floats
    margin_later: Floats
    weight: Floats
    effective: Floats
    remarks: tuple[Words, ...]  # what the published model says of itself

    @property
    def keys(self) -> tuple[str, ...]:
        """The groups; the shop is not among them."""
        return self.groups.keys

    @cached_property
    def repeats(self) -> Floats:
        """Later orders of a newcomer within the horizon, undiscounted: (n_draws, n_groups + 1)."""
        return self.factor * self.plain[:, None]

    @cached_property
    def value(self) -> Floats:
        """Money of a newcomer within the horizon, first order included, discounted: (n_draws, n_groups + 1)."""
        return self.first + self.factor * self.orders[:, -1:] * self.spend

    def margin(self, group: int) -> Floats:
        """Margin of a newcomer until each of `days`: (n_draws, n_days)."""
        later = self.factor[:, [group]] * self.spend[:, [group]] * self.margin_later[group]
        found: Floats = self.first[:, [group]] * self.margin_first[group] + later * self.orders
        return found

    def note(self, group: int) -> Words | None:
        """A warning where the group is small; None where it speaks for itself."""
        members = int(self.groups.of_teaching(self.firsts).sizes[group])
        if members >= _FEW and self.effective[group] >= _LITTLE:
            return None
        if members >= _FEW:
            return Words("too few came back within this time to tell: this leans on the whole shop.")
        return Words("{n} customers say little: this leans on the whole shop.", {"n": members})


def outlook(
    learned: Learned,
    firsts: FirstOrders,
    groups: Groups,
    days: float,
    discount: float,
    *,
    margin_rate: float,
    seed: int,
) -> Outlook:
    """Draws about newcomers of each group over `days` from their first order."""
    chance = np.random.default_rng(seed)
    everyone, members = firsts, groups
    firsts, groups = everyone.teaching, members.of_teaching(everyone)
    grid, weights = _ages(learned, firsts, groups)
    weeks = np.append(np.arange(0.0, days, 7.0), days)
    curve = law_curve(learned.buying, np.append(grid, weeks), chance, DRAWS)
    expected = curve[:, : len(grid)] @ weights.T
    ahead = curve[:, len(grid) :]
    came = groups.sums(firsts.later)
    shrunk, level, effective = _comebacks(firsts, expected, weights, curve, came, chance)
    money = _money(firsts, groups, learned, chance)
    paid = _paid(firsts, groups, chance)
    fade = np.exp(-np.log1p(discount) / YEAR_DAYS * (weeks[:-1] + np.diff(weeks) / 2.0))
    rising = np.cumsum(np.diff(ahead, axis=1) * fade, axis=1)
    own = np.column_stack([shrunk.draws, np.ones(DRAWS)]) * level[:, None]
    return Outlook(
        firsts=everyone,
        groups=members,
        days=weeks,
        orders=np.column_stack([np.zeros(DRAWS), rising]),
        plain=ahead[:, -1],
        factor=own,
        spend=money,
        first=paid,
        margin_first=_share(firsts.first_margin, firsts.first, groups, margin_rate),
        margin_later=_share(firsts.later_margin, firsts.later_money, groups, margin_rate),
        weight=shrunk.weight,
        effective=effective,
        remarks=(*learned.remarks, *everyone.remarks),
    )


def law_curve(buying: BuyingModel, ages: Floats, chance: np.random.Generator, draws: int) -> Floats:
    """Later orders that the law expects from birth until each age, drawn with the law's doubt: (n_draws, n_ages).

    Log-linear in the log-parameters: 2 evaluations for each of them instead of one for each draw.
    """
    middle = from_birth(buying, ages)
    if not hasattr(buying, "log_covariance_"):
        return np.repeat(middle[None, :], draws, axis=0)
    size = len(buying.names)
    slopes = np.empty((size, len(ages)))
    for i, step in enumerate(_STEP * np.eye(size)):
        up, down = (np.maximum(from_birth(buying.moved(way * step), ages), 1e-300) for way in (1, -1))
        slopes[i] = np.log(up / down) / (2 * _STEP)
    found: Floats = middle * np.exp(np.clip(steps_of(buying.log_covariance_, chance, draws) @ slopes, -3.0, 3.0))
    return found


def from_birth(buying: BuyingModel, ages: Floats) -> Floats:
    """Later orders that the law expects of a new customer until each age."""
    if type(buying) in (BGNBD, MBGNBD, ParetoNBD):
        none = np.zeros(len(ages))
        found: Floats = buying.p_alive([[0.0], [0.0], [0.0]])[0] * buying._alive_orders(none, none, ages)
        return found
    newborn = histories([[0.0], [0.0], [0.0]])
    return np.array([float(buying.orders_by_row(newborn, age)[0]) if age > 0 else 0.0 for age in ages.tolist()])


def lived(learned: Learned, firsts: FirstOrders) -> Floats:
    """For how long each customer was watched after the first order, in the time that the law counts."""
    season = learned.season
    found: Floats = season.elapsed(firsts.seen_until) - season.elapsed(firsts.first_day)
    return found


def _ages(learned: Learned, firsts: FirstOrders, groups: Groups) -> tuple[Floats, Floats]:
    """Ages in the law's time on a grid, and how much of each group lies at each: (n_grid,), (n_groups, n_grid)."""
    age = lived(learned, firsts)
    oldest = max(float(age.max()), 2.0)
    grid = np.append(0.0, np.geomspace(0.5, oldest, _GRID))
    left = np.clip(np.searchsorted(grid, age, side="right") - 1, 0, len(grid) - 2)
    part = (age - grid[left]) / (grid[left + 1] - grid[left])
    size, at = len(grid), groups.of * len(grid) + left
    cells = np.bincount(at, 1.0 - part, minlength=len(groups.keys) * size).astype(np.float64)
    cells += np.bincount(at + 1, part, minlength=len(groups.keys) * size)
    return grid, cells.reshape(len(groups.keys), size)


def _comebacks(
    firsts: FirstOrders, expected: Floats, weights: Floats, curve: Floats, came: Floats, chance: np.random.Generator
) -> tuple[Shrunk, Floats, Floats]:
    """The groups' factors on the shop's level, the shop's level against the law (n_draws,), effective orders."""
    whole, total = expected.sum(axis=1), float(came.sum())
    level = (total + 0.5) / (float(whole.mean()) + 0.5)
    by_age = curve[:, : weights.shape[1]].mean(axis=0) * level
    mean, square = weights @ by_age, weights @ by_age**2
    differ = _dispersion(firsts, by_age, weights)
    noise = 1.0 + differ * square / np.maximum(mean, 1e-12)
    shop = max(1.0 + differ * float(square.sum()) / max(float(mean.sum()), 1e-12), 1.0)
    effective = total / shop
    levels = level * chance.gamma(effective + 0.5, 1.0 / (effective + 0.5), len(whole))
    levels *= float(whole.mean()) / np.maximum(whole, 1e-12)
    return rates(came, expected * levels[:, None], noise, chance, len(whole)), levels, came / noise


def _dispersion(firsts: FirstOrders, by_age: Floats, weights: Floats) -> float:
    """The c of Var = mean + c mean^2 for one customer's count, from all customers: by the grid's ages."""
    size = weights.sum(axis=0)
    mean, square = float(size @ by_age), float(size @ by_age**2)
    came = firsts.later
    excess = float(came @ came) - 2.0 * float(came.sum()) * (square / max(mean, 1e-12)) + square - mean
    return max(excess, 0.0) / max(square, 1e-12)


def _money(firsts: FirstOrders, groups: Groups, learned: Learned, chance: np.random.Generator) -> Floats:
    """Money per later order: (n_draws, n_groups + 1)."""
    usual = float(learned.spend.predict([0.0], [0.0])[0])
    return _sums(firsts.kept, firsts.later, groups, usual * _LAW_ORDERS, _LAW_ORDERS, chance)


def _paid(firsts: FirstOrders, groups: Groups, chance: np.random.Generator) -> Floats:
    """Money of the first order: (n_draws, n_groups + 1)."""
    return _sums(firsts.first_kept, np.ones(len(firsts)), groups, 0.0, 0.0, chance)


def _sums(
    money: Floats, orders: Floats, groups: Groups, more: float, more_orders: float, chance: np.random.Generator
) -> Floats:
    """Money per order of each group, shrunk on the log; the last column is the shop.

    A customer's money varies about the mean with Var = c (mean n)^2, n their orders: heavy buyers count as one person.
    """
    level = (float(money.sum()) + more) / max(float(orders.sum()) + more_orders, 1e-12)
    if level <= 0:
        return np.zeros((DRAWS, len(groups.keys) + 1))
    squares = orders**2
    differ = float(np.sum((money - level * orders) ** 2)) / max(level**2 * float(squares.sum()), 1e-12)
    differ = max(differ, 0.05)
    n, n2, sums = groups.sums(orders), groups.sums(squares), groups.sums(money)
    known = (n > 0) & (sums > 0)
    ratio = np.log(np.where(known, sums, 1.0) / np.where(known, n * level, 1.0))
    error = np.where(known, np.sqrt(differ * n2) / np.maximum(n, 1e-12), np.inf)
    shop = np.sqrt(differ * float(squares.sum())) / max(float(orders.sum()) + more_orders, 1e-12)
    shrunk = means(ratio, error, chance, DRAWS)
    levels = level * np.exp(min(shop, 1.0) * chance.normal(size=(DRAWS, 1)))
    found: Floats = np.column_stack([shrunk.draws, np.ones(DRAWS)]) * levels
    return found


def _share(margin: Floats, money: Floats, groups: Groups, usual: float) -> Floats:
    """Margin over money of each group, a little money of the shop's added; the last is the shop."""
    total = float(money.sum())
    shop = float(margin.sum()) / total if total > 0 else usual
    little = 20.0 * total / max(len(money), 1)
    sums = groups.sums(money)
    own = np.full(len(sums), shop)
    if little > 0:
        own = (groups.sums(margin) + little * shop) / np.maximum(sums + little, 1e-12)
    found: Floats = np.append(np.clip(own, -2.0, 1.0), shop)
    return found


def group_label(key: str) -> Words:
    """A group as it is shown: shops' own names stay, ours can be translated."""
    return _LABELS.get(key) or Words("{name}", {"name": key})


_LABELS: Final = {
    UNKNOWN: Words("unknown"),
    REST: Words("everything else"),
    "1 unit": Words("1 unit"),
    "2 to 3 units": Words("2 to 3 units"),
    "4 or more units": Words("4 or more units"),
    "low price": Words("low price"),
    "middle price": Words("middle price"),
    "high price": Words("high price"),
    "with a discount": Words("with a discount"),
    "without a discount": Words("without a discount"),
}
