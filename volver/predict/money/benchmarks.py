"""Where the value lies: segments, stages, cohorts, channels and campaigns against each other.

Reads the shelf, the ledger and what the know room last refreshed; writes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from volver import know
from volver.core import VolverError, Words
from volver.predict.money.first_orders import UNKNOWN, NotRefreshed, grouped, one_spelling
from volver.predict.money.outlook import group_label
from volver.predict.money.subgroup_totals import parts
from volver.predict.numerics.horizons import Horizon, horizon_days
from volver.predict.numerics.threads import in_one_thread
from volver.predict.settings import PredictSettings
from volver.predict.value.forecast import Foreseen, Total
from volver.predict.value.histories import buyers
from volver.predict.value.registry import published
from volver.store import Shop

BENCHMARKS: Final = ("segment", "cohort", "channel", "campaign", "stage")


class UnknownBenchmark(VolverError):
    """Value cannot be compared by this."""

    code = "predict.unknown_benchmark"
    says = "Value cannot be compared by {by}."
    hint = "Choose segment, cohort, channel, campaign or stage."


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A part of the customers: how many, how alive, what one and all of them will bring; `share` of the shop's total.

    `against_shop` is the value of one over that of the shop's average customer. None throughout where `waits_for` says
    which data is missing.
    """

    key: str
    label: Words
    customers: int | None
    p_alive: float | None
    each: float | None
    total: Total | None
    share: float | None
    against_shop: float | None
    waits_for: Words | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "key": self.key,
            "customers": self.customers,
            "p_alive": self.p_alive,
            "value_per_customer": self.each,
            "total": self.total.to_dict("value") if self.total else None,
            "share": self.share,
            "against_shop": self.against_shop,
            "waits_for": str(self.waits_for) if self.waits_for else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkReport:
    """Value over the horizon by part, discounted, with 90 % intervals. Segments overlap; the others do not."""

    by: str
    model: str
    at: date
    horizon_days: float
    currency: str
    discount: float
    shop: Standing
    rows: tuple[Standing, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `volver predict benchmark`."""
        return {
            "by": self.by,
            "model": self.model,
            "at": self.at.isoformat(),
            "horizon_days": self.horizon_days,
            "currency": self.currency,
            "discount_rate_yearly": self.discount,
            "shop": self.shop.to_dict(),
            "rows": [each.to_dict() for each in self.rows],
        }


@in_one_thread
def benchmark(shop: Shop, by: str = "segment", horizon: Horizon = "365d") -> BenchmarkReport:
    """What each segment, monthly cohort, channel, campaign or stage will bring. Raises `predict.no_model`,
    `predict.unknown_benchmark`, `predict.not_refreshed`.
    """
    if by not in BENCHMARKS:
        raise UnknownBenchmark(by=by)
    model = published(shop)
    learned, now = model.learned, buyers(shop, model.data_until)
    days, discount = horizon_days(horizon, now.at), shop.settings.of(PredictSettings).discount_rate_yearly
    known, span = learned.known(now), learned.span(days)
    seen = Foreseen(learned, now, days, discount)
    asked, value = learned.asked(discount, days), seen.expected[1]
    made = parts(asked, known, now.spend_days, now.mean_spend, span, value=value, level=learned.level)
    alive = learned.buying.p_alive(known)
    everyone = float(made.value.sum())
    usual = everyone / len(now)

    def standing(key: str, label: Words, inside: Any, waits_for: Words | None = None) -> Standing:
        n = 0 if inside is None else int(np.count_nonzero(inside))
        if not n:
            count = None if inside is None else 0
            nothing: dict[str, Any] = dict.fromkeys(("p_alive", "each", "total", "share", "against_shop"))
            return Standing(key=key, label=label, customers=count, waits_for=waits_for, **nothing)
        total = made.total(inside)
        return Standing(
            key=key,
            label=label,
            customers=n,
            p_alive=float(alive[inside].mean()),
            each=total.expected / n,
            total=total,
            share=total.expected / everyone if everyone > 0 else None,
            against_shop=total.expected / n / usual if usual > 0 else None,
        )

    return BenchmarkReport(
        by=by,
        model=model.model,
        at=now.at,
        horizon_days=days,
        currency=shop.settings.currency,
        discount=discount,
        shop=standing("", Words("the whole shop"), np.ones(len(now), dtype=bool)),
        rows=tuple(standing(*each) for each in _members(shop, by, now.customer_id, now.at)),
    )


def _members(shop: Shop, by: str, customer_id: Any, at: date) -> Iterator[tuple[Any, ...]]:
    """Key, label, who is inside (None: cannot be said), what is waited for."""
    found = shop.compute.query("predict_standing").sort_by("customer_id")
    if not found.num_rows:
        raise NotRefreshed(day=at.isoformat())
    ids = found.column("customer_id").to_numpy()
    place = np.minimum(np.searchsorted(ids, customer_id), len(ids) - 1)
    there = ids[place] == customer_id

    def column(name: str) -> Any:
        return found.column(name).to_numpy(zero_copy_only=False)[place]

    if by in ("segment", "stage"):
        yield from _built_in(shop, by, column("stage"), column("segments"), there)
    elif by == "cohort":
        months = column("first_day").astype("datetime64[M]").astype(str)
        for month in np.unique(months[there]).tolist():
            yield month, Words("{name}", {"name": month}), there & (months == month)
    else:
        known = [(each or UNKNOWN) if here else UNKNOWN for each, here in zip(column(by), there, strict=True)]
        made = grouped(by, one_spelling(np.array(known, dtype=object)))
        for place, key in enumerate(made.keys):
            yield key, group_label(key), made.of == place


def _built_in(shop: Shop, by: str, stage: Any, bits: Any, there: Any) -> Iterator[tuple[Any, ...]]:
    """Segments as the know room lists them: its own first, each one bit in `facts.segments`, then the stages."""
    listed = know.segments(shop)
    for number, each in enumerate(listed):
        is_stage = each.key in know.STAGES
        if is_stage != (by == "stage"):
            continue
        if each.waiting_for is not None:
            yield each.key, each.label, None, each.waiting_for
        elif is_stage:
            yield each.key, each.label, there & (stage == each.key)
        else:
            yield each.key, each.label, there & ((np.where(there, bits, 0).astype(np.int64) >> number) & 1 == 1)
