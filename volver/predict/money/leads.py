"""People before and at their first order: what one with these features will bring, and what a lead is worth.

Reads the shelf and the ledger, writes nothing.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from volver.core import Words, folded
from volver.predict.money.effects import Effects, Feature
from volver.predict.money.first_orders import (
    BY,
    UNKNOWN,
    FirstOrders,
    basket_of,
    first_orders,
    groups,
    one_spelling,
    price_edges,
    price_of,
)
from volver.predict.money.newcomers import outlook_of
from volver.predict.money.outlook import Estimate, estimate, from_birth, group_label, law_curve, lived
from volver.predict.money.shrinkage import dispersion, rates
from volver.predict.numerics.arrays import Floats, Ints
from volver.predict.numerics.horizons import Horizon, horizon_days
from volver.predict.settings import PredictSettings
from volver.predict.value.registry import published
from volver.predict.value.training import Learned
from volver.store import Shop

# A product's category and a campaign's channel say it with less noise.
_FEATURES: Final = tuple(each for each in BY if each not in ("first-product", "campaign"))
_DRAWS: Final = 1000
_AGES: Final = np.array([1.0, 8.0, 31.0, 91.0, 181.0, 366.0])  # days since first seen at which the pace may change
_FEWEST: Final = 10  # leads who ordered; fewer tell no chance


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonValue:
    """What a person with such a first order brings within the horizon from that order on.

    `value` is the mean of such people with the doubt about it; `low` and `high` hold 90 % of what one person may bring.
    `factor` is how much more often such people come back than the shop's newcomers. `unseen` names what was given and
    never seen before.
    """

    horizon_days: float
    first: float
    later_orders: float
    p_again: float
    value: Estimate
    low: float
    high: float
    factor: Estimate
    unseen: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "horizon_days": self.horizon_days,
            "first_order": self.first,
            "later_orders": self.later_orders,
            "p_buys_again": self.p_again,
            "value": self.value.to_dict(),
            "person90": [self.low, self.high],
            "against_shop": self.factor.to_dict(),
            "unseen": list(self.unseen),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadGroup:
    """Leads of one channel: chance to order within the horizon, and what one is worth."""

    key: str
    label: Words
    leads: int
    ordered: int
    p_order: Estimate
    value: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadsReport:
    """What people are worth who are known and have not ordered. `cannot` says why there is no answer."""

    at: date
    horizon_days: float
    currency: str
    leads: int
    value: Estimate | None
    total: Estimate | None
    groups: tuple[LeadGroup, ...]
    cannot: Words | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values; None where nothing can be said."""
        return {
            "at": self.at.isoformat(),
            "horizon_days": self.horizon_days,
            "currency": self.currency,
            "leads": self.leads,
            "value": self.value.to_dict() if self.value else None,
            "total": self.total.to_dict() if self.total else None,
            "cannot_say": str(self.cannot) if self.cannot else None,
            "groups": [
                {
                    "group": each.key,
                    "leads": each.leads,
                    "ordered": each.ordered,
                    "p_order": each.p_order.to_dict(),
                    "value": each.value.to_dict(),
                }
                for each in self.groups
            ],
        }


