"""What the customers will be worth over a horizon, from the model on the shelf.

Reads the ledger as of the day that the model knows; writes nothing.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from volver.core import Answer
from volver.predict.numerics.horizons import Horizon, horizon_days
from volver.predict.settings import PredictSettings
from volver.predict.value.forecast import Foreseen, Total
from volver.predict.value.histories import buyers
from volver.predict.value.registry import published
from volver.store import Shop


@dataclass(frozen=True, slots=True, kw_only=True)
class Decile:
    """A tenth of the customers, by value: the first is the best."""

    decile: int
    customers: int
    value: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueReport:
    """Value of all customers from `at` over the horizon, discounted, in the shop's currency, and of each.

    `answer` has one row per customer, the most valuable first: customer_id, p_alive, orders, spend_per_order, value,
    low, high.
    """

    model: str
    at: date
    horizon_days: float
    discount: float
    currency: str
    customers: int
    total: Total
    orders: Total
    deciles: tuple[Decile, ...]
    answer: Answer

    def to_dict(self, most: int = 0) -> dict[str, Any]:
        """The JSON of `volver predict value`, with the `most` most valuable customers."""
        found: dict[str, Any] = {
            "model": self.model,
            "at": self.at.isoformat(),
            "horizon_days": self.horizon_days,
            "discount_rate_yearly": self.discount,
            "currency": self.currency,
            "customers": self.customers,
            "total": self.total.to_dict("value"),
            "orders": self.orders.to_dict(),
            "deciles": [
                {"decile": each.decile, "customers": each.customers, "value": each.value, "share": each.share}
                for each in self.deciles
            ],
        }
        if most:
            found["top"] = self.answer.table.slice(0, most).to_pylist()
        return found


def value_report(shop: Shop, horizon: Horizon = "365d") -> ValueReport:
    """What the customers known to the published model are expected to bring. Raises `predict.no_model`."""
    import pyarrow as pa

    model = published(shop)
    now = buyers(shop, model.data_until)
    days, discount = horizon_days(horizon, now.at), shop.settings.of(PredictSettings).discount_rate_yearly
    seen = Foreseen(model.learned, now, days, discount)
    worth = seen.worth
    order = np.lexsort((now.customer_id, -worth.value))
    columns = {
        "customer_id": now.customer_id,
        "p_alive": worth.p_alive,
        "orders": worth.orders,
        "spend_per_order": worth.spend,
        "value": worth.value,
        "low": worth.low,
        "high": worth.high,
    }
    whole = float(worth.value.sum())
    deciles = tuple(
        Decile(
            decile=i + 1,
            customers=len(part),
            value=float(worth.value[part].sum()),
            share=float(worth.value[part].sum()) / whole if whole > 0 else 0.0,
        )
        for i, part in enumerate(np.array_split(order, 10))
    )
    return ValueReport(
        model=model.model,
        at=now.at,
        horizon_days=days,
        discount=discount,
        currency=shop.settings.currency,
        customers=len(now),
        total=seen.value_of(),
        orders=seen.orders_of(),
        deciles=deciles,
        answer=Answer(pa.table({name: column[order] for name, column in columns.items()})),
    )
