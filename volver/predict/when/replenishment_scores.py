"""What each customer of a shop will buy again, and when.

Reads order lines, replaces the lake table `rebuys`; `foresee_when` also has the best moments made. Customers are taken
in parts of bounded size: what holds for everybody is learned from the first.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from volver.core import VolverError, Words, clock
from volver.know import today
from volver.predict.freshness import REBUYS
from volver.predict.numerics.arrays import Codes, Labels, best
from volver.predict.when.contact_times import distinct, publish_moments, replace_table
from volver.predict.when.due import HORIZONS, Due, Dues
from volver.predict.when.gaps import usual_gap
from volver.predict.when.purchases import Purchases, assembled, coded
from volver.predict.when.replenishment import own_gap_days
from volver.store import Shop

if TYPE_CHECKING:
    import pyarrow as pa

LEAST_P: Final = 0.02
MOST_PRODUCTS: Final = 20  # per customer
_PART_LINES: Final = 2_000_000  # lines of the customers that are in memory together
_EPOCH: Final = date(1970, 1, 1)


class NoRebuys(VolverError):
    """A question about when to a shop that has not been asked to foresee it."""

    code = "predict.no_rebuys"
    says = "This shop has not foreseen yet what is bought again."
    hint = "Run `volver predict when --refresh`."
    status = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuy:
    """A product that a customer is likely to buy again: the chance within 28 days, and when it is due.

    `due_from` and `due_to` bound the middle half of the wait; None where a purchase within 90 days is unlikely.
    """

    product_id: int
    product: str
    product_ref: str | None = None
    category: str | None
    times: int
    usual_gap_days: float
    last_day: date
    p_28d: float
    due_from: date | None
    due_to: date | None

    @property
    def usual(self) -> Words:
        """How often, in words."""
        return usual_gap(self.usual_gap_days)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        names = ("product_id", "product", "category", "times", "usual_gap_days", "p_28d")
        told = {name: getattr(self, name) for name in names}
        told |= {name: each.isoformat() if each else None for name, each in self._days()}
        return told | {"usual": str(self.usual)}

    def _days(self) -> tuple[tuple[str, date | None], ...]:
        return ("last_day", self.last_day), ("due_from", self.due_from), ("due_to", self.due_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueProduct:
    """A product that customers will buy again: of how many, likely for how many, how many of them will in 28 days."""

    product_id: int
    product: str
    customers: int
    likely: int
    expected: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class WhenReport:
    """What was published: how many, how the chances did on the last 28 days, what could not be said."""

    at: date
    customers: int
    rebuys: int
    moments: int
    check: dict[str, Any] | None
    habits: dict[str, float]
    remarks: tuple[Words, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `volver predict when --refresh`."""
        names = ("customers", "rebuys", "moments", "check", "habits", "seconds")
        told = {name: getattr(self, name) for name in names}
        return {"at": self.at.isoformat(), **told, "remarks": [str(each) for each in self.remarks]}


