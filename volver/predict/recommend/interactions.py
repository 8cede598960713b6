"""Who met which item, and when: the columns that every recommender learns from.

Identifiers of any type become dense codes and go back as they came. Reads any frame, writes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from volver.core import VolverError, Words
from volver.predict.numerics.arrays import Bools, Codes, Floats, Ints
from volver.predict.numerics.frames import Build, Table, arrow_of, listed, sorted_codes, table_of

USER: Final = ("user", "user_id", "customer", "customer_unique_id", "customer_id", "cust_id", "household_id",
               "household_key", "visitor_id", "person_id", "client_id", "member_id", "account_id", "buyer", "buyer_id",
               "reviewer_id", "uid", "email", "session", "session_id")  # fmt: skip
ITEM: Final = ("item", "item_id", "product", "product_id", "sku", "article", "article_id", "movie_id", "book_id",
               "artist_id", "app_id", "track_id", "stock_code", "variant_id", "parent_asin", "asin", "business_id",
               "iid")  # fmt: skip
_TIME: Final = ("time", "timestamp", "at", "ts", "datetime", "date", "created_at", "ordered_at", "placed_at",
                "bought_at", "clicked_at", "viewed_at", "rated_at", "invoice_date", "order_date", "purchase_date",
                "order_purchase_timestamp", "event_time", "event_timestamp", "transaction_timestamp",
                "transaction_datetime", "transaction_dt", "unix_review_time", "t_dat")  # fmt: skip
_PLACE: Final = ("day", "position", "order_number", "order", "seq", "step")  # a sole column of instants comes before
_WEIGHT: Final = ("weight", "rating", "stars", "quantity", "qty", "count", "plays")
_RATINGS: Final = ("rating", "stars")
_BASKET: Final = ("basket", "basket_id", "session", "session_id", "order_id", "invoice", "invoice_no",
                  "transaction_id")  # fmt: skip


class NothingToLearn(VolverError):
    """A table without a single row."""

    code = "predict.nothing_to_learn"
    says = "The table of interactions has no rows."
    hint = "Give at least one row with a user and an item."


class BlankIds(VolverError):
    """Rows whose user, item or basket is missing."""

    code = "predict.blank_ids"
    says = "{blank} of {rows} rows have no {role} (column `{column}`)."
    hint = "Leave these rows out, or give unknown visitors an identifier of their own."


class BadNumbers(VolverError):
    """Times or weights that are not numbers."""

    code = "predict.bad_numbers"
    says = "{wrong} of {rows} values for the {role} (column `{column}`) are missing or cannot be read."
    hint = "Give instants, dates or finite numbers; leave out rows without one, or leave out the column."


@dataclass(frozen=True, eq=False)
class Ids:
    """Distinct identifiers in ascending order: integers, or text as UTF-8 bytes. A code is a place in this order."""

    values: NDArray[Any]
    type: pa.DataType

    def __len__(self) -> int:
        return len(self.values)

    @property
    def are_text(self) -> bool:
        """Whether these were text, not integers."""
        return self.values.dtype.kind == "S"

    def codes(self, ids: Any) -> Codes:
        """The codes of identifiers; -1 where one was never seen. A lone identifier is a list of one."""
        given = listed(ids, ITEM)
        if len(given) == 0 or len(self) == 0:
            return np.full(len(given), -1, dtype=np.int32)
        wanted, known = _comparable(given, self.are_text)
        place = np.searchsorted(self.values, wanted)
        place[place == len(self)] = 0
        known &= self.values[place] == wanted
        return np.where(known, place, -1).astype(np.int32)

    def originals(self, codes: NDArray[Any]) -> pa.Array:
        """The identifiers of codes, in the type in which they were given."""
        found = self.values[codes]
        if self.are_text:
            return pa.array(found.astype(object), pa.binary()).cast(pa.string())
        return pa.array(found, pa.int64()).cast(self.type)

    def as_given(self, codes: NDArray[Any]) -> NDArray[Any]:
        """The same as a numpy array: integers, times or text."""
        found = self.originals(codes)
        plain: NDArray[Any] = found.to_numpy(zero_copy_only=False)
        return np.array(found.to_pylist(), dtype=str) if self.are_text else plain

    def union(self, other: "Ids") -> "Ids":
        """The identifiers of both."""
        if self.are_text != other.are_text:
            first, second = (ids if ids.are_text else ids.as_text() for ids in (self, other))
            return first.union(second)
        return Ids(np.union1d(self.values, other.values), self.type)

    def as_text(self) -> "Ids":
        """The same identifiers as text. The order may change."""
        return Ids(np.unique(self.values.astype("S")), pa.string())

    def places_in(self, other: "Ids") -> Codes:
        """For every code here, the code in a set that contains all of these."""
        values = self.values.astype("S") if other.are_text and not self.are_text else self.values
        return np.searchsorted(other.values, values).astype(np.int32)


def _comparable(given: pa.Array, as_text: bool) -> tuple[NDArray[Any], Bools]:
    """Identifiers in the form of a known set, and which of them can be in it at all."""
    given = _plain_type(given)
    if as_text:
        text = pc.fill_null(given.cast(pa.string()), "")
        return _bytes(text), ~_nulls(given)
    if not pa.types.is_integer(given.type):
        numbers = pc.cast(given, pa.int64(), safe=False) if pa.types.is_floating(given.type) else _whole(given)
        fine = ~_nulls(numbers)
        return pc.fill_null(numbers, 0).to_numpy(zero_copy_only=False), fine
    return pc.fill_null(given.cast(pa.int64()), 0).to_numpy(zero_copy_only=False), ~_nulls(given)


def _whole(text: pa.Array) -> pa.Array:
    """Text as integers; null where it is not exactly one."""
    text = text.cast(pa.string())
    fine = pc.match_substring_regex(text, r"^(0|-?[1-9][0-9]{0,17})$")
    return pc.if_else(fine, text, pa.scalar(None, pa.string())).cast(pa.int64())


def _nulls(values: pa.Array) -> Bools:
    found: Bools = pc.is_null(values).to_numpy(zero_copy_only=False)
    return found


def _bytes(text: pa.Array) -> NDArray[Any]:
    return np.array(text.cast(pa.binary()).to_pylist() or [b""], dtype="S")[: len(text)]


def _plain_type(given: pa.Array) -> pa.Array:
    """Integers or text, whatever it was."""
    if pa.types.is_dictionary(given.type):
        given = given.cast(given.type.value_type)
    if pa.types.is_uint64(given.type) and (pc.max(given).as_py() or 0) > np.iinfo(np.int64).max:
        return given.cast(pa.string())
    if pa.types.is_integer(given.type) or pa.types.is_string(given.type):
        return given
    if pa.types.is_floating(given.type):
        given = pc.if_else(pc.is_finite(given), given, None)
        whole = pc.and_(pc.equal(pc.floor(given), given), pc.less(pc.abs(given), 2.0**63))
        if pc.all(whole).as_py() in (True, None):
            return given.cast(pa.int64())
    if pa.types.is_null(given.type):
        return given.cast(pa.string())
    try:
        return given.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.array([None if value is None else str(value) for value in given.to_pylist()], pa.string())


def encode(column: Any, role: str = "item", name: str = "") -> tuple[Ids, Codes]:
    """Distinct identifiers of a column and the code of every row. Raises `BlankIds` if one is missing."""
    given = _plain_type(arrow_of(column))
    if given.null_count:
        raise BlankIds(blank=given.null_count, rows=len(given), role=role, column=name or role)
    if pa.types.is_integer(given.type):
        kind = given.type
        distinct, codes = _distinct(given.cast(pa.int64()).to_numpy(zero_copy_only=False))
        return Ids(distinct, kind), codes
    labels, codes = sorted_codes(given, _bytes)
    return Ids(labels, pa.string()), codes


def _distinct(values: Ints) -> tuple[Ints, Codes]:
    """np.unique with codes, by a bit map instead of a sort where the range allows."""
    if len(values) == 0:
        return values, values.astype(np.int32)
    low, high = int(values.min()), int(values.max())
    if high - low > 8 * len(values) + 1_000_000:
        distinct, codes = np.unique(values, return_inverse=True)
        return distinct, codes.astype(np.int32)
    there = np.zeros(high - low + 1, dtype=bool)
    there[values - low] = True
    place = np.cumsum(there, dtype=np.int32) - 1
    return np.flatnonzero(there).astype(np.int64) + low, place[values - low]


@dataclass(frozen=True, eq=False)
class Interactions:
    """Encoded rows. Make them with `Interactions.of(frame)`.

    `user`, `item` and `basket` are codes of `users`, `items` and `baskets`; `at` is in days (UTC, since 1970) where
    the frame had instants, else any number that grows (`clock` tells: "days", "order" or None without a column);
    `weight` is as given. Rows keep the order of the frame. `names` are the columns that were read, by role.

    >>> found = Interactions.of({"customer_id": ["b", "a", "b"], "sku": [7, 7, 9], "ts": [1, 2, 3]})
    >>> found.user.tolist(), found.n_items, found.clock
    ([1, 0, 1], 2, 'order')
    """

    user: Codes
    item: Codes
    users: Ids
    items: Ids
    at: Floats | None = None
    clock: str | None = None
    weight: Floats | None = None
    basket: Codes | None = None
    baskets: Ids | None = None
    names: Mapping[str, str] = None  # type: ignore[assignment]
    build: Build | None = None
    notes: tuple[Words, ...] = ()

    @classmethod
    def of(
        cls,
        frame: Any,
        *,
        user: str | None = None,
        item: str | None = None,
        time: str | None = None,
        weight: str | None = None,
        basket: str | None = None,
    ) -> "Interactions":
        """Read a frame. Columns that are not named are guessed by their usual names.

        A guessed time, weight or basket that cannot be read is left out and `notes` says so; one that was named, or is
        called `time`, `weight` or `basket`, must be readable. Rows of a guessed quantity below 0 are returns, which say
        nothing about liking: they are left out. Raises `NoSuchColumn`, `NothingToLearn`, `BlankIds` and `BadNumbers`.
        Already encoded rows pass through.
        """
        if isinstance(frame, Interactions):
            return frame
        table = table_of(frame)
        users, items = table.column("user", user, USER, needed=True), table.column("item", item, ITEM, needed=True)
        assert users is not None
        assert items is not None
        if len(table) == 0:
            raise NothingToLearn()
        notes: list[Words] = []
        times = [*table.guessed(_TIME), *table.sole_instants(), *table.guessed(_PLACE)]
        weights = _Reading("weight", weight, table.guessed(_WEIGHT), {users, items})
        weighed = weights.read(table, lambda values, name: _numbers(values, "weight", name), notes)
        if weighed is not None and not weights.is_told(weighed[0]) and not _is_rating(weighed[0]):
            back = weighed[1] < 0
            if back.any():
                facts = {"column": weighed[0], "n": int(np.count_nonzero(back))}
                notes.append(Words("Rows with `{column}` below 0 (returns) are left out: {n}.", facts))
                table, weighed = table.rows(~back), (weighed[0], weighed[1][~back])
            if back.all():
                raise NothingToLearn()
        timed = _Reading("time", time, times, {users, items}).read(table, instants, notes)
        barred = {users, items, timed[0]} if timed is not None else {users, items}
        baskets = _Reading("basket", basket, table.guessed(_BASKET), barred).read(
            table, lambda values, name: encode(values, "basket", name), notes
        )
        return cls._read(table, users, items, timed, weighed, baskets, tuple(notes))

    @classmethod
    def _read(
        cls,
        table: Table,
        users: str,
        items: str,
        timed: tuple[str, Any] | None,
        weighed: tuple[str, Any] | None,
        baskets: tuple[str, Any] | None,
        notes: tuple[Words, ...],
    ) -> "Interactions":
        who, user = encode(table.columns[users], "user", users)
        what, item = encode(table.columns[items], "item", items)
        at, clock = timed[1] if timed is not None else (None, None)
        owners, basket = baskets[1] if baskets is not None else (None, None)
        names = {"user": users, "item": items}
        names |= {
            role: found[0]
            for role, found in (("time", timed), ("weight", weighed), ("basket", baskets))
            if found is not None
        }
        weight = None if weighed is None else weighed[1]
        return cls(user, item, who, what, at, clock, weight, basket, owners, names, table.build, notes)

    @property
    def reading(self) -> tuple[Words, ...]:
        """Which columns were taken, which were not found, and what was left out, in words."""
        names = self.names or {}
        taken = Words("Columns: {columns}.", {"columns": ", ".join(f"{role} `{name}`" for role, name in names.items())})
        absent = ", ".join(role for role in ("time", "weight", "basket") if role not in names)
        missing = (Words("Not found: {columns}.", {"columns": absent}),) if absent else ()
        return (taken, *missing, *self.notes)

    def __len__(self) -> int:
        return len(self.user)

    @property
    def n_users(self) -> int:
        """Distinct users."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Distinct items."""
        return len(self.items)

    @property
    def has_ratings(self) -> bool:
        """Whether the weight is a verdict (stars), not a quantity."""
        return _is_rating(self.names.get("weight", "")) if self.names else False

    @cached_property
    def by_user(self) -> Ints:
        """Row numbers sorted by user, then by time; rows of one instant keep their order.

        Without a clock the baskets of a user follow each other as they first appear.
        """
        if self.at is None and self.basket is not None:
            _, first, basket = np.unique(self.basket, return_index=True, return_inverse=True)
            return np.lexsort((first[basket], self.user))
        if self.at is None:
            return np.argsort(self.user, kind="stable")
        return np.lexsort((self.at, self.user))

    def rows(self, chosen: NDArray[Any]) -> Self:
        """Some of the rows (a mask or row numbers), with the same codes."""
        cut: dict[str, Any] = {
            name: None if (column := getattr(self, name)) is None else column[chosen]
            for name in ("user", "item", "at", "weight", "basket")
        }
        return replace(self, **cut)

    def frame(self, columns: Mapping[str, Any]) -> Any:
        """A table of the kind that was read."""
        return self.build(columns) if self.build else dict(columns)


