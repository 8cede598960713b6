"""What is known at a moment of every customer and product that they have bought: the features of the repeat models.

Pure columns, one row per (user, item). Only events before the cut are looked at: every function here drops the others
itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from volver.predict.numerics.arrays import Bools, Codes, Floats, Ints, Matrix
from volver.predict.when.purchases import Leak, Purchases

FEATURES: Final = (
    "share",  # log share of the customer's baskets that held the product
    "decayed",  # log of the purchases, each worth half as much after 104 days (tau 150)
    "fresh",  # the same with tau 30
    "count",  # log of the purchases
    "lateness",  # days since the last one in usual gaps, at most 4
    "lateness_squared",
    "lateness_log",
    "unsteady",  # spread of the gaps against their mean
    "since",  # log of the days since the last one
    "orders_since",  # log of the customer's baskets since the last one
    "lately",  # share of the last ten baskets that held it
    "trend",  # purchases in the last four weeks against those usual
    "rhythm",  # log of the usual gap
    "category",  # log of the customer's purchases in the category, each decayed
    "category_since",  # log of the days since the customer bought in the category
    "rebuy",  # log odds that a buyer of the product buys it again
    "popularity",  # log share of all baskets of the last four weeks that held it
    "baskets",  # log of the customer's baskets a week
    "orders_lately",  # log of the customer's baskets in the last four weeks
    "idle",  # log of the days since the customer's last basket
    "basket_size",  # log of the products in the customer's usual basket
)
TAU: Final = 150.0  # days: of 60, 90 and 150 the best on a grocer's baskets
_FRESH: Final = 30.0
_LATELY: Final = 28.0
_LAST: Final = 10  # baskets
_LATEST: Final = 4.0  # usual gaps
_GAP_DAYS: Final = 60.0  # a product's usual gap before anybody bought it twice
_PULL: Final = 5.0  # buyers' worth of the average product in a product's rates


@dataclass(frozen=True)
class ItemFacts:
    """What all customers together say about each item: how often it is bought again, its usual gap, its popularity."""

    rebuy: Floats  # chance that a buyer buys it again
    gap_days: Floats
    popularity: Floats  # share of the baskets of the last four weeks


@dataclass(frozen=True)
class Pairs:
    """Every (user, item) bought before `cut`, by user and item, and the counts that words are made of."""

    cut: float
    user: Codes
    item: Codes
    times: Ints
    first: Floats
    last: Floats
    decayed: Floats
    lately: Ints  # of the customer's last ten baskets, those that held the product
    orders: Ints  # the customer's baskets so far
    gap_days: Floats  # the usual gap, shrunk to the product's

    def __len__(self) -> int:
        return len(self.user)

    def only(self, chosen: Any) -> "Pairs":
        """The pairs whose place in `chosen` is true."""
        columns = {name: getattr(self, name)[chosen] for name in self.__dataclass_fields__ if name != "cut"}
        return Pairs(cut=self.cut, **columns)

    @classmethod
    def joined(cls, parts: "list[Pairs]") -> "Pairs":
        """The pairs of several groups of customers, one after the other."""
        names = [name for name in cls.__dataclass_fields__ if name != "cut"]
        columns = {name: np.concatenate([getattr(each, name) for each in parts]) for name in names}
        return cls(cut=parts[0].cut, **columns)


def item_facts(known: Purchases, cut: float) -> ItemFacts:
    """Facts of every item before `cut`."""
    known = known.before(cut)
    n_items = len(known.items)
    start, times = _runs(known)
    item = known.item[start]
    buyers = np.bincount(item, minlength=n_items).astype(np.float64)
    again = times > 1
    rebuyers = np.bincount(item[again], minlength=n_items)
    usual = float(rebuyers.sum() + 1.0) / float(buyers.sum() + 2.0)
    end = start + times - 1
    span = known.day[end] - known.day[start]
    spans = np.bincount(item[again], weights=span[again], minlength=n_items)
    gaps = np.bincount(item[again], weights=times[again] - 1.0, minlength=n_items)
    usual_gap = float(spans.sum() / gaps.sum()) if gaps.sum() > 0 else _GAP_DAYS
    recent = known.day >= cut - _LATELY
    baskets = float(np.sum(known.basket_day >= cut - _LATELY))
    held = np.bincount(known.item[recent], minlength=n_items).astype(np.float64)
    return ItemFacts(
        rebuy=(rebuyers + _PULL * usual) / (buyers + _PULL),
        gap_days=np.maximum((spans + _PULL * usual_gap) / (gaps + _PULL), 1.0 / 24.0),
        popularity=(held + 0.5) / (baskets + 1.0),
    )


def pairs_at(known: Purchases, cut: float, facts: ItemFacts) -> Pairs:
    """Every (user, item) with an event before `cut`."""
    known = known.before(cut)
    start, times = _runs(known)
    end = start + times - 1
    user, item = known.user[start], known.item[start]
    orders = np.diff(known.basket_edges)
    worth = np.exp((known.day - cut) / TAU)
    late = known.order_no >= orders[known.user] - _LAST
    first, last = known.day[start], known.day[end]
    return Pairs(
        cut=cut,
        user=user,
        item=item,
        times=times,
        first=first,
        last=last,
        decayed=_summed(worth, start),
        lately=_summed(late.astype(np.int64), start),
        orders=orders[user].astype(np.int64),
        gap_days=np.maximum((last - first + facts.gap_days[item]) / times, 1.0 / 24.0),
    )


def features(known: Purchases, pairs: Pairs, facts: ItemFacts, chosen: Any = None) -> Matrix:
    """The features of each pair, in the order of `FEATURES`: shape (n_pairs, n_features).

    `pairs` are all of `known`; with `chosen`, a mask of them, only those get a row.
    """
    known = known.before(pairs.cut)
    whose, times = _by_category(known, pairs), _runs(known)[1]
    day, order_no = known.day, known.order_no
    if chosen is not None:
        kept = np.repeat(chosen, times)
        day, order_no, times = day[kept], order_no[kept], times[chosen]
        pairs, whose = pairs.only(chosen), (whose[0][chosen], whose[1][chosen])
    start = np.cumsum(times) - times
    columns = (*_of_pairs(pairs, day, order_no, start), *_of_others(known, pairs, facts, whose))
    found = np.empty((len(pairs), len(FEATURES)), dtype=np.float32)
    for place, column in enumerate(columns):
        found[:, place] = column
    return found


def _of_pairs(pairs: Pairs, day: Floats, order_no: Codes, start: Ints) -> Iterator[Floats]:
    """What the pair's own purchases say, up to the rhythm."""
    cut = pairs.cut
    since, lateness = cut - pairs.last, (cut - pairs.last) / pairs.gap_days
    capped = np.minimum(lateness, _LATEST)
    usual = pairs.times * _LATELY / np.maximum(cut - pairs.first, _LATELY)
    yield np.log(pairs.times / pairs.orders)
    yield np.log(pairs.decayed + 1e-3)
    yield np.log(_summed(np.exp((day - cut) / _FRESH), start) + 1e-2)
    yield np.log(pairs.times)
    yield capped
    yield capped**2
    yield np.log(lateness + 0.05)
    yield _unsteady(pairs, day, start)
    yield np.log1p(since)
    yield np.log1p(pairs.orders - 1 - order_no[start + pairs.times - 1])
    yield pairs.lately / np.minimum(pairs.orders, _LAST)
    yield np.log((_summed((day >= cut - _LATELY).astype(np.float64), start) + 1.0) / (usual + 1.0))
    yield np.log(pairs.gap_days)