def foresee_when(shop: Shop, at: date | None = None, *, part_lines: int = _PART_LINES) -> WhenReport:
    """Learn from all that was known at the end of `at` (the shop's day by default) and publish `rebuys` and `moments`.

    `part_lines` bounds the lines in memory at a time. A shop with too little history publishes what it can, and the
    remarks say what is missing.
    """
    began = clock.stopwatch_s()
    day = at or today(shop).day or _EPOCH
    size = shop.compute.rows("when_size", as_of=day)[0]
    parts = max(1, -(-size["lines"] // part_lines))
    remarks: list[Words] = []
    check, customers, rows = _publish_rebuys(shop, day, parts, remarks)
    moments = publish_moments(shop, day, parts, remarks)
    return WhenReport(
        at=day,
        customers=customers,
        rebuys=rows,
        moments=moments[0],
        check=check,
        habits=moments[1],
        remarks=tuple(remarks),
        seconds=clock.stopwatch_s() - began,
    )


def rebuys_of(shop: Shop, customer: int) -> tuple[Rebuy, ...]:
    """What a customer is likely to buy again, the likeliest first. Raises `predict.no_rebuys`."""
    if shop.lake.snapshot("rebuys").version < 0:
        raise NoRebuys
    return tuple(
        Rebuy(
            product_id=row["product_id"],
            product=row["name"] or row["product_ref"] or str(row["product_id"]),
            product_ref=row["product_ref"],
            category=row["category"],
            times=row["times"],
            usual_gap_days=row["usual_gap_days"],
            last_day=row["last_day"],
            p_28d=row["p_28d"],
            due_from=row["due_from_day"],
            due_to=row["due_to_day"],
        )
        for row in shop.compute.rows("rebuys_of", customer=customer)
    )


def due_products(shop: Shop, most: int = 20) -> tuple[DueProduct, ...]:
    """The products that most customers will buy again within 28 days. Raises `predict.no_rebuys`."""
    if shop.lake.snapshot("rebuys").version < 0:
        raise NoRebuys
    return tuple(
        DueProduct(
            product_id=row["product_id"],
            product=row["name"] or str(row["product_id"]),
            customers=row["customers"],
            likely=row["likely"],
            expected=row["expected_e6"] / 1e6,
        )
        for row in shop.compute.rows("rebuys_due", most=most)
    )


def _publish_rebuys(shop: Shop, day: date, parts: int, remarks: list[Words]) -> tuple[dict[str, Any] | None, int, int]:
    """The check of the model, and how many customers and rows were published."""
    marks = REBUYS.marks(shop, day)
    products = shop.compute.query("when_products")
    items, category = _categories(products)
    first = _events(shop, day, parts, 0, items, category)
    model = Due().fit(first, at=(day - _EPOCH).days + 1) if len(first) else None
    tables, customers, rows = [], 0, 0
    if model is not None and model.learned_:
        for part in range(parts):
            some = first if part == 0 else _events(shop, day, parts, part, items, category)
            table = _rebuy_table(some, model.ask(some), day)
            customers += distinct(table)
            rows += table.num_rows
            tables.append(table)
    elif model is not None and model.models[1].remark_ is not None:
        remarks.append(model.models[1].remark_)
    else:
        remarks.append(
            Words("No sale of a product to a known customer: nothing can be foreseen of what is bought again.")
        )
    replace_table(shop, "rebuys", tables, marks)
    return (model.check_.to_dict() if model and model.check_ else None), customers, rows


def _events(shop: Shop, day: date, parts: int, part: int, items: Labels, category: Codes) -> Purchases:
    """One part's customers as events: a basket is a day."""
    found = shop.compute.query("when_lines", as_of=day, parts=parts, part=part)
    import narwhals as nw

    users, user = coded(nw.from_native(found.select(["customer_id"]), eager_only=True)["customer_id"])
    bought = found.column("product_id").to_numpy()
    item = np.searchsorted(items, bought).astype(np.int32)
    on = found.column("day").to_numpy().astype("datetime64[D]").astype(np.int64)
    return assembled(users, items, user, item, on.astype(np.float64), on, category)


def _categories(products: "pa.Table") -> tuple[Labels, Codes]:
    """Product ids in order, and a code of each one's category, -1 for none."""
    items = products.column("product_id").to_numpy().astype(np.int64)
    order = np.argsort(items)
    told = products.column("category").combine_chunks().dictionary_encode()
    codes = told.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return items[order], codes[order]


def _rebuy_table(known: Purchases, dues: Dues, day: date) -> "pa.Table":
    """Rows of the lake table `rebuys`."""
    import pyarrow as pa

    pairs, p = dues.pairs, dues.p[:, HORIZONS.index(28.0)]
    enough = np.flatnonzero(p >= LEAST_P)
    kept = enough[best(pairs.user[enough], p[enough], MOST_PRODUCTS)[0]]
    start = np.datetime64(day)
    columns: dict[str, Any] = {
        "customer_id": known.users[pairs.user[kept]],
        "product_id": known.items[pairs.item[kept]],
        "times": pairs.times[kept],
        "usual_gap_days": own_gap_days(pairs)[kept],
        "last_day": np.datetime64(_EPOCH) + pairs.last[kept].astype("timedelta64[D]"),
        "p_28d": p[kept],
    }
    for name, wait in (("due_from_day", np.floor(dues.begin[kept])), ("due_to_day", np.ceil(dues.end[kept]))):
        none = np.isnan(wait)
        on = start + np.maximum(np.where(none, 1.0, wait), 1.0).astype("timedelta64[D]")
        columns[name] = pa.array(on, pa.date32(), mask=none)
    columns["last_day"] = pa.array(columns["last_day"], pa.date32())
    return pa.table(columns)
