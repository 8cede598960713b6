"""Purchases as the models of repeat buying see them: who bought what, in which basket, when.

Reads a frame of any dialect, writes nothing. A basket's time is that of its first line; a product counts once in a
basket; rows whose weight is not positive (returns, cancelled lines) are left out.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final

import numpy as np

from volver.core import VolverError
from volver.predict.numerics.arrays import Codes, Floats, Ints, Labels
from volver.predict.numerics.frames import arrow_of, eager, sorted_codes

_DAY_US: Final = 86_400_000_000
_EPOCH: Final = date(1970, 1, 1)


class BadInteractions(VolverError):
    """A frame that interactions cannot be read from."""

    code = "predict.bad_interactions"
    says = "The interactions cannot be read: {why}."
    hint = "Give columns user, item and time; basket, weight and category may be added."


class Leak(VolverError):
    """Something that was learned from the time it is judged on."""

    code = "predict.leak"
    says = "{who} knows rows until day {until:.2f} and is judged from day {begin:.2f} on: its score would be a lie."
    hint = "Learn only from rows before the time that is judged."


@dataclass(frozen=True)
class Purchases:
    """Distinct (user, item, basket), sorted by user, item, time. Times are days since 1970-01-01, UTC, with fractions.

    `users` and `items` hold the labels, sorted; `user` and `item` point into them. `order_no` counts a user's baskets
    from 0 in time. `category_of` has one code per item, -1 where there is none.
    """

    users: Labels
    items: Labels
    user: Codes
    item: Codes
    day: Floats
    order_no: Codes
    category_of: Codes
    basket_user: Codes  # one per basket, by user and time
    basket_day: Floats

    def __len__(self) -> int:
        return len(self.user)

    @property
    def end(self) -> float:
        """The midnight after the last purchase: everything is known by then."""
        return float(np.floor(self.basket_day.max())) + 1.0 if len(self.basket_day) else 0.0

    @property
    def begin(self) -> float:
        """The time of the first purchase."""
        return float(self.basket_day.min()) if len(self.basket_day) else 0.0

    @cached_property
    def edges(self) -> Ints:
        """Where each user's purchases begin: (n_users + 1,)."""
        return np.searchsorted(self.user, np.arange(len(self.users) + 1)).astype(np.int64)

    @cached_property
    def basket_edges(self) -> Ints:
        """Where each user's baskets begin: (n_users + 1,)."""
        return np.searchsorted(self.basket_user, np.arange(len(self.users) + 1)).astype(np.int64)

    def before(self, cut: float) -> "Purchases":
        """What was known at `cut`: later purchases are gone, so that nothing can be learned from them."""
        kept, baskets = self.day < cut, self.basket_day < cut
        if baskets.all():  # and so are the purchases in them
            return self
        return self._rows(kept, baskets)

    def of_users(self, first: int, last: int) -> "Purchases":
        """The purchases of the users numbered from `first` up to `last`; labels and codes stay as they are."""
        here, there = slice(*self.edges[[first, last]]), slice(*self.basket_edges[[first, last]])
        return self._rows(here, there)

    def only(self, chosen: Any) -> "Purchases":
        """The purchases of the users whose place in `chosen` is true; labels and codes stay as they are."""
        here, there = chosen[self.user], chosen[self.basket_user]
        return self._rows(here, there)

    def _rows(self, purchases: Any, baskets: Any) -> "Purchases":
        """Some of the purchases and some of the baskets, as slices or truth values."""
        return replace(
            self,
            user=self.user[purchases],
            item=self.item[purchases],
            day=self.day[purchases],
            order_no=self.order_no[purchases],
            basket_user=self.basket_user[baskets],
            basket_day=self.basket_day[baskets],
        )

    def blocks(self, most: int) -> list[tuple[int, int]]:
        """Ranges of users of about `most` purchases each."""
        marks = np.arange(0, len(self), max(most, 1))[1:]
        cuts = np.unique(np.concatenate([[0], np.searchsorted(self.edges, marks), [len(self.users)]]))
        return list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))

    def items_at(self, labels: Any) -> Codes:
        """Codes of item labels; -1 for one that never occurred."""
        return _places(self.items, np.asarray(labels))

    def users_at(self, labels: Any) -> Codes:
        """Codes of user labels; -1 for one that never occurred."""
        return _places(self.users, np.asarray(labels))