def value_at_first_order(
    shop: Shop,
    *,
    amount: float | None = None,
    units: float | None = None,
    channel: str | None = None,
    category: str | None = None,
    discount: bool | None = None,
    horizon: Horizon = "365d",
    seed: int = 0,
) -> PersonValue:
    """Value of a person at the first order, from what is known of it; what is left out counts as usual for the shop.

    `amount` is the order's net money. Raises `predict.no_model`, `predict.not_refreshed`.
    """
    model = published(shop)
    days = horizon_days(horizon, model.data_until)
    firsts, learned = first_orders(shop, model.data_until, days).teaching, model.learned
    given = _given(firsts, amount, units, channel, category, discount)
    effects, level = first_order_effects(learned, firsts)
    middle, wide = effects.predict(given)
    unseen = tuple(
        sorted(given[name] for name, levels in effects.features_ if name in given and given[name] not in levels)
    )
    asked = learned.asked(shop.settings.of(PredictSettings).discount_rate_yearly, days)
    paid = amount if amount is not None else float(firsts.first_kept.mean())
    spends = ([1.0], [max(paid, 0.0)]) if amount is not None else ([0.0], [0.0])
    span = learned.span(days)
    worth = asked.worth([[0.0], [0.0], [0.0]], *spends, span)
    chance = np.random.default_rng(seed)
    factor = level * np.exp(middle + wide * chance.normal(size=_DRAWS))
    doubt = _doubt(learned, span)
    draws = paid + factor * float(worth.value[0]) * np.exp(doubt * chance.normal(size=_DRAWS))
    mean = float(factor.mean())
    again = float(learned.buying.p_buy([[0.0], [0.0], [0.0]], span)[0])
    return PersonValue(
        horizon_days=days,
        first=paid,
        later_orders=mean * float(worth.orders[0]),
        p_again=float(1.0 - (1.0 - again) ** mean),
        value=estimate(draws),
        low=paid + mean * float(worth.low[0]),
        high=paid + mean * float(worth.high[0]),
        factor=estimate(factor / level),
        unseen=unseen,
    )


def first_order_effects(learned: Learned, firsts: FirstOrders) -> tuple[Effects, float]:
    """Effects of first-order features on how often people come back, and the shop's level against the law."""
    ages, row_of = np.unique(lived(learned, firsts), return_inverse=True)
    expected = from_birth(learned.buying, ages)[row_of.reshape(-1)]
    level = (float(firsts.later.sum()) + 0.5) / (float(expected.sum()) + 0.5)
    found = [groups(firsts, by) for by in _FEATURES]
    features = tuple(Feature(name=each.by, levels=each.keys, of=each.of) for each in found)
    differ = dispersion(firsts.later, expected * level)
    return Effects(differ=differ).fit(firsts.later, expected * level, features), level


def value_of_lead(shop: Shop, horizon: Horizon = "365d", *, seed: int = 0) -> LeadsReport:
    """What a known person without an order is worth: the chance to order within the horizon times a newcomer's value.

    Learned from people who were seen before they ordered, by the time since they were first seen and by channel. The
    newcomer's value runs over the same horizon from their first order on. Raises `predict.no_model`.
    """
    model = published(shop)
    at, days = model.data_until, horizon_days(horizon, model.data_until)
    found = shop.compute.query("predict_leads", as_of=at).sort_by("customer_id")
    ordered = np.array(found.column("first_day").is_valid().to_numpy(zero_copy_only=False), dtype=bool)
    leads = int((~ordered).sum())
    cannot = _silent(leads, int(ordered.sum()))
    base: dict[str, Any] = {"at": at, "horizon_days": days, "currency": shop.settings.currency, "leads": leads}
    if cannot is not None:
        return LeadsReport(**base, value=None, total=None, groups=(), cannot=cannot)
    channel = one_spelling(np.array([each or UNKNOWN for each in found.column("channel").to_pylist()], dtype=object))
    seen = found.column("seen_day").to_numpy().astype("datetime64[D]")
    until = np.where(ordered, found.column("first_day").to_numpy().astype("datetime64[D]"), np.datetime64(at))
    waited = (until - seen).astype(np.float64)
    keys, of = np.unique(channel.astype(str), return_inverse=True)
    chance = np.random.default_rng(seed)
    p_order = _chances(waited, ordered, of.reshape(-1), len(keys), days, chance)
    ahead, _ = outlook_of(shop, "channel", horizon, seed=seed)
    won = {folded(key): n for n, key in enumerate(ahead.keys)}
    place = [won.get(folded(str(key)), -1) for key in keys]
    value = p_order * ahead.value[:, place]
    sizes = np.bincount(of.reshape(-1)[~ordered], minlength=len(keys))
    rows = tuple(
        LeadGroup(
            key=str(key),
            label=group_label(str(key)),
            leads=int(sizes[i]),
            ordered=int((ordered & (of.reshape(-1) == i)).sum()),
            p_order=estimate(p_order[:, i]),
            value=estimate(value[:, i]),
        )
        for i, key in enumerate(keys)
        if sizes[i]
    )
    total = value @ sizes.astype(np.float64)
    return LeadsReport(**base, value=estimate(total / leads), total=estimate(total), groups=rows, cannot=None)


