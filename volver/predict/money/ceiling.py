"""What may a customer cost? The discounted margin of a newcomer against what winning one costs, group by group.

Reads the shelf, the ledger and the lake table `costs`; imported costs are kept there. Margin is real where costs of the
lines are known, else the setting `margin_rate`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from volver.collect import Cost, read_costs
from volver.core import E4, VolverError, Words, decimal_text
from volver.predict.money.acquisition import Winners, differing, told_customers
from volver.predict.money.costs import campaign_costs, keep_costs, kept_costs
from volver.predict.money.first_orders import REST
from volver.predict.money.margins import assumed_margin
from volver.predict.money.newcomers import outlook_of
from volver.predict.money.outlook import Estimate, Outlook, estimate, group_label
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.horizons import Horizon
from volver.predict.numerics.threads import in_one_thread
from volver.predict.settings import PredictSettings
from volver.store import Shop

PAYBACKS: Final = (30.0, 90.0, 180.0, 365.0, 730.0)  # days by which a cost may have to be back
_SURE: Final = 0.9
_MONTH: Final = 365.25 / 12
_CARRY: Final = ("channel", "campaign", "first-product", "first-category")


class NoCostsBy(VolverError):
    """Costs cannot be told by this grouping."""

    code = "predict.no_costs_by"
    says = "Costs cannot be brought by {by}."
    hint = "Bring costs by channel, campaign, first-product or first-category."


@dataclass(frozen=True, slots=True, kw_only=True)
class Payback:
    """Days until the expected margin has passed the cost: expected, and 90 % interval. None: not within the horizon."""

    days: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CeilingRow:
    """One group, or one campaign in it: what a newcomer may cost, what one did cost, and what follows.

    `ceiling` is the discounted margin of a newcomer within the horizon; `within` the same by each of `PAYBACKS`.
    `customers` are those won as the shop counts them; where it does not know a campaign, those that the costs say.
    `cost_each` is cost over customers won; None where costs or customers are not known. `curve` is (day, expected, low,
    high) of the margin so far, by week, with a 90 % interval.
    """

    key: str
    label: Words
    campaign: str | None
    customers: int | None
    cost: float | None
    cost_each: float | None
    ceiling: Estimate | None
    within: dict[int, Estimate]
    payback: Payback | None
    p_pays_back: float | None
    verdict: Words
    note: Words | None
    curve: tuple[tuple[float, float, float, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in the JSON of `volver predict spend-ceiling`; the curve is left out."""
        return {
            "group": self.key,
            "campaign": self.campaign,
            "customers": self.customers,
            "cost": self.cost,
            "cost_per_customer": self.cost_each,
            "ceiling": self.ceiling.to_dict() if self.ceiling else None,
            "ceiling_within_days": {str(day): each.to_dict() for day, each in self.within.items()},
            "payback_days": self.payback.days if self.payback else None,
            "payback_days90": [self.payback.low, self.payback.high] if self.payback else None,
            "p_pays_back": self.p_pays_back,
            "verdict": told(self.verdict),
            "note": str(self.note) if self.note else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CeilingReport:
    """What may be spent to win a customer: the shop, then each group, the costliest and largest first.

    `aside` has the rows of the costs that could not be read: their numbers and why.
    """

    by: str
    at: date
    horizon_days: float
    currency: str
    discount: float
    shop: CeilingRow
    rows: tuple[CeilingRow, ...]
    campaigns: tuple[CeilingRow, ...]
    aside: tuple[tuple[int, Words], ...]
    remarks: tuple[Words, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `volver predict spend-ceiling`."""
        return {
            "by": self.by,
            "at": self.at.isoformat(),
            "horizon_days": self.horizon_days,
            "currency": self.currency,
            "discount_rate_yearly": self.discount,
            "shop": self.shop.to_dict(),
            "groups": [each.to_dict() for each in self.rows],
            "campaigns": [each.to_dict() for each in self.campaigns],
            "set_aside": [{"row": row, "why": str(why)} for row, why in self.aside],
            "remarks": [str(each) for each in self.remarks],
        }


@in_one_thread
def spend_ceiling(
    shop: Shop, by: str = "channel", costs: Any = None, horizon: Horizon = "365d", *, seed: int = 0
) -> CeilingReport:
    """What a newcomer of each group may cost, and whether what is spent comes back within the horizon.

    `costs`: a CSV file or a frame to bring in first; costs that were brought in before stay. Costs with months are set
    against the customers won in those months. By campaign, costs that were brought by channel count too. Raises
    `predict.no_model`, `predict.bad_costs`, `predict.no_costs_by`.
    """
    aside: tuple[tuple[int, Words], ...] = ()
    found, days = outlook_of(shop, by, horizon, seed=seed)
    if costs is not None:
        if by not in _CARRY:
            raise NoCostsBy(by=by)
        read = read_costs(costs, by)
        keep_costs(shop, read.rows, by)
        aside = read.aside
    held: tuple[Cost, ...] = ()
    if by in _CARRY:
        held = campaign_costs(shop) if by == "campaign" else kept_costs(shop, by)
    teller = _Teller(found, held)
    unknown = sorted({each.group for each in teller.held} - set(found.keys))
    rows = [teller.group(key) for key in found.keys] + [teller.stranger(key) for key in unknown]
    rows.sort(key=lambda row: (-(row.cost or 0.0), -(row.customers or 0)))
    return CeilingReport(
        by=by,
        at=found.firsts.at,
        horizon_days=days,
        currency=shop.settings.currency,
        discount=shop.settings.of(PredictSettings).discount_rate_yearly,
        shop=teller.shop(rows),
        rows=tuple(rows),
        campaigns=teller.campaigns(),
        aside=aside,
        remarks=(*found.remarks, *assumed_margin(shop)),
    )


def told(words: Words) -> str:
    """A verdict in English with its money as decimals."""
    filled = {key: decimal_text(value) if key.endswith("_e4") else value for key, value in words.params.items()}
    return words.text.format(**filled)


class _Teller:
    """Makes rows from draws and costs."""

    def __init__(self, found: Outlook, held: tuple[Cost, ...]) -> None:
        self.found = found
        self.winners = Winners(found.firsts, found.groups, held)
        self.held = self.winners.held

    def group(self, key: str) -> CeilingRow:
        """A group that the shop has customers of."""
        place = self.found.keys.index(key)
        own = [each for each in self.held if each.group == key]
        won = self.winners.group(key, own)
        cost = sum(each.cost for each in own) if own else None
        note = differing(won, own) if self.found.groups.by == "campaign" else None
        return self._row(key, None, place, won, cost, note or self.found.note(place))

    def stranger(self, key: str) -> CeilingRow:
        """Costs of a group that is not told alone: too small among many, or without a customer in the shop."""
        own = [each for each in self.held if each.group == key]
        cost, won = sum(each.cost for each in own), self.winners.small_group(key, own)
        if won is not None:
            note = differing(won, own) or Words("a small group: valued as everything else")
            return self._row(key, None, self._place(REST), won, cost, note)
        said = told_customers(own) if self.found.groups.by == "campaign" else None
        if said:
            return self._row(key, None, -1, said, cost, Words("valued as newcomers of the whole shop"))
        text = "costs {cost_e4}, and the shop knows no customer from here"
        return _silent(key, None, cost, 0, Words(text, {"cost_e4": _e4(cost)}))

    def shop(self, rows: Sequence[CeilingRow]) -> CeilingRow:
        """The shop as a whole: all costs over all customers of the groups and months that have costs."""
        won = sum(row.customers or 0 for row in rows if row.cost is not None)
        cost = sum(each.cost for each in self.held) if self.held else None
        return self._row("", None, -1, won if self.held else len(self.found.firsts), cost, None)

    def campaigns(self) -> tuple[CeilingRow, ...]:
        """Campaigns by cost; a newcomer of one is worth what one of its channel is."""
        sums: dict[tuple[str, str], list[Cost]] = {}
        for each in self.held:
            if each.campaign:
                sums.setdefault((each.group, each.campaign), []).append(each)
        rows = [self._campaign(key, campaign, own) for (key, campaign), own in sums.items()]
        return tuple(sorted(rows, key=lambda row: -(row.cost or 0.0)))

    def _campaign(self, key: str, campaign: str, own: list[Cost]) -> CeilingRow:
        """A campaign by the customers that the shop counts, else by those that the costs say."""
        cost, counted = sum(each.cost for each in own), self.winners.campaign(key, campaign, own)
        won = told_customers(own) if counted is None else counted
        if won is None:
            text = "costs {cost_e4}; whom it won is not known: import orders with a campaign, or say the customers"
            return _silent(key, campaign, cost, None, Words(text, {"cost_e4": _e4(cost)}))
        place = self._place(key)
        leans = Words("valued as newcomers of the whole shop") if place < 0 else self.found.note(place)
        return self._row(key, campaign, place, won, cost, differing(counted, own) or leans)

    def _place(self, key: str) -> int:
        return self.found.keys.index(key) if key in self.found.keys else -1

    def _row(
        self, key: str, campaign: str | None, place: int, won: int, cost: float | None, note: Words | None
    ) -> CeilingRow:
        if cost is not None and not won:
            text = "costs {cost_e4}, and nobody was won in these months"
            return _silent(key, campaign, cost, 0, Words(text, {"cost_e4": _e4(cost)}))
        margin, days = self.found.margin(place), self.found.days
        each = cost / won if cost is not None and won else None
        ceiling = estimate(margin[:, -1])
        return CeilingRow(
            key=key,
            label=group_label(key) if key else Words("the whole shop"),
            campaign=campaign,
            customers=won,
            cost=cost,
            cost_each=each,
            ceiling=ceiling,
            within={int(day): estimate(_at(margin, days, day)) for day in PAYBACKS if day <= days[-1]},
            payback=None if each is None else _payback(margin, days, each),
            p_pays_back=None if each is None else float((margin[:, -1] >= each).mean()),
            verdict=_verdict(each, margin, days, ceiling),
            note=note,
            curve=_curve(margin, days),
        )


def _silent(key: str, campaign: str | None, cost: float, won: int | None, verdict: Words) -> CeilingRow:
    """A row of which only the cost can be told."""
    return CeilingRow(
        key=key,
        label=group_label(key),
        campaign=campaign,
        customers=won,
        cost=cost,
        cost_each=None,
        ceiling=None,
        within={},
        payback=None,
        p_pays_back=None,
        verdict=verdict,
        note=None,
        curve=(),
    )


def _at(margin: Floats, days: Floats, day: float) -> Floats:
    """Margin until a day, straight between the weeks: (n_draws,)."""
    after = int(np.clip(np.searchsorted(days, day), 1, len(days) - 1))
    part = (day - days[after - 1]) / max(days[after] - days[after - 1], 1e-9)
    found: Floats = margin[:, after - 1] + min(part, 1.0) * (margin[:, after] - margin[:, after - 1])
    return found


def _payback(margin: Floats, days: Floats, cost: float) -> Payback:
    """When the margin passes the cost: of the expected curve, and of the draws."""
    draws = _passes(margin, days, cost)
    low, high = np.sort(draws)[[int(0.05 * len(draws)), int(0.95 * len(draws))]].tolist()
    expected = float(_passes(margin.mean(axis=0, keepdims=True), days, cost)[0])
    days_, low_, high_ = (each if np.isfinite(each) else None for each in (expected, low, high))
    return Payback(days=days_, low=low_, high=high_)


def _passes(margin: Floats, days: Floats, cost: float) -> Floats:
    """The day on which each row's margin first reaches the cost; inf where it does not."""
    best = np.maximum.accumulate(margin, axis=1)
    reached = best >= cost
    after = np.argmax(reached, axis=1)
    before = np.maximum(after - 1, 0)
    row = np.arange(len(margin))
    rise = best[row, after] - best[row, before]
    part = np.where(rise > 0, (cost - best[row, before]) / np.where(rise > 0, rise, 1.0), 0.0)
    found = np.where(after > 0, days[before] + np.clip(part, 0.0, 1.0) * (days[after] - days[before]), 0.0)
    return np.where(reached.any(axis=1), found, np.inf)


def _verdict(each: float | None, margin: Floats, days: Floats, ceiling: Estimate) -> Words:
    brings = {
        "brings_e4": _e4(ceiling.expected),
        "low_e4": _e4(ceiling.low),
        "high_e4": _e4(ceiling.high),
    }
    if each is None:
        return Words("no costs known; a newcomer may cost {brings_e4} ({low_e4} to {high_e4})", brings)
    facts = {"cost_e4": _e4(each)} | brings
    p_back = float((margin[:, -1] >= each).mean())
    if p_back <= 1.0 - _SURE:
        return Words("loses money: costs {cost_e4}, brings {brings_e4} ({low_e4} to {high_e4})", facts)
    if p_back < _SURE:
        return Words("may not pay back: costs {cost_e4}, brings {brings_e4} ({low_e4} to {high_e4})", facts)
    day = _payback(margin, days, each).days
    if not day:
        return Words("pays back with the first order")
    if day < 2 * _MONTH:
        return Words("pays back in {days} days", {"days": max(round(day), 2)})
    return Words("pays back in {months} months", {"months": round(day / _MONTH)})


def _curve(margin: Floats, days: Floats) -> tuple[tuple[float, float, float, float], ...]:
    low, high = np.quantile(margin, [0.05, 0.95], axis=0)
    columns = (days, margin.mean(axis=0), low, high)
    return tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in zip(*columns, strict=True))


def _e4(money: float) -> int:
    """Ten-thousandths, rounded to hundredths of the unit."""
    return round(money * 100) * (E4 // 100)
