"""The order rows that a simulated shop would export: sales, fast delivery, returns and cancellations.

Rows are as in most exports: list price, what was taken off the line, and the total of the line, negative when things
come back. A return is a document `D…` days later, a cancellation a document `C…` minutes later.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from volver.collect.simulate.baskets import SHIPPING_CENTS, Baskets
from volver.collect.simulate.season import DAY_US

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from volver.collect.simulate.law import BuyingProcess

SALE, RETURN, CANCEL = 0, 1, 2
SHIPPING = -1
"""Stands for fast delivery where a product is meant."""
MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of one chunk within the history, in order of time; shape (n_orders,)."""

    person: "NDArray[np.int64]"
    day: "NDArray[np.int64]"
    local_us: "NDArray[np.int64]"
    is_undone: "NDArray[np.bool_]"


@dataclass(frozen=True, slots=True)
class Rows:
    """Order rows of one chunk, in order of time; shape (n_rows,). Money in cents, signed."""

    order: "NDArray[np.int64]"
    doc: "NDArray[np.int64]"
    local_us: "NDArray[np.int64]"
    product: "NDArray[np.int64]"
    units: "NDArray[np.int64]"
    price_cents: "NDArray[np.int64]"
    discount_cents: "NDArray[np.int64]"
    total_cents: "NDArray[np.int64]"

    def __getitem__(self, chosen: Any) -> "Rows":
        return Rows(*(getattr(self, name)[chosen] for name in self.__slots__))


def with_mistakes(rng: Any, orders: Orders, share: float, earliest_us: int) -> Orders:
    """The orders and, before a share of them, one that was placed by mistake and is undone."""
    import numpy as np

    again = np.flatnonzero((rng.random(orders.person.size) < share) & ~orders.is_undone)
    before = rng.integers(8, 40, again.size) * MINUTE_US + 17_000_000
    mistaken = np.maximum(orders.local_us[again] - before, earliest_us)
    together = Orders(
        person=np.concatenate([orders.person, orders.person[again]]),
        day=np.concatenate([orders.day, orders.day[again]]),
        local_us=np.concatenate([orders.local_us, mistaken]),
        is_undone=np.concatenate([orders.is_undone, np.ones(again.size, dtype=bool)]),
    )
    by_time = np.argsort(together.local_us, kind="stable")
    return Orders(*(getattr(together, name)[by_time] for name in Orders.__slots__))


def rows(rng: Any, orders: Orders, baskets: Baskets, process: "BuyingProcess", end_us: int) -> Rows:
    """Every row of the export before `end_us`, by time and document."""
    import numpy as np

    paid = baskets.price_cents * baskets.units - baskets.discount_cents
    sale = _of(orders, SALE, baskets.order, baskets.product, baskets.units, baskets.price_cents, baskets.discount_cents)
    shipped = np.flatnonzero(baskets.has_shipping)
    one = np.ones(shipped.size, dtype=np.int64)
    shipping = _of(orders, SALE, shipped, SHIPPING * one, one, SHIPPING_CENTS * one, 0 * one)
    is_returned = (rng.random(baskets.order.size) < process.return_share) & ~orders.is_undone[baskets.order]
    back = _back(sale[is_returned], RETURN, paid[is_returned])
    wait = rng.integers(4 * 24 * 60, 25 * 24 * 60, orders.person.size) * MINUTE_US
    back.local_us[:] = _opening(back.local_us + wait[back.order])
    all_sold = _joined([sale, shipping])
    undone = all_sold[orders.is_undone[all_sold.order]]
    undone = _back(undone, CANCEL, undone.total_cents)
    regret = rng.integers(3, 8, orders.person.size) * MINUTE_US
    undone.local_us[:] += regret[undone.order]
    everything = _joined([sale, shipping, back, undone])
    everything = everything[everything.local_us < end_us]
    return everything[np.lexsort((everything.doc, everything.order, everything.local_us))]


def return_requests(found: Rows) -> "tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]":
    """Order, product and wall-clock time of each return that was asked for: a day and a half before it came back."""
    import numpy as np

    back = found[found.doc == RETURN]
    asked: NDArray[np.int64] = _opening(back.local_us - 36 * 60 * MINUTE_US)
    return back.order, back.product, asked


def _opening(local_us: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """The same minute between nine in the morning and nine in the evening of that day."""
    midnight = local_us // DAY_US * DAY_US
    moved: NDArray[np.int64] = midnight + 9 * 60 * MINUTE_US + (local_us - midnight) // 120_000_000 * 60_000_000
    return moved


def _of(orders: Orders, doc: int, order: Any, product: Any, units: Any, price: Any, discount: Any) -> Rows:
    import numpy as np

    kind = np.full(order.size, doc, dtype=np.int64)
    return Rows(order, kind, orders.local_us[order], product, units, price, discount, price * units - discount)


def _back(sold: Rows, doc: int, paid: "NDArray[np.int64]") -> Rows:
    import numpy as np

    kind, nothing = np.full(sold.order.size, doc, dtype=np.int64), np.zeros(sold.order.size, dtype=np.int64)
    return Rows(sold.order, kind, sold.local_us.copy(), sold.product, -sold.units, sold.price_cents, nothing, -paid)


def _joined(parts: list[Rows]) -> Rows:
    import numpy as np

    return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in Rows.__slots__))
