"""New customers: what the next one of each channel, campaign, first product, basket, price or discount will bring.

Reads the shelf and the ledger, writes nothing. A group's own past counts as much as it proves; the rest is the shop's.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from volver.core import Words
from volver.know import KnowSettings
from volver.predict.money.first_orders import first_orders, groups
from volver.predict.money.outlook import Estimate, Outlook, estimate, group_label, outlook
from volver.predict.numerics.horizons import Horizon, horizon_days
from volver.predict.settings import PredictSettings
from volver.predict.value.registry import published
from volver.store import Shop


@dataclass(frozen=True, slots=True, kw_only=True)
class NewcomerGroup:
    """Newcomers of one group: how many were won, what their first orders brought, what the next one will bring.

    `value` includes the first order, `first` is that order alone, `later` how many more to expect. `weight` is the part
    of the come-back factor that the group's own customers decide, `p_better` the chance that the group's newcomers are
    worth more than the shop's.
    """

    key: str
    label: Words
    customers: int
    first_money: float
    came_back: float
    first: Estimate
    later: Estimate
    value: Estimate
    factor: Estimate
    weight: float
    p_better: float
    note: Words | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in the JSON of `volver predict newcomers`."""
        return {
            "group": self.key,
            "customers": self.customers,
            "first_money": self.first_money,
            "came_back_share": self.came_back,
            "first_order": self.first.to_dict(),
            "later_orders": self.later.to_dict(),
            "value": self.value.to_dict(),
            "against_shop": self.factor.to_dict(),
            "own_weight": self.weight,
            "p_better_than_shop": self.p_better,
            "note": str(self.note) if self.note else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NewcomersReport:
    """What new customers bring within the horizon from their first order on, discounted, by group and in the shop.

    `remarks` are those of the published model: where histories begin in the middle, few first orders were first.
    """

    by: str
    at: date
    horizon_days: float
    currency: str
    discount: float
    customers: int
    first: Estimate
    later: Estimate
    value: Estimate
    groups: tuple[NewcomerGroup, ...]
    remarks: tuple[Words, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `volver predict newcomers`."""
        return {
            "by": self.by,
            "at": self.at.isoformat(),
            "horizon_days": self.horizon_days,
            "currency": self.currency,
            "discount_rate_yearly": self.discount,
            "customers": self.customers,
            "first_order": self.first.to_dict(),
            "later_orders": self.later.to_dict(),
            "value": self.value.to_dict(),
            "groups": [each.to_dict() for each in self.groups],
            "remarks": [str(each) for each in self.remarks],
        }


def newcomers(shop: Shop, by: str = "channel", horizon: Horizon = "365d", *, seed: int = 0) -> NewcomersReport:
    """The value of new customers by group, largest group first.

    `by`: channel, campaign, first-product, first-category, basket, price or discount. Raises `predict.no_model`,
    `predict.unknown_grouping`, `predict.not_refreshed`.
    """
    found, days = outlook_of(shop, by, horizon, seed=seed)
    sizes, firsts = found.groups.sizes, found.firsts
    money, taught = found.groups.sums(firsts.first), found.groups.of_teaching(firsts)
    again = taught.sums((firsts.teaching.later > 0).astype(float)) / np.maximum(taught.sizes, 1)
    rows = tuple(
        NewcomerGroup(
            key=key,
            label=group_label(key),
            customers=int(sizes[i]),
            first_money=float(money[i]),
            came_back=float(again[i]),
            first=estimate(found.first[:, i]),
            later=estimate(found.repeats[:, i]),
            value=estimate(found.value[:, i]),
            factor=estimate(found.factor[:, i] / found.factor[:, -1]),
            weight=float(found.weight[i]),
            p_better=float((found.value[:, i] > found.value[:, -1]).mean()),
            note=found.note(i),
        )
        for i, key in enumerate(found.keys)
    )
    return NewcomersReport(
        by=by,
        at=firsts.at,
        horizon_days=days,
        currency=shop.settings.currency,
        discount=shop.settings.of(PredictSettings).discount_rate_yearly,
        customers=len(firsts),
        first=estimate(found.first[:, -1]),
        later=estimate(found.repeats[:, -1]),
        value=estimate(found.value[:, -1]),
        groups=rows,
        remarks=found.remarks,
    )


def outlook_of(shop: Shop, by: str, horizon: Horizon, *, seed: int = 0) -> tuple[Outlook, float]:
    """Draws about newcomers of each group by the published model, and the horizon in days."""
    model = published(shop)
    days = horizon_days(horizon, model.data_until)
    firsts = first_orders(shop, model.data_until, days)
    settings = shop.settings
    found = outlook(
        model.learned,
        firsts,
        groups(firsts, by),
        days,
        settings.of(PredictSettings).discount_rate_yearly,
        margin_rate=settings.of(KnowSettings).margin_rate,
        seed=seed,
    )
    return found, days
