"""What an order of a simulated shop holds, and what an order of each person is worth on average."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from volver.collect.simulate.process import WHOLESALE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from volver.collect.simulate.catalogue import Catalogue
    from volver.collect.simulate.law import BuyingProcess
    from volver.collect.simulate.process import Lives
    from volver.collect.simulate.season import Calendar

UNITS, P_UNITS = (1, 2, 3, 4), (0.79, 0.15, 0.04, 0.02)
BULK, P_BULK = (6, 12, 24), (0.5, 0.35, 0.15)
OFF, P_OFF = (0.10, 0.15, 0.20, 0.30), (0.4, 0.3, 0.2, 0.1)
WHOLESALE_OFF = 0.25
SHIPPING_CENTS = 495


@dataclass(frozen=True, slots=True)
class Baskets:
    """The lines of the orders of one chunk; shape (n_lines,) but for `has_shipping`. Money in cents."""

    order: "NDArray[np.int64]"
    product: "NDArray[np.int64]"
    units: "NDArray[np.int64]"
    price_cents: "NDArray[np.int64]"
    discount_cents: "NDArray[np.int64]"
    has_shipping: "NDArray[np.bool_]"
    """By order: paid for fast delivery."""


def fill(
    rng: Any,
    lives: "Lives",
    person: "NDArray[np.int64]",
    day: "NDArray[np.int64]",
    shop: "tuple[Calendar, Catalogue, BuyingProcess]",
) -> Baskets:
    """Fill the baskets of orders made by `person` on `day` (positions in the calendar)."""
    import numpy as np

    calendar, catalogue, process = shop
    n = person.size
    lines = 1 + rng.poisson(lives.more_lines[person])
    order = np.repeat(np.arange(n), lines)
    buyer = person[order]
    product = catalogue.pick(rng, calendar.month[day[order]], lives.favourite[buyer], lives.taste[buyer])
    is_bulk = lives.kind[person] == WHOLESALE
    draw = rng.random(order.size)
    units = _choose(UNITS, P_UNITS, draw)
    units = np.where(is_bulk[order], _choose(BULK, P_BULK, draw), units)
    p_discount = 1 - (1 - lives.p_discount[person]) * (1 - calendar.p_sale[day])
    off = np.where(rng.random(n) < p_discount, np.array(OFF)[_choose(range(len(OFF)), P_OFF, rng.random(n))], 0.0)
    off = np.where(is_bulk, WHOLESALE_OFF, off)
    order, product, units = _merged(order, product, units, catalogue.price_cents.size)
    price = catalogue.price_cents[product]
    return Baskets(
        order=order,
        product=product,
        units=units,
        price_cents=price,
        discount_cents=np.rint(price * units * off[order]).astype(np.int64),
        has_shipping=rng.random(n) < process.shipping_share,
    )


def _merged(
    order: "NDArray[np.int64]", product: "NDArray[np.int64]", units: "NDArray[np.int64]", n_products: int
) -> "tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]":
    """One line for each thing in a basket."""
    import numpy as np

    things = order * n_products + product
    by_thing = np.argsort(things, kind="stable")
    things = things[by_thing]
    first = np.flatnonzero(np.diff(things, prepend=-1))
    return things[first] // n_products, things[first] % n_products, np.add.reduceat(units[by_thing], first)


def _choose(values: Any, chances: tuple[float, ...], draw: "NDArray[np.float64]") -> "NDArray[np.int64]":
    import numpy as np

    found = np.searchsorted(np.cumsum(chances)[:-1], draw, side="right")
    chosen: NDArray[np.int64] = np.asarray(list(values), dtype=np.int64)[found]
    return chosen


def mean_spend_cents(
    lives: "Lives", shop: "tuple[Calendar, Catalogue, BuyingProcess]"
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Mean of an order in the coming year for each person: as sold (goods and shipping), and after returns.

    Exact but for the rounding of discounts to cents: months and sale days are weighed by how busy their days are.
    """
    import numpy as np

    calendar, catalogue, process = shop
    coming = slice(calendar.n_days, None)
    busy, p_sale, month = calendar.busy[coming], calendar.p_sale[coming], calendar.month[coming]
    weight = np.bincount(month, busy, 12) / busy.sum()
    unsold = np.bincount(month, busy * (1 - p_sale), 12) / busy.sum()
    full = np.tensordot(weight, catalogue.mean_price, 1)[lives.favourite, lives.taste]
    off_sale = np.tensordot(unsold, catalogue.mean_price, 1)[lives.favourite, lives.taste]
    mean_off = float(np.dot(OFF, P_OFF))
    is_bulk = lives.kind == WHOLESALE
    paid = full - mean_off * (full - (1 - lives.p_discount) * off_sale)
    paid = np.where(is_bulk, full * (1 - WHOLESALE_OFF), paid)
    units = np.where(is_bulk, float(np.dot(BULK, P_BULK)), float(np.dot(UNITS, P_UNITS)))
    goods = (1 + lives.more_lines) * units * paid
    shipping = process.shipping_share * SHIPPING_CENTS
    return goods + shipping, goods * (1 - process.return_share) + shipping