def _is_rating(name: str) -> bool:
    return name.lower().replace("_", "") in _RATINGS


@dataclass(frozen=True, slots=True)
class _Reading:
    """One role that a table may fill: by the column that was `named`, else by the first `guess` that can be read."""

    role: str
    named: str | None
    guesses: list[str]
    barred: set[str]

    def is_told(self, name: str) -> bool:
        """Whether a column was named for the role, or is called like it."""
        return self.named is not None or name.lower() == self.role

    def read(self, table: Table, how: Callable[[pa.Array, str], Any], notes: list[Words]) -> tuple[str, Any] | None:
        """The column and what is in it."""
        if self.named is not None:
            guesses = [table.column(self.role, self.named, (), needed=True) or self.named]
        else:
            guesses = [name for name in dict.fromkeys(self.guesses) if name not in self.barred]
        for name in guesses:
            try:
                return name, how(table.columns[name], name)
            except (BadNumbers, BlankIds) as wrong:
                if self.is_told(name):
                    raise
                facts = {"column": name, "role": self.role, "why": Words(wrong.says, wrong.facts)}
                notes.append(Words("Column `{column}` is not used as {role}: {why}", facts))
        return None


_EPOCHS: Final = ((1e17, 86_400e9), (1e14, 86_400e6), (1e11, 86_400e3), (1e8, 86_400.0))