def _of_others(known: Purchases, pairs: Pairs, facts: ItemFacts, whose: tuple[Floats, Floats]) -> Iterator[Floats]:
    """What the category, the other customers and the customer's baskets say."""
    cut, user, item, edges = pairs.cut, pairs.user, pairs.item, known.basket_edges
    orders = np.maximum(np.diff(edges), 1)
    began, seen = _first_and_last(known.basket_day, edges)
    weeks = np.maximum(cut - began, 7.0) / 7.0
    lately = _counted(known.basket_user, known.basket_day >= cut - _LATELY, len(orders))
    yield np.log(whose[0] + 1e-2)
    yield np.log1p(whose[1])
    yield np.log(facts.rebuy / (1.0 - facts.rebuy))[item]
    yield np.log(facts.popularity)[item]
    yield np.log(orders / weeks)[user]
    yield np.log(lately + 0.5)[user]
    yield np.log1p(np.maximum(cut - seen, 0.0))[user]
    yield np.log(np.maximum(np.diff(known.edges), 1) / orders)[user]


def bought_within(whole: Purchases, pairs: Pairs, begin: float, days: float) -> Bools:
    """Which pairs were bought in the `days` from `begin` on. Raises `predict.leak` if that begins before the cut."""
    _refuse_leak(begin, pairs.cut)
    then = (whole.day >= begin) & (whole.day < begin + days)
    return _held(whole, then, pairs)


