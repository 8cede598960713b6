"""A law of buying with its future pushed: everyone orders a little more often, or stops a little less often.

Pure numerics. The past is as it was, so what is known of each customer (chance to be alive, rate, chance to stop)
stays; from today on rates are multiplied by `rate` and the propensity to stop by `dropout`. With lambda ~
Gamma(r+x, alpha+T): (M)BG/NBD stops after an order with chance c p, so the hazard is c p lambda; Pareto/NBD stops at
rate c mu.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from volver.predict.laws.betageometric import BGNBD, MBGNBD, _kept_nodes
from volver.predict.laws.buying import YEAR_DAYS, BuyingModel
from volver.predict.laws.history import Histories, histories
from volver.predict.laws.pareto import ParetoNBD
from volver.predict.numerics.arrays import Floats

_NODES: Final = np.polynomial.legendre.leggauss(10)
_FEW_NODES, _MANY_NODES = 32, 64  # as the law itself takes


@dataclass(frozen=True, slots=True)
class Push:
    """Multipliers from today on; 1 and 1 change nothing."""

    rate: float = 1.0
    dropout: float = 1.0


NO_PUSH: Final = Push()


def can_push_dropout(buying: BuyingModel) -> bool:
    """Whether this law's stopping can be pushed: BG/NBD, MBG/NBD and Pareto/NBD themselves."""
    return type(buying) in (BGNBD, MBGNBD, ParetoNBD)


def pushed_orders(
    buying: BuyingModel, known: Histories, days: float, push: Push = NO_PUSH, discount: float = 0.0
) -> Floats:
    """Expected (discounted, yearly rate) orders within `days` for each distinct row."""
    x, ages, cell_of = buying.cells(known)
    found: Floats = buying.alive_by_row(known) * _discounted(buying, x, ages, days, push, discount)[cell_of]
    return found


def staying(buying: BuyingModel, known: Histories, days: float, push: Push = NO_PUSH) -> Floats:
    """Chance that a customer who is alive now still is after `days`, for each distinct row."""
    x, ages, cell_of = buying.cells(known)
    if isinstance(buying, ParetoNBD):
        kept: Floats = np.exp(-buying.s_ * np.log1p(push.dropout * days / (buying.beta_ + ages)))
        return kept[cell_of]
    p, weight, reach = _stops(buying, x, ages, days * push.rate)
    stay = np.exp(-(buying.r_ + x)[:, None] * np.log1p(np.minimum(push.dropout * p, 1.0) * reach[:, None]))
    found: Floats = np.sum(weight * stay, axis=1)
    return found[cell_of]


def newborn_orders(buying: BuyingModel, days: Floats, push: Push = NO_PUSH) -> Floats:
    """Expected later orders of a new customer within each of `days` from the first order, which may be the last."""
    if not isinstance(buying, BGNBD) or not can_push_dropout(buying):
        newborn = histories([[0.0], [0.0], [0.0]])
        return np.array([float(pushed_orders(buying, newborn, day, push)[0]) for day in days.tolist()])
    p, weight = (each[0] for each in _kept_nodes(buying.a_, buying.b_, (0.0,), _MANY_NODES))
    stop = np.minimum(push.dropout * p, 1.0)
    stays = 1.0 - stop if buying.first_chances else np.ones(len(p))
    reach = push.rate * days[:, None] / buying.alpha_
    found: Floats = np.sum(weight * stays * -np.expm1(-buying.r_ * np.log1p(stop * reach)) / stop, axis=1)
    return found


def _discounted(buying: BuyingModel, x: Floats, ages: Floats, days: float, push: Push, discount: float) -> Floats:
    """By parts, as in `BuyingModel`."""
    whole = _alive(buying, x, ages, days, push)
    if discount <= 0:
        return whole
    rate = float(np.log1p(discount)) / YEAR_DAYS
    found: Floats = np.exp(-rate * days) * whole
    for node, weight in zip(*_NODES, strict=True):
        moment = 0.5 * days * (node + 1.0)
        found += 0.5 * days * weight * rate * np.exp(-rate * moment) * _alive(buying, x, ages, moment, push)
    return found


def _alive(buying: BuyingModel, x: Floats, ages: Floats, days: float, push: Push) -> Floats:
    """Expected orders within `days` of a customer alive at `age`."""
    if isinstance(buying, ParetoNBD):
        return push.rate / push.dropout * buying._alive_orders(x, ages, push.dropout * days)
    if push.dropout == 1.0:  # at a higher rate, as much happens in less time
        return buying._alive_orders(x, ages, push.rate * days)
    p, weight, reach = _stops(buying, x, ages, days * push.rate)
    stop = np.maximum(np.minimum(push.dropout * p, 1.0), 1e-300)
    made = -np.expm1(-(buying.r_ + x)[:, None] * np.log1p(stop * reach[:, None])) / stop
    found: Floats = np.sum(weight * made, axis=1)
    return found


def _stops(buying: BuyingModel, x: Floats, ages: Floats, days: float) -> tuple[Floats, Floats, Floats]:
    """Nodes of each cell's chance to stop and their weights (n_cells, n_nodes), and days over alpha + T (n_cells,)."""
    if not isinstance(buying, BGNBD):
        raise TypeError(type(buying).__name__)
    reach = days / (buying.alpha_ + ages)
    n_nodes = _FEW_NODES if float(reach.max(initial=0.0)) < 12 else _MANY_NODES
    counts, place = np.unique(x, return_inverse=True)
    p, weight = _kept_nodes(buying.a_, buying.b_ + buying.first_chances, tuple(counts.tolist()), n_nodes)
    return p[place], weight[place], reach
