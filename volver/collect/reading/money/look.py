"""What the search for a file's meaning looks at: its money columns in their parts, as numbers, in orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from volver.collect.reading.contents import Column
from volver.collect.reading.money.reconcile import Term
from volver.collect.reading.money.roles import Roles, is_of, roles_of
from volver.collect.reading.money.sample import Level, Numbers, Sample, numbers_of, sample_of, shares_of
from volver.collect.reading.names import words

_SIGNS = {"tax": 1, "shipping": 1, "fee": 1, "tip": 1, "gift_card": -1, "refunded": -1}
_SHARES = {"percent", "percentage", "pct", "rate", "porcentaje", "tasa", "prozent", "pourcentage"}


@dataclass(frozen=True)
class Look:
    """The columns of a file, the fields that are known, and the parts that money columns may play."""

    columns: Sequence[Column]
    fields: Mapping[str, tuple[Column, ...]]
    roles: Roles
    given: frozenset[str]
    answers: frozenset[str]

    @cached_property
    def sample(self) -> Sample:
        """The rows in their orders."""
        refs = self.fields.get("order_ref")
        n_rows = len(self.columns[0].cells) if self.columns else 0
        return sample_of(refs[0].cells if refs else None, n_rows)

    @cached_property
    def quantity(self) -> Numbers:
        """Pieces of each row; 1 where the file has none."""
        column = self.fields.get("quantity")
        return numbers_of(column[0]) if column else np.ones(self.sample.n_rows)

    @property
    def several_pieces(self) -> bool:
        """Whether any row has more or less than one piece: else a price is a total."""
        there = ~np.isnan(self.quantity)
        return bool(np.any(self.quantity[there] != 1))

    @cached_property
    def price(self) -> Numbers | None:
        """What is called a price."""
        column = self.fields.get("unit_price")
        return numbers_of(column[0]) if column else None

    @cached_property
    def products(self) -> NDArray[np.int64]:
        """A number for each product; -1 where none is named."""
        column = (self.fields.get("product_ref") or self.fields.get("product_name") or (None,))[0]
        if column is None:
            return np.full(self.sample.n_rows, -1, dtype=np.int64)
        known: dict[str, int] = {}
        return np.array([known.setdefault(cell, len(known)) if cell else -1 for cell in column.cells], dtype=np.int64)

    def values(self, column: Column) -> Numbers:
        """A column's numbers."""
        return numbers_of(column)

    def level(self, column: Column) -> Level:
        """Whose money a column holds: by its cells; where they do not tell, by its name; else the lines'."""
        known = self._levels.get(column.name)
        if known is None:
            known = self.sample.level(numbers_of(column)) or "alike"
            if known == "alike":
                known = "order" if is_of(column) == "order" else "line"
            self._levels[column.name] = known
        return known

    @cached_property
    def _levels(self) -> dict[str, Level]:
        return {}

    def is_of_order(self, column: Column) -> bool:
        """Whether a column is the order's."""
        return self.level(column) != "line"

    def is_open(self, column: Column) -> bool:
        """Whether neither cells nor name say whose money a column holds, though it matters."""
        return self.sample.level(numbers_of(column)) == "alike" and is_of(column) is None

    def terms(self, *, per_order: bool) -> list[Term]:
        """What may stand between goods and what was paid: of each row, or of each order."""
        found = []
        for field, sign in _SIGNS.items():
            for column in self.apart(field):
                values = np.abs(numbers_of(column)) if field == "refunded" else numbers_of(column)
                if per_order:
                    values = self.sample.per_order(values, self.level(column))
                found.append(Term(field=field, sign=sign, values=np.nan_to_num(values), column=column.name))
        return found

    def apart(self, field: str) -> tuple[Column, ...]:
        """The columns of a field that say different things: a second one with the same numbers is no other money."""
        kept: list[Column] = []
        for column in self.roles.of(field):
            mine = np.nan_to_num(numbers_of(column))
            if not any(np.array_equal(mine, np.nan_to_num(numbers_of(other))) for other in kept):
                kept.append(column)
        return tuple(kept)

    @property
    def line_discounts(self) -> tuple[Column, ...]:
        """The discounts of lines: the one that is named best, or several that add up."""
        if "discount" in self.given:
            return self.fields.get("discount", ())
        own = [c for c in self.roles.of("discount") if not self.is_of_order(c)]
        best = [c for c in self.fields.get("discount", ()) if c in own]
        return tuple(best or own)

    @property
    def order_discounts(self) -> tuple[Column, ...]:
        """The discounts of orders."""
        if "order_discount" in self.given:
            return self.fields.get("order_discount", ())
        own = [c for c in self.roles.of("discount") if c not in self.line_discounts and self.is_of_order(c)]
        return tuple(own[:1])

    def discount(self, base: Numbers) -> dict[str, Numbers]:
        """The discount of each line in each sense in which the columns may count: money, piece, percent, fraction."""
        found: dict[str, Numbers] = {}
        for column in self.line_discounts:
            off = np.abs(np.nan_to_num(numbers_of(column)))
            marked, whole = shares_of(column), np.abs(np.nan_to_num(base))
            senses = {"percent": whole * off / 100} if is_share(column) else {"money": off}
            if not is_share(column) and self.several_pieces:
                senses["piece"] = off * np.abs(np.nan_to_num(self.quantity))
            if off.max(initial=0.0) <= 1:
                senses["fraction"] = whole * off
            elif off.max(initial=0.0) <= 100:
                senses["percent"] = whole * off / 100
            for sense, values in senses.items():
                values = np.where(marked, whole * off / 100, values)
                found[sense] = found.get(sense, np.zeros(len(off))) + values
        return found


def is_share(column: Column) -> bool:
    """Whether a column's name says that it holds shares, not money."""
    return bool(set(words(column.name)) & _SHARES) or "%" in column.name


def orders_are_named(look: Look, column: Column) -> bool:
    """Whether a file calls all other money of orders so, twice at least: then what it does not call so is a line's."""
    others = {c.name: c for field in look.roles.by_field for c in look.roles.of(field) if c is not column}
    levels = [(c, look.sample.level(numbers_of(c))) for c in others.values()]
    named = [c for c, level in levels if level != "line" and is_of(c) == "order"]
    return len(named) >= 2 and all(c in named for c, level in levels if level in ("order", "alike"))


def look_at(
    columns: Sequence[Column],
    fields: Mapping[str, tuple[Column, ...]],
    given: set[str],
    answers: frozenset[str] = frozenset(),
) -> Look:
    """Gather what the search looks at."""
    roles = roles_of(columns, fields, given)
    return Look(columns=columns, fields=fields, roles=roles, given=frozenset(given), answers=answers)
