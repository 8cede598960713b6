"""Customers' buying histories, compressed: how many later orders, the last one, and for how long we have known them.

A history is (x, t_x, T): the days with an order after the first one, the time from the first order to the last, and
the time from the first order to today. Customers with equal histories share one row, which is exact and makes a
million customers a few hundred thousand rows (or fewer). Reads a frame of any dialect, writes nothing.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from typing import Any, Final

import numpy as np

from volver.core import VolverError
from volver.predict.numerics.arrays import Floats, Ints, Numbers
from volver.predict.numerics.frames import arrays
from volver.predict.numerics.horizons import unit_days

# The names other packages give to the same three columns.
_NAMES: Final = {
    "x": ("x", "frequency", "repeats"),
    "t_x": ("t_x", "t.x", "tx", "recency"),
    "T": ("T", "T.cal", "t_cal", "Tcal", "age"),
}
_KNOWN: Final = frozenset(name for names in _NAMES.values() for name in names)
_WHOLE: Final = 1e-6  # days: 4.285714 weeks is 30 days
_PACKED: Final = 1 << 20
_BLOCK: Final = 1 << 15
_KEPT: Final = 12  # answers about the same rows: a law, and each of its parameters moved both ways


class BadHistories(VolverError):
    """Histories that no customer can have."""

    code = "predict.bad_histories"
    says = "{wrong} of {customers} histories are impossible: {why}."
    hint = "Each customer needs x >= 0 later order days, 0 <= t_x <= T, and t_x = 0 when x = 0."


class UnclearHistories(VolverError):
    """Something that cannot be read as histories, or in two ways."""

    code = "predict.unclear_histories"
    says = "These histories cannot be read: {why}."
    hint = "Give a frame or a mapping with the columns {columns}, an (n, 3) array, or three columns of one length."


class MissingColumns(VolverError):
    """A frame without the columns that histories need."""

    code = "predict.missing_columns"
    says = "The frame has no column for {missing}."
    hint = "Name the columns x, t_x and T (or frequency, recency and T)."


@dataclass(frozen=True)
class Histories:
    """Distinct (x, t_x, T) rows in days, sorted by x, T, t_x; how many customers share each; each customer's row."""

    x: Floats
    t_x: Floats
    T: Floats
    n: Floats
    row_of: Ints

    @property
    def n_customers(self) -> int:
        """How many customers the rows stand for."""
        return len(self.row_of)

    @cached_property
    def cells(self) -> tuple[Floats, Floats, Ints]:
        """Distinct (x, T) and each row's place among them: all that a living customer's future depends on."""
        if not len(self.x):
            return self.x, self.T, np.zeros(0, np.int64)
        fresh = np.concatenate([[True], (np.diff(self.x) != 0) | (np.diff(self.T) != 0)])
        first = np.flatnonzero(fresh)
        return self.x[first], self.T[first], np.cumsum(fresh) - 1

    def once(self, key: Hashable, make: Callable[[], Floats]) -> Floats:
        """What `make` answers about these rows; kept while one of the last dozen, for several horizons ask the same."""
        kept = self._kept
        if key not in kept:
            made = make()
            made.flags.writeable = False
            kept[key] = made
            while len(kept) > _KEPT:
                kept.pop(next(iter(kept)))
        return kept[key]

    @cached_property
    def _kept(self) -> dict[Hashable, Floats]:
        return {}

    def spread(self, per_row: Floats) -> Floats:
        """Values per row as values per customer, in the order the customers came."""
        found: Floats = per_row[self.row_of]
        return found

    def sampled(self, n_rows: int) -> "Histories":
        """About `n_rows` rows, evenly picked, with their counts: a start for a fit on many."""
        step = max(1, len(self.x) // n_rows)
        pick = slice(step // 2, None, step)
        return Histories(self.x[pick], self.t_x[pick], self.T[pick], self.n[pick], np.zeros(0, np.int64))

    def represented(self, n_rows: int) -> "Histories":
        """At most `n_rows` rows that stand for all: those of every so-many-th customer, in the order of the rows.

        Nearer to all than `sampled`, since a row that many share is surely met. The counts add up to those of all.
        """
        reached = np.cumsum(self.n)
        step = float(reached[-1]) / n_rows
        picked = np.searchsorted(reached, (np.arange(n_rows) + 0.5) * step)
        n = np.bincount(np.minimum(picked, len(reached) - 1), minlength=len(reached)).astype(np.float64) * step
        rows = np.flatnonzero(n)
        return Histories(self.x[rows], self.t_x[rows], self.T[rows], n[rows], np.zeros(0, np.int64))


def histories(frame: Any, *, unit: str = "days") -> Histories:
    """Compress customers' histories: a frame with columns x, t_x, T, an (n, 3) array, or three sequences.

    Of three times three numbers, array or list, those are the columns that can be; where rows can be too, give a
    frame. `unit` says what t_x and T are counted in; lengths of time (timedelta) say so themselves. Raises
    `BadHistories` if one cannot be, `UnclearHistories`, `MissingColumns`.

    >>> found = histories({"x": [0, 0, 2], "t_x": [0, 0, 10.0], "T": [30, 30, 31]})
    >>> found.n_customers, len(found.x), found.n.tolist()
    (3, 2, [2.0, 1.0])
    """
    if isinstance(frame, Histories):
        return frame
    days = unit_days(unit)
    columns = _columns(frame, days)
    packed = _packed(*columns, days)
    if packed is not None:
        return packed
    x, t_x, age = (np.asarray(column, dtype=np.float64) for column in columns)
    t_x, age = _whole(t_x * days), _whole(age * days)
    _refuse_impossible(x, t_x, age)
    return _compressed(x, np.minimum(t_x, age), age)


def named_floats(frame: Any, names: Sequence[str]) -> dict[str, Floats]:
    """Columns of a frame (pandas, polars, Arrow, DuckDB) or a mapping as floats, lengths of time as days.

    Raises `MissingColumns`, `UnclearHistories`.
    """
    found = arrays(frame, partial(UnclearHistories, columns=", ".join(names)), among=names)
    missing = [name for name in names if name not in found]
    if missing:
        raise MissingColumns(missing=", ".join(missing))
    return {name: _floats(found[name], names) for name in names}


def three_columns(
    X: Any, possible: Callable[[Floats, Floats, Floats], bool], names: Sequence[str], days: float = 1.0
) -> tuple[Numbers, Numbers, Numbers] | None:
    """The columns of an (n, 3) array or of three sequences; None of anything else.

    Three lists are columns and an array has rows; where three times three numbers are no `possible` histories in that
    way, but are in the other, they are turned round. Raises `UnclearHistories` of a list of rows.
    """
    listed = isinstance(X, list | tuple)
    plain = listed and all(isinstance(each, list | tuple) for each in X) and len(X) > 0
    if plain and len(X) != 3:
        raise UnclearHistories(why=f"a list of {len(X)} lists", columns=", ".join(names))
    if listed and len(X) == 3:
        columns = [np.atleast_1d(_numbers(column, names, days)) for column in X]
    elif isinstance(X, np.ndarray):
        if X.ndim != 2 or X.shape[1] != 3:
            raise UnclearHistories(why=f"an array of shape {X.shape}", columns=", ".join(names))
        columns = list(_numbers(X, names).T)
    else:
        return None
    if all(column.ndim == 1 and len(column) == 3 for column in columns) and (plain or not listed):
        columns = _either(columns, possible)
    x, t_x, last = columns
    return x, t_x, last


def _either(columns: list[Numbers], possible: Any) -> list[Numbers]:
    """Of a square of nine numbers the columns: turned round only where they can be nothing else."""
    square = np.array(columns, dtype=np.float64)
    as_told, turned = bool(possible(*square)), bool(possible(*square.T))
    return columns if as_told or not turned else list(square.T)


def _columns(frame: Any, days: float) -> tuple[Numbers, Numbers, Numbers]:
    fields = tuple(_NAMES)
    three = three_columns(frame, _can_be, fields, days)
    if three is not None:
        return three
    given = arrays(frame, partial(UnclearHistories, columns=", ".join(fields)), among=_KNOWN)
    x, t_x, age = (np.atleast_1d(_numbers(given[_found(list(given), field)], fields, days)) for field in fields)
    return x, t_x, age


def _found(names: Sequence[str], field: str) -> str:
    for name in _NAMES[field]:
        if name in names:
            return name
    raise MissingColumns(missing=field)


def _numbers(column: Any, names: Sequence[str], days: float = 1.0) -> Numbers:
    """As it came if it is an array of numbers that float64 holds, else as float64; times in units of `days`."""
    if isinstance(column, np.ndarray) and column.dtype in (np.int16, np.int32, np.int64, np.float32, np.float64):
        return column
    return _floats(column, names, days)


def _floats(column: Any, names: Sequence[str], days: float = 1.0) -> Floats:
    try:
        given = np.asarray(column)
        if given.dtype.kind == "O" and any(isinstance(each, timedelta) for each in given.flat):
            given = given.astype("timedelta64[us]")
        if given.dtype.kind == "m":
            found: Floats = given / np.timedelta64(1, "D") / days
            return found
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UnclearHistories(why="a value is no number", columns=", ".join(names)) from error


def _whole(days: Floats) -> Floats:
    near = np.rint(days)
    found: Floats = np.where(np.abs(days - near) < _WHOLE, near, days)
    return found


def _refuse_impossible(x: Floats, t_x: Floats, age: Floats) -> None:
    if not len(x) == len(t_x) == len(age):
        raise BadHistories(wrong="all", customers=max(len(x), len(t_x), len(age)), why="the columns differ in length")
    for why, wrong in _wrongs(x, t_x, age).items():
        if wrong.any():
            raise BadHistories(wrong=int(wrong.sum()), customers=len(x), why=why)


def _can_be(x: Floats, t_x: Floats, age: Floats) -> bool:
    return not any(wrong.any() for wrong in _wrongs(x, t_x, age).values())


def _wrongs(x: Floats, t_x: Floats, age: Floats) -> dict[str, Any]:
    """Which histories are impossible, by why."""
    return {
        "a value is missing or not finite": ~np.isfinite(x + t_x + age),
        "x is negative or not whole": (x < 0) | (x != np.rint(x)),
        "t_x is below 0 or beyond T": (t_x < 0) | (t_x > age + _WHOLE),
        "t_x is not 0 though x is": (x == 0) & (t_x > 0),
    }


def _packed(x: Numbers, t_x: Numbers, age: Numbers, days: float) -> Histories | None:
    """Possible histories in whole days, compressed by one sort; None if they are not that, or do not fit 63 bits.

    The sorted number is the history above the customer's place, so that the sort brings the order with it; the
    columns are read in blocks that stay in the cache.
    """
    size = len(x)
    if not 0 < size == len(t_x) == len(age):
        return None
    most, oldest = float(np.max(x)), float(np.max(age)) * days
    if not (0 <= most < _PACKED and 0 <= oldest < _PACKED):
        return None
    places, bits = round(oldest) + 1, size.bit_length()
    if (int(most) + 1) * places * places << bits >= 1 << 63:
        return None
    keys = np.arange(size)
    for begin in range(0, size, _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        history = _whole_history(x[rows], t_x[rows], age[rows], days)
        if history is None:
            return None
        count, last, since = history
        keys[rows] += ((count * places + since) * places + last) << bits
    keys.sort()
    row_of, order = np.empty(size, dtype=np.int64), keys & ((1 << bits) - 1)
    keys >>= bits
    fresh = np.concatenate([[True], keys[1:] != keys[:-1]])
    first = np.flatnonzero(fresh)
    row_of[order] = np.cumsum(fresh) - 1
    rest, last = np.divmod(keys[first], places)
    count, since = np.divmod(rest, places)
    n = np.diff(first, append=size)
    columns = [column.astype(np.float64) for column in (count, last, since, n)]
    return Histories(x=columns[0], t_x=columns[1], T=columns[2], n=columns[3], row_of=row_of)


def _whole_history(x: Numbers, t_x: Numbers, age: Numbers, days: float) -> tuple[Ints, Ints, Ints] | None:
    """The same as whole numbers; None where one is not (nearly) whole, or the history is impossible."""
    given = [np.asarray(column, dtype=np.float64) for column in (x, t_x * days, age * days)]
    count, last, since = near = [np.rint(column) for column in given]
    possible = np.all(count == given[0])  # never of a NaN
    for day, exact in zip(near[1:], given[1:], strict=True):
        possible &= np.all(np.abs(day - exact) < _WHOLE)
    possible &= np.all((count >= 0) & (last >= 0) & (last <= since) & ((count > 0) | (last == 0)))
    if not possible:
        return None
    return count.astype(np.int64), last.astype(np.int64), since.astype(np.int64)


def _compressed(x: Floats, t_x: Floats, age: Floats) -> Histories:
    """The same for parts of a day, and for numbers too large to pack."""
    order = np.lexsort((t_x, age, x))
    x, t_x, age = x[order], t_x[order], age[order]
    fresh = np.ones(len(x), dtype=bool)
    fresh[1:] = (x[1:] != x[:-1]) | (age[1:] != age[:-1]) | (t_x[1:] != t_x[:-1])
    first, row_of = np.flatnonzero(fresh), np.empty(len(x), dtype=np.int64)
    row_of[order] = np.cumsum(fresh) - 1
    n = np.diff(first, append=len(x)).astype(np.float64)
    return Histories(x=x[first], t_x=t_x[first], T=age[first], n=n, row_of=row_of)
