"""First orders: what each customer's first order was like, what came after it, and the groups that it puts them in.

Reads the ledger as last refreshed through `predict_firsts.sql`, writes nothing. Order days count; money
is in the shop's currency, net of what came back.
"""

from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any, Final

import numpy as np

from volver.core import E4, VolverError, Words, folded
from volver.predict.money.shrinkage import within_reach
from volver.predict.numerics.arrays import Floats, Ints
from volver.store import Shop

BY: Final = ("channel", "campaign", "first-product", "first-category", "basket", "price", "discount")
_DAWN: Final = 91  # days at a history's beginning in which most who appear may be older customers
_LONG: Final = 365  # days of history from which on they can be told from newcomers
_SOON: Final = 90  # days within which both are compared
_CLEARLY: Final = 1.15  # their repeat rate against that of later ones
_MOSTLY: Final = 0.6  # of all customers: too many to leave out
_FEWEST: Final = 30
_MOST: Final = 200  # groups told one by one; the smallest of more are told together
_BASKETS: Final = (("1 unit", 1.0), ("2 to 3 units", 3.0), ("4 or more units", np.inf))
_PRICES: Final = ("low price", "middle price", "high price")
REST: Final = "everything else"
UNKNOWN: Final = "unknown"


class UnknownGrouping(VolverError):
    """New customers cannot be grouped by this."""

    code = "predict.unknown_grouping"
    says = "Customers cannot be grouped by {by}."
    hint = "Choose one of: {choices}."


class NotRefreshed(VolverError):
    """The ledger's orders have not been built yet, so nothing is known of first orders."""

    code = "predict.not_refreshed"
    says = "No first order is known until {day}: this shop has no orders of known customers, or was not refreshed."
    hint = (
        "Bring in orders with `volver collect import`; importing the same file again refreshes a shop that is behind."
    )


@dataclass(frozen=True, kw_only=True)
class FirstOrders:
    """One entry per customer with an order until `at`: the first order day and what came later (counts and money), of
    which only what came `within` so many days counts: a newcomer's first year is told by first years.

    `old` marks customers of the history's first days who behave as older customers whose first order is not known:
    they count as customers won and teach nothing about newcomers.

    `kept` has for each customer the later money with heavy spenders drawn in, `first_kept` the same of first orders:
    one wholesale account does not make a channel.
    """

    at: date
    within: int
    customer_id: Ints
    first_day: Any  # datetime64[D]
    later: Floats  # order days after the first
    first: Floats
    later_money: Floats
    first_kept: Floats
    kept: Floats
    first_margin: Floats
    later_margin: Floats
    units: Floats
    paid: Floats  # gross
    off: Floats  # discount
    names: dict[str, Any]  # channel, campaign, product, category: arrays of str or None
    old: Any = None  # mask; None: nobody

    def __len__(self) -> int:
        return len(self.customer_id)

    @cached_property
    def teaching(self) -> "FirstOrders":
        """Those from whom newcomers are learned: all but `old`."""
        if self.old is None:
            return self
        keep = ~self.old
        columns = {
            each.name: getattr(self, each.name)[keep]
            for each in fields(self)
            if each.name not in ("at", "within", "names", "old")
        }
        names = {name: values[keep] for name, values in self.names.items()}
        return FirstOrders(at=self.at, within=self.within, names=names, **columns)

    @property
    def remarks(self) -> tuple[Words, ...]:
        """That some were left out, where they were."""
        if self.old is None:
            return ()
        text = Words(
            "{n} customers of the first {days} days are left out of what is learned of newcomers: they came back "
            "clearly more often than later ones, so many of them are older customers.",
            {"n": int(self.old.sum()), "days": _DAWN},
        )
        return (text,)

    @property
    def seen_until(self) -> Any:
        """The last day that counts for each customer (datetime64[D])."""
        return np.minimum(self.first_day + self.within, np.datetime64(self.at))

    @property
    def unit_price(self) -> Floats:
        """Money per unit of the first order; nan without units."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where((self.units > 0) & (self.paid > 0), self.paid / self.units, np.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Customers in groups: `of` is each customer's place in `keys`, largest group first."""

    by: str
    keys: tuple[str, ...]
    of: Ints

    def sums(self, values: Floats) -> Floats:
        """The sum of a value over each group's customers."""
        found: Floats = np.bincount(self.of, values, minlength=len(self.keys)).astype(np.float64)
        return found

    def of_teaching(self, firsts: FirstOrders) -> "Groups":
        """The same groups with only the customers that teach."""
        return self if firsts.old is None else Groups(by=self.by, keys=self.keys, of=self.of[~firsts.old])

    @property
    def sizes(self) -> Ints:
        """How many customers each group has."""
        return np.bincount(self.of, minlength=len(self.keys))


def first_orders(shop: Shop, at: date, within_days: float) -> FirstOrders:
    """First orders until `at` and what came within so many days of them. Raises `predict.not_refreshed`."""
    within = max(round(within_days), 1)
    found = shop.compute.query("predict_firsts", as_of=at, within=within).sort_by("customer_id")
    if not found.num_rows:
        raise NotRefreshed(day=at.isoformat())

    def number(name: str, scale: float = 1.0) -> Floats:
        return np.asarray(found.column(name).to_numpy(), dtype=np.float64) / scale

    later, later_money, first = number("later_days"), number("later_net_e4", E4), number("first_net_e4", E4)
    mean = later_money / np.maximum(later, 1.0)
    return FirstOrders(
        at=at,
        within=within,
        customer_id=found.column("customer_id").to_numpy().astype(np.int64),
        first_day=found.column("first_day").to_numpy().astype("datetime64[D]"),
        later=later,
        first=first,
        later_money=later_money,
        first_kept=within_reach(first),
        kept=np.where(later > 0, within_reach(mean) * later, 0.0),
        first_margin=number("first_margin_e4", E4),
        later_margin=number("later_margin_e4", E4),
        units=number("units_e4", E4),
        paid=number("gross_e4", E4),
        off=number("discount_e4", E4),
        names={name: _texts(found, name) for name in ("product", "category")}
        | {name: one_spelling(_texts(found, name)) for name in ("channel", "campaign")},
        old=_old(shop, at, found.column("first_day").to_numpy().astype("datetime64[D]")),
    )