def purchases(frame: Any) -> Purchases:
    """Read purchases: a frame (pandas, polars, Arrow, DuckDB) or a dict of columns user, item, time.

    `time` is a datetime (a zone is turned into UTC), a date, or a number of days. `basket` says which rows belong
    together (a user's day otherwise), `weight` above 0 keeps a row, `category` is of the item. Raises
    `predict.bad_interactions`.
    """
    if isinstance(frame, Purchases):
        return frame
    columns = _columns(frame)
    missing = [name for name in ("user", "item", "time") if name not in columns]
    if missing:
        raise BadInteractions(why=f"there is no column called {', '.join(missing)}")
    day = days(columns["time"])
    if len(day) and not np.all(np.isfinite(day)):
        raise BadInteractions(why=f"{int(np.sum(~np.isfinite(day)))} rows have no time")
    if "weight" in columns:
        kept = np.asarray(columns["weight"].to_numpy(), dtype=np.float64) > 0
        columns, day = {name: each.filter(kept.tolist()) for name, each in columns.items()}, day[kept]
    users, user = coded(columns["user"])
    items, item = coded(columns["item"])
    category = np.full(len(items), -1, dtype=np.int32)
    if "category" in columns:
        category = _categories(item, columns["category"], len(items))
    basket = coded(columns["basket"])[1].astype(np.int64) if "basket" in columns else np.floor(day).astype(np.int64)
    return assembled(users, items, user, item, day, basket, category)


def assembled(
    users: Labels, items: Labels, user: Codes, item: Codes, day: Floats, basket: Ints, category_of: Codes
) -> Purchases:
    """Purchases from codes: `users` and `items` sorted, `basket` a number that is distinct within a user."""
    order = np.lexsort((day, basket, user))
    user, item, day, basket = user[order], item[order], day[order], basket[order]
    fresh = np.ones(len(user), dtype=bool)
    fresh[1:] = (np.diff(user) != 0) | (np.diff(basket) != 0)
    number = np.cumsum(fresh) - 1  # of the basket, by user and label
    basket_user, basket_day = user[fresh], day[fresh]
    by_time = np.lexsort((basket_day, basket_user))
    rank = np.empty(len(by_time), dtype=np.int64)
    rank[by_time] = np.arange(len(by_time))
    place = rank[number]  # of the basket, by user and time
    basket_user, basket_day = basket_user[by_time], basket_day[by_time]
    starts = np.searchsorted(basket_user, np.arange(len(users) + 1))
    order_no = place - starts[user]
    most_items, most_orders = max(len(items), 1), int(order_no.max(initial=0)) + 1
    key = np.unique((user.astype(np.int64) * most_items + item) * most_orders + order_no)  # sorts, and drops repeats
    pair, order_no = key // most_orders, key % most_orders
    user = (pair // most_items).astype(np.int32)
    return Purchases(
        users=users,
        items=items,
        user=user,
        item=(pair % most_items).astype(np.int32),
        day=basket_day[starts[user] + order_no],
        order_no=order_no.astype(np.int32),
        category_of=category_of,
        basket_user=basket_user.astype(np.int32),
        basket_day=basket_day,
    )


def days_since_1970(at: Any) -> float:
    """A moment as days since 1970-01-01: a number stays, a date is its midnight.

    >>> days_since_1970(date(1970, 1, 11))
    10.0
    """
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    if isinstance(at, datetime):
        return float((np.datetime64(_utc(at), "us") - np.datetime64(_EPOCH)) / np.timedelta64(1, "D"))
    if isinstance(at, date):
        return float((at - _EPOCH).days)
    return float(at)


def days(column: Any) -> Floats:
    """A column of datetimes, dates or numbers as days since 1970-01-01; NaN where there is none."""
    import narwhals as nw

    kind = column.dtype
    if isinstance(kind, nw.Datetime):
        if kind.time_zone is not None:
            column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        stamps = np.asarray(column.to_numpy()).astype("datetime64[us]")
    elif isinstance(kind, nw.Date):
        stamps = np.asarray(column.to_numpy()).astype("datetime64[D]").astype("datetime64[us]")
    elif kind.is_numeric():
        return np.asarray(column.to_numpy(), dtype=np.float64)
    else:
        raise BadInteractions(why=f"a time is a datetime, a date or a number, not {kind}")
    found: Floats = np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / _DAY_US)
    return found


def coded(column: Any) -> tuple[Labels, Codes]:
    """Sorted distinct labels of a column, and each row's place among them. Raises where one is missing."""
    arrow = arrow_of(column.to_arrow())
    if arrow.null_count:
        raise BadInteractions(why=f"{arrow.null_count} rows have no {column.name}")
    return sorted_codes(arrow)


def _columns(frame: Any) -> dict[str, Any]:
    rows = eager(frame, BadInteractions)
    return {name: rows[name] for name in rows.columns if name in _NAMES}


_NAMES: Final = ("user", "item", "time", "basket", "weight", "category")


def _categories(item: Codes, column: Any, n_items: int) -> Codes:
    """One category per item: the last one told."""
    known = ~np.asarray(column.is_null().to_numpy(), dtype=bool)
    found = np.full(n_items, -1, dtype=np.int32)
    found[item[known]] = coded(column if known.all() else column.filter(known.tolist()))[1]
    return found


def _places(labels: Labels, wanted: Labels) -> Codes:
    if not len(labels):
        return np.full(len(wanted), -1, dtype=np.int32)
    place = np.minimum(np.searchsorted(labels, wanted), len(labels) - 1)
    return np.where(labels[place] == wanted, place, -1).astype(np.int32)


def _utc(at: datetime) -> datetime:
    from datetime import UTC

    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