def instants(column: Any, name: str = "time") -> tuple[Floats, str]:
    """A time column as (days since 1970 in UTC, "days"), or as given and "order" if it counts something else.

    Numbers of the size of an epoch in seconds, milli-, micro- or nanoseconds are instants, and numbers that are all
    written as 20250131 are days; ISO text is read.
    """
    given = arrow_of(column)
    if pa.types.is_dictionary(given.type):
        given = given.cast(given.type.value_type)
    if pa.types.is_date(given.type):
        given = given.cast(pa.timestamp("us"))
    if pa.types.is_string(given.type) or pa.types.is_large_string(given.type):
        given = _read_text(given, name)
    if pa.types.is_timestamp(given.type):
        days = pc.cast(given.cast(pa.timestamp("us", given.type.tz), safe=False), pa.int64())
        return _numbers(days, "time", name) / 86_400e6, "days"
    numbers = _numbers(given, "time", name)
    written = _written_days(numbers)
    if written is not None:
        return written, "days"
    middle = float(np.median(numbers)) if len(numbers) else 0.0
    for size, day in _EPOCHS:
        if middle >= size:
            return numbers / day, "days"
    return numbers, "order"


def _written_days(numbers: Floats) -> Floats | None:
    """Days since 1970 of numbers that are all written as 20250131; None if one is not."""
    if not len(numbers) or numbers.min() < 1900_01_01 or numbers.max() > 2100_12_31 or (numbers % 1).any():
        return None
    whole = numbers.astype(np.int64)
    month, day = whole // 100 % 100, whole % 100
    if not ((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all():
        return None
    months = (whole // 10_000 - 1970) * 12 + month - 1
    first: NDArray[Any] = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return (first + day - 1).astype(np.float64)


def _read_text(given: pa.Array, name: str) -> pa.Array:
    for kind in (pa.float64(), pa.timestamp("us"), pa.timestamp("us", "UTC")):
        try:
            return given.cast(kind)
        except pa.ArrowInvalid:
            continue
    raise BadNumbers(wrong="some", rows=len(given), role="time", column=name)


def _numbers(given: pa.Array, role: str, name: str) -> Floats:
    try:
        found: Floats = given.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as wrong:
        raise BadNumbers(wrong="some", rows=len(given), role=role, column=name) from wrong
    bad = int(np.count_nonzero(~np.isfinite(found)))
    if bad:
        raise BadNumbers(wrong=bad, rows=len(found), role=role, column=name)
    return found
