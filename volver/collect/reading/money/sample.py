"""The first rows of a file as numbers, in orders: what the search for a file's meaning computes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from volver.collect.reading.contents import Column

Numbers = NDArray[np.float64]
Level = Literal["line", "order", "once", "alike"]

_NEARLY = 0.98  # the share of orders in which a pattern must hold
_CHANCE = 1e-3  # that lines which have nothing to do with each other are all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Rows in orders: `order` numbers the order of each row from 0, `first` marks an order's first row."""

    order: NDArray[np.int64]
    first: NDArray[np.bool_]
    n_orders: int

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return len(self.order)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The number of rows of each order."""
        return np.bincount(self.order, minlength=self.n_orders)

    def sums(self, values: Numbers) -> Numbers:
        """The sum of each order; what is not there is 0."""
        found = np.bincount(self.order, weights=np.nan_to_num(values), minlength=self.n_orders)
        return np.asarray(found, dtype=np.float64)

    def once(self, values: Numbers) -> Numbers:
        """The first value that an order states; NaN where it states none."""
        found = np.full(self.n_orders, np.nan)
        rows = np.flatnonzero(~np.isnan(values))[::-1]
        found[self.order[rows]] = values[rows]
        return found

    def per_order(self, values: Numbers, level: Level) -> Numbers:
        """A column's money of each order: its lines' sum, or what is said once."""
        return self.sums(values) if level == "line" else np.nan_to_num(self.once(values))

    def level(self, values: Numbers) -> Level | None:
        """Whether a column is the lines', or the order's: on its first row only (`once`), or on each (`order`).

        `alike`: an order's rows say the same, but so few things are said that they may by chance. None where nothing
        tells: no order has two rows and this money.
        """
        several = (self.sizes > 1) & (self.sums(np.abs(np.nan_to_num(values))) > 0)
        n = int(several.sum())
        there = ~np.isnan(values)
        filled = np.bincount(self.order, weights=there, minlength=self.n_orders)
        if not n:
            empty = (self.sizes > 1) & (filled > 0)
            return "once" if empty.any() and (filled[empty] == 1).all() else None
        shared = (filled == self.sizes) & (self._spread(values) <= 1e-9)
        if (shared & several).sum() >= _NEARLY * n:
            return "order" if self._chance(values, several) < _CHANCE else "alike"
        on_first = np.bincount(self.order, weights=there & self.first, minlength=self.n_orders)
        if (several & (filled == 1) & (on_first == 1)).sum() >= _NEARLY * n:
            return "once"
        return "line"

    def _chance(self, values: Numbers, orders: NDArray[np.bool_]) -> float:
        """How likely the other rows of these orders say what its first one says, if rows are drawn one by one."""
        there = values[~np.isnan(values)]
        said, counts = np.unique(there, return_counts=True)
        stated = self.once(values)[orders]
        often = counts[np.searchsorted(said, stated)] / len(there)
        return float(np.prod(often ** (self.sizes[orders] - 1)))

    def _spread(self, values: Numbers) -> Numbers:
        """How far an order's values lie apart."""
        low, high = np.full(self.n_orders, np.inf), np.full(self.n_orders, -np.inf)
        there = ~np.isnan(values)
        np.minimum.at(low, self.order[there], values[there])
        np.maximum.at(high, self.order[there], values[there])
        return np.where(np.isfinite(low), high - low, 0.0)


def sample_of(refs: Sequence[str | None] | None, n_rows: int) -> Sample:
    """Put rows in orders by their references; a row without one is an order of its own."""
    numbers: dict[str, int] = {}
    order = np.empty(n_rows, dtype=np.int64)
    first = np.zeros(n_rows, dtype=np.bool_)
    for row in range(n_rows):
        ref = (refs[row] or "").strip() if refs is not None else ""
        known = len(numbers)
        order[row] = numbers.setdefault(ref or f"\0{row}", known)
        first[row] = len(numbers) > known
    return Sample(order=order, first=first, n_orders=len(numbers))


def numbers_of(column: Column) -> Numbers:
    """A column's cells as rough numbers; NaN where there is none."""
    return np.array([np.nan if each is None else each for each in column.numbers], dtype=np.float64)


def shares_of(column: Column) -> NDArray[np.bool_]:
    """Which cells carry a percent sign."""
    return np.array([bool(cell) and str(cell).strip().endswith("%") for cell in column.cells], dtype=np.bool_)