def _old(shop: Shop, at: date, first_day: Any) -> Any:
    """Who was there before the history began, as a mask in customers' order; None where nobody can be told to be."""
    begin, end = first_day.min(), np.datetime64(at)
    dawn = first_day < begin + _DAWN
    if (end - begin).astype(int) < _LONG or dawn.mean() >= _MOSTLY:
        return None
    soon = shop.compute.query("predict_firsts", as_of=at, within=_SOON).sort_by("customer_id")
    again = np.asarray(soon.column("later_days").to_numpy()) > 0
    early, late = again[dawn], again[~dawn & (first_day + _SOON <= end)]
    return dawn if _more_often(early, late) else None


def _more_often(early: Any, late: Any) -> bool:
    """Whether the first came back clearly more often: by `_CLEARLY`, and beyond two standard errors."""
    if min(len(early), len(late)) < _FEWEST:
        return False
    a, b = float(early.mean()), float(late.mean())
    error = np.sqrt(a * (1.0 - a) / len(early) + b * (1.0 - b) / len(late))
    return a >= _CLEARLY * b and a - b > 2.0 * error


def groups(firsts: FirstOrders, by: str) -> Groups:
    """Customers grouped by one of `BY`. Raises `predict.unknown_grouping`."""
    if by not in BY:
        raise UnknownGrouping(by=by, choices=", ".join(BY))
    if by in ("channel", "campaign", "first-product", "first-category"):
        labels = firsts.names[by.removeprefix("first-")]
    elif by == "basket":
        labels = _baskets(firsts.units)
    elif by == "price":
        labels = _prices(firsts.unit_price)
    else:
        labels = np.where(firsts.off > 0, "with a discount", "without a discount").astype(object)
    return grouped(by, labels)


def knows_campaigns(shop: Shop) -> bool:
    """Whether the shop knows of any customer which campaign won them."""
    found = shop.compute.relation("select cast(count(campaign) as bigint) as n from customers")
    return bool(found.column("n")[0].as_py())


def price_edges(unit_price: Floats) -> Floats:
    """The two prices that part first orders in three."""
    known = unit_price[np.isfinite(unit_price)]
    return np.quantile(known, [1 / 3, 2 / 3]) if len(known) else np.array([np.inf, np.inf])


def basket_of(units: float) -> str:
    """The basket tier of so many units."""
    return next(name for name, most in _BASKETS if units <= most)


def price_of(unit_price: float, edges: Floats) -> str:
    """The price tier of a unit price."""
    return _PRICES[int(np.searchsorted(edges, unit_price, side="left"))]


def one_spelling(names: Any) -> Any:
    """Names that differ by case, accents and blanks alone as one: the spelling that most have (of equals the first)."""
    known, place, sizes = distinct_counts(names)
    chosen = {folded(UNKNOWN): UNKNOWN}
    for i in sorted(range(len(known)), key=lambda i: (-sizes[i], known[i])):
        chosen.setdefault(folded(known[i]), known[i])
    spelt = np.array([chosen[folded(name)] for name in known], dtype=object)
    return spelt[place] if len(known) else names


def distinct_counts(names: Any) -> tuple[list[str], Ints, Ints]:
    """Distinct names, each one's place among them, how often each comes. Long names are held once."""
    import pyarrow as pa

    coded = pa.array(names.tolist(), pa.string()).dictionary_encode()
    place = coded.indices.to_numpy().astype(np.int64)
    known: list[str] = coded.dictionary.to_pylist()
    return known, place, np.bincount(place, minlength=len(known))


def _texts(found: Any, name: str) -> Any:
    """A text column as an array of str, dictionary-coded on the way; unknown where there is none."""
    column = found.column(name).combine_chunks().dictionary_encode()
    words = np.array([*(str(each) for each in column.dictionary.to_pylist()), UNKNOWN], dtype=object)
    words[words == ""] = UNKNOWN
    codes = column.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)
    return words[codes]


def _baskets(units: Floats) -> Any:
    place = np.searchsorted([most for _, most in _BASKETS], units, side="left")
    return np.array([name for name, _ in _BASKETS], dtype=object)[place]


def _prices(unit_price: Floats) -> Any:
    place = np.searchsorted(price_edges(unit_price), unit_price, side="left")
    return np.where(np.isfinite(unit_price), np.array(_PRICES, dtype=object)[np.minimum(place, 2)], UNKNOWN)


def grouped(by: str, labels: Any) -> Groups:
    """Largest group first; beyond `_MOST` groups the smallest are one."""
    names, place, sizes = distinct_counts(labels)
    order = sorted(range(len(names)), key=lambda i: (-sizes[i], names[i]))
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    keys, of = [names[i] for i in order], rank[place]
    if len(keys) > _MOST:
        keys, of = [*keys[: _MOST - 1], REST], np.minimum(of, _MOST - 1)
    return Groups(by=by, keys=tuple(keys), of=of)