def bought_next(whole: Purchases, pairs: Pairs, begin: float, days: float) -> tuple[Bools, Bools]:
    """Which pairs were in the customer's first basket within `days` from `begin`, and which customers had one."""
    _refuse_leak(begin, pairs.cut)
    edges = whole.basket_edges
    nth = _counted(whole.basket_user, whole.basket_day < begin, len(whole.users))  # baskets before: the next one's no.
    there = nth < np.diff(edges)
    day = np.full(len(whole.users), np.inf)
    day[there] = whole.basket_day[(edges[:-1] + nth)[there]]
    came = there & (day < begin + days)
    then = came[whole.user] & (whole.order_no == nth[whole.user])
    return _held(whole, then, pairs), came[pairs.user]


def _refuse_leak(begin: float, cut: float) -> None:
    if begin < cut:
        raise Leak(who="A model", until=cut, begin=begin)


def _held(whole: Purchases, then: Any, pairs: Pairs) -> Bools:
    n_items = max(len(whole.items), 1)
    wanted = pairs.user.astype(np.int64) * n_items + pairs.item
    found = whole.user[then].astype(np.int64) * n_items + whole.item[then]  # sorted, as the events are
    if not len(found):
        return np.zeros(len(pairs), dtype=bool)
    place = np.minimum(np.searchsorted(found, wanted), len(found) - 1)
    return np.asarray(found[place] == wanted)


def _runs(known: Purchases) -> tuple[Ints, Ints]:
    """Where each pair's events begin, and how many there are."""
    fresh = np.ones(len(known), dtype=bool)
    fresh[1:] = (known.user[1:] != known.user[:-1]) | (known.item[1:] != known.item[:-1])
    start = np.flatnonzero(fresh)
    return start, np.diff(np.append(start, len(known)))


def _summed(values: Any, start: Ints) -> Any:
    return np.add.reduceat(values, start) if len(start) else values[:0]


def _counted(codes: Codes, chosen: Any, n: int) -> Ints:
    return np.bincount(codes[chosen], minlength=n).astype(np.int64)


def _first_and_last(day: Floats, edges: Ints) -> tuple[Floats, Floats]:
    """First and last value of each user's sorted run; NaN for an empty one."""
    there = np.diff(edges) > 0
    first, last = np.full(len(there), np.nan), np.full(len(there), np.nan)
    first[there], last[there] = day[edges[:-1][there]], day[edges[1:][there] - 1]
    return first, last


def _unsteady(pairs: Pairs, day: Floats, start: Ints) -> Floats:
    """Standard deviation of the gaps between purchases over their mean; 0 for fewer than two gaps."""
    gap = np.zeros(len(day))
    gap[1:] = np.diff(day)
    gap[start] = 0.0
    gaps = np.maximum(pairs.times - 1, 1)
    mean = (pairs.last - pairs.first) / gaps
    spread = np.sqrt(np.maximum(_summed(gap**2, start) / gaps - mean**2, 0.0))
    found: Floats = spread / np.maximum(mean, 1.0)
    return found


def _by_category(known: Purchases, pairs: Pairs) -> tuple[Floats, Floats]:
    """Decayed purchases in the pair's category by the same customer, and days since the last of them.

    A product without a category is alone in its own.
    """
    category = known.category_of[pairs.item].astype(np.int64)
    if not np.any(category >= 0):
        return pairs.decayed, pairs.cut - pairs.last
    n_categories = int(known.category_of.max()) + 1
    category = np.where(category >= 0, category, n_categories + pairs.item)
    key = pairs.user.astype(np.int64) * (n_categories + len(known.items)) + category
    order = np.argsort(key, kind="stable")
    start = np.flatnonzero(np.append(True, np.diff(key[order]) != 0)) if len(key) else order[:0]
    number = np.empty(len(key), dtype=np.int64)
    number[order] = np.repeat(np.arange(len(start)), np.diff(np.append(start, len(key))))
    bought = _summed(pairs.decayed[order], start)
    last = np.maximum.reduceat(pairs.last[order], start) if len(start) else pairs.last[:0]
    return bought[number], (pairs.cut - last)[number]
