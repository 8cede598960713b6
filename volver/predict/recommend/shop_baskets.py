"""What each customer of a shop will want next, and how good that was on the shop's own past.

Reads the ledger through `recommend_lines.sql`, writes nothing. Known products come from the personal repeat model, new
ones from item neighbours, the rest from best sellers (`next_basket`); carts from neighbours and habit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from volver.core import E4, Answer, Words, clock, midnight_us
from volver.know import KnowSettings
from volver.predict.numerics.arrays import Bools, Floats
from volver.predict.value.histories import TooLittleHistory, day_after, last_day, span
from volver.store import Shop

if TYPE_CHECKING:
    from volver.predict.recommend.evaluation import Judged, Score, Split
    from volver.predict.recommend.interactions import Interactions


FEWEST_ROWS: Final = 1_000  # interactions before the cut; below this nothing about products can be said
FEWEST_BASKETS: Final = 50  # next baskets to judge by
_AHEAD: Final = 28  # days after the cut that are looked at
_BIG_SHOP: Final = 100_000  # rows; from here on a product needs a few sales before it is judged
_FLOOR: Final = 5  # those few
_DAY_US: Final = 86_400e6


@dataclass(frozen=True)
class Baskets:
    """A shop's purchases as interactions, and what is known of each product by its code.

    Times are days since 1970 in UTC; `end` is the midnight after the last day asked for. `price` and `margin` are per
    unit in the shop's currency, NaN where unknown.
    """

    rows: "Interactions"
    end: float
    name: list[str | None]
    category: list[str | None]
    price: Floats
    margin: Floats
    discounted: Bools  # per row


def baskets(shop: Shop, until: date, without: Sequence[str] = ()) -> Baskets:
    """All that known customers bought until a day, save products of the categories `without` (fuel, gift cards).

    Raises `predict.too_little_history` where there is nothing.
    """
    from volver.predict.recommend.interactions import Interactions

    found = shop.compute.query("recommend_lines", until=until)
    facts = {row["product_id"]: row for row in shop.compute.rows("recommend_products")}
    lines = {name: found.column(name).to_numpy() for name in found.column_names}
    barred = [product for product, row in facts.items() if row["category"] in without]
    kept = ~np.isin(lines["product_id"], barred)
    lines = {name: column[kept] for name, column in lines.items()}
    if not kept.any():
        raise TooLittleHistory(customers=0, needed=1, day=until.isoformat())
    order = np.lexsort((lines["product_id"], lines["order_id"], lines["ts_us"], lines["customer_id"]))
    lines = {name: column[order] for name, column in lines.items()}
    rows = Interactions.of(
        {
            "user": lines["customer_id"],
            "item": lines["product_id"],
            "basket": lines["order_id"],
            "time": lines["ts_us"].astype("datetime64[us]"),
        }
    )
    known = [facts.get(product, {}) for product in rows.items.values.tolist()]
    price, margin = _money(rows, lines, known, shop.settings.of(KnowSettings).margin_rate)
    return Baskets(
        rows=rows,
        end=midnight_us(until + timedelta(days=1), shop.settings.timezone) / _DAY_US,
        name=[each.get("name") for each in known],
        category=[each.get("category") for each in known],
        price=price,
        margin=margin,
        discounted=lines["discount_e4"] > 0,
    )


def _money(
    rows: "Interactions", lines: dict[str, Any], known: list[dict[str, Any]], margin_rate: float
) -> tuple[Floats, Floats]:
    """Mean price paid per unit and margin per unit of each product: its own cost where it is known."""
    n = rows.n_items
    units = np.bincount(rows.item, weights=lines["quantity_e4"], minlength=n) / E4
    price = np.bincount(rows.item, weights=lines["amount_e4"], minlength=n) / E4 / np.maximum(units, 1e-9)
    price = np.where((units > 0) & (price > 0), price, np.nan)
    cost = np.array([np.nan if each.get("cost_e4") is None else each["cost_e4"] / E4 for each in known])
    return price, np.where(np.isnan(cost), price * margin_rate, price - cost)


def next_baskets(
    shop: Shop,
    customers: Any = None,
    k: int = 12,
    *,
    at: date | str | None = None,
    new_only: bool = False,
    without: Sequence[str] = (),
) -> Answer:
    """What customers will want next: customer_id, product_id, name, category, rank, bought_before (1 or 0), price_e4.

    `at` is the last day that is known. With `new_only` nothing that a customer bought before; nothing of
    the categories `without`. Raises `predict.too_little_history`.
    """
    import pyarrow as pa

    from volver.predict.recommend.next_basket import NextBasket
    from volver.predict.recommend.ranking import holds

    found = baskets(shop, last_day(shop, at), without)
    rows = found.rows
    model = NextBasket().fit(rows, at=found.end, category=found.category)
    users = np.arange(rows.n_users) if customers is None else rows.users.codes(customers)
    users = users[users >= 0]
    lists = model.ranked(users, k, new_only)
    before = holds(lists, model.past_.bought[users])
    row, rank = np.nonzero(lists >= 0)
    item = lists[row, rank]
    price = np.rint(found.price[item] * E4)
    return Answer(
        pa.table(
            {
                "customer_id": rows.users.values[users[row]],
                "product_id": rows.items.values[item],
                "name": pa.array([found.name[code] for code in item.tolist()], pa.string()),
                "category": pa.array([found.category[code] for code in item.tolist()], pa.string()),
                "rank": (rank + 1).astype(np.int64),
                "bought_before": before[row, rank].astype(np.int64),
                "price_e4": pa.array(np.nan_to_num(price).astype(np.int64), mask=np.isnan(price)),
            }
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendCheck:
    """Recommendations on held-out time. `judged` holds the rules of thumb first, then Volver's; `carts` the scores
    of cart completion by method. Both are empty where `remark` says that there is too little to judge by.

    A next basket counts with at least `fewest` products; a product with at least `floor` sales before the cut.
    """

    cut: date
    days: int
    rows: int
    customers: int
    products: int
    next_baskets: int
    fewest: int
    floor: int
    judged: "list[Judged]" = field(default_factory=list)
    carts: "dict[str, dict[str, Score]]" = field(default_factory=dict)
    n_carts: int = 0
    remark: Words | None = None
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `volver predict check --recommend`."""
        facts = ("days", "rows", "customers", "products", "next_baskets", "fewest", "floor", "n_carts", "seconds")
        return {
            "cut": self.cut.isoformat(),
            **{name: getattr(self, name) for name in facts},
            "enough": self.remark is None,
            "remark": str(self.remark) if self.remark else None,
            "methods": [each.to_dict() for each in self.judged],
            "carts": {
                name: {key: score.to_dict() for key, score in found.items()} for name, found in self.carts.items()
            },
        }