def _silent(leads: int, ordered: int) -> Words | None:
    if not leads:
        return Words("Nobody is known who has not ordered: leads come with events of people known by name.")
    if ordered < _FEWEST:
        text = "Of the people who were seen before they ordered, {n} ordered: too few to tell a chance."
        return Words(text, {"n": ordered})
    return None


def _chances(waited: Floats, ordered: Any, of: Ints, n_groups: int, days: float, chance: np.random.Generator) -> Floats:
    """Mean chance of each group's leads to order within `days`: (n_draws, n_groups).

    A piecewise constant pace by time since first seen, the groups' factors shrunk as any rate.
    """
    edges = np.append(_AGES, np.inf)
    spent = np.clip(np.minimum(waited[:, None], edges[None, 1:]) - edges[None, :-1], 0.0, None)
    bin_of = np.clip(np.searchsorted(_AGES, waited, side="right") - 1, 0, len(_AGES) - 1)
    came = np.bincount(bin_of[ordered], minlength=len(_AGES)).astype(np.float64)
    exposure = spent.sum(axis=0)
    usual = came.sum() / max(float(exposure.sum()), 1.0)
    pace = (came + 1.0) / (exposure + 1.0 / max(usual, 1e-12))
    expected: Floats = np.bincount(of, spent @ pace, minlength=n_groups).astype(np.float64)
    counts = np.bincount(of[ordered], minlength=n_groups).astype(np.float64)
    level = float(counts.sum()) / max(float(expected.sum()), 1e-12)
    factor = level * rates(counts, expected * level, np.ones(n_groups), chance, _DRAWS).draws
    factor *= chance.gamma(counts.sum(), 1.0 / counts.sum(), (_DRAWS, 1))
    open_age, open_of = waited[~ordered], of[~ordered]
    after = np.clip(np.minimum(open_age[:, None] + days, edges[None, 1:]) - edges[None, :-1], 0.0, None)
    risk = after @ pace - spent[~ordered] @ pace
    found = np.zeros((_DRAWS, n_groups))
    for group in range(n_groups):
        own = risk[open_of == group]
        if len(own):
            usual_risks = np.quantile(own, (np.arange(32) + 0.5) / 32)
            found[:, group] = -np.expm1(-factor[:, [group]] * usual_risks).mean(axis=1)
    return found


def _given(
    firsts: FirstOrders,
    amount: float | None,
    units: float | None,
    channel: str | None,
    category: str | None,
    discount: bool | None,
) -> dict[str, str]:
    """The features that were given, as levels."""
    found = {"channel": channel, "first-category": category}
    if units is not None:
        found["basket"] = basket_of(units)
        if amount is not None and units > 0 and amount > 0:
            found["price"] = price_of(amount / units, price_edges(firsts.unit_price))
    if discount is not None:
        found["discount"] = "with a discount" if discount else "without a discount"
    return {name: level for name, level in found.items() if level is not None}


def _doubt(learned: Learned, span: float) -> float:
    """Deviation of the log of a newcomer's expected orders that the doubt about the law brings."""
    curve = law_curve(learned.buying, np.array([span]), np.random.default_rng(0), _DRAWS)
    return float(np.std(np.log(np.maximum(curve, 1e-300))))