def check_recommend(
    shop: Shop,
    cut: date | str | None = None,
    *,
    fewest: int = 1,
    without: Sequence[str] = (),
    draws: int = 400,
    seed: int = 0,
) -> RecommendCheck:
    """Learn from what was known at the end of `cut` (28 days before the last order by default), compare with what
    customers bought in the 28 days after it. A next basket counts with at least `fewest` products; products of the
    categories `without` are left out on both sides. Raises `predict.too_little_history` for a shop without purchases.
    """
    from volver.predict.recommend.evaluation import split

    began = clock.stopwatch_s()
    last = span(shop)[1]
    day = day_after(last, -_AHEAD) if cut is None else last_day(shop, cut)
    found = baskets(shop, last, without)
    end = midnight_us(day + timedelta(days=1), shop.settings.timezone) / _DAY_US
    floor = _FLOOR if len(found.rows) >= _BIG_SHOP else 1
    held = split(found.rows, end, days=_AHEAD, floor=floor, fewest=fewest)
    enough = len(held.known) >= FEWEST_ROWS and len(held.users) >= FEWEST_BASKETS
    judged = _judged(found, held, draws, seed) if enough else []
    carts, n_carts = _carts(found.rows, held, draws, seed) if enough else ({}, 0)
    return RecommendCheck(
        cut=day,
        days=_AHEAD,
        rows=len(held.known),
        customers=len(np.unique(held.known.user)),
        products=len(np.unique(held.known.item)),
        next_baskets=len(held.users),
        fewest=fewest,
        floor=floor,
        judged=judged,
        carts=carts,
        n_carts=n_carts,
        remark=None if enough else _too_little(held, day),
        seconds=clock.stopwatch_s() - began,
    )


def _too_little(held: "Split", cut: date) -> Words:
    return Words(
        "Too little to judge recommendations by: {rows} of {rows_needed} purchases before {cut}, {baskets} of "
        "{baskets_needed} next baskets after it.",
        {
            "rows": len(held.known),
            "rows_needed": FEWEST_ROWS,
            "cut": cut.isoformat(),
            "baskets": len(held.users),
            "baskets_needed": FEWEST_BASKETS,
        },
    )


def _judged(found: Baskets, held: "Split", draws: int, seed: int) -> "list[Judged]":
    from volver.predict.recommend.baselines import until_of
    from volver.predict.recommend.evaluation import Contender, evaluate
    from volver.predict.recommend.next_basket import NextBasket

    model = NextBasket(seed=seed).fit(held.known, at=held.cut, category=found.category)
    ours = Contender(name="volver", recommend=model.ranked, until=until_of(held.known))
    return evaluate(held, [ours], prices=found.price, margins=found.margin, draws=draws, seed=seed)


def _carts(rows: "Interactions", held: "Split", draws: int, seed: int) -> "tuple[dict[str, dict[str, Score]], int]":
    """Cart completion after the cut; nothing where fewer than 50 baskets are large enough."""
    from volver.predict.recommend.cart_completion import CartCompletion
    from volver.predict.recommend.evaluation import carts, intervals, next_item
    from volver.predict.recommend.ranking import best_of_rows, filled, without
    from volver.predict.recommend.tables import list_matrix

    at, known = np.asarray(rows.at), np.bincount(held.known.item, minlength=rows.n_items) > 0
    asked = carts(rows.rows((at >= held.cut) & (at < held.cut + 4 * held.days)), known, seed=seed)
    if len(asked.target) < FEWEST_BASKETS:
        return {}, len(asked.target)
    model = CartCompletion(seed=seed).fit(held.known, at=held.cut)
    past, cart = model.past_, list_matrix(asked.shown, rows.n_items)
    empty = np.full((len(asked.target), 20), -1, dtype=np.int32)
    habit = best_of_rows(without(past.decayed()[asked.user], cart), 20, past.popular)
    lists = {
        "popularity": filled(empty, past.best_sellers, cart),
        "decay150": filled(habit, past.best_sellers, cart),
        "volver": model.ranked(asked.user, asked.shown, 20),
    }
    scores = {name: intervals(next_item(each, asked.target), draws=draws, seed=seed) for name, each in lists.items()}
    return scores, len(asked.target)
