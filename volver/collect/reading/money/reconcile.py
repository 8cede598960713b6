"""Whether money adds up: targets explained by a base and some of the terms that may stand between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from volver.collect.reading.money.sample import Numbers, Sample

NEARLY_ALL = 0.9
_CENT = 0.0101
_MOST_TERMS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Money that may stand between a base and a target: its field, its sign, its amounts.

    Of terms with one `column` only one is taken; `sense` tells them apart.
    """

    field: str
    sign: int
    values: Numbers
    column: str
    sense: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """How well a base and `terms` meet a target: the share of those that state one, and which they are."""

    share: float
    terms: tuple[Term, ...]
    met: NDArray[np.bool_]
    stated: NDArray[np.bool_]

    def has(self, field: str) -> bool:
        """Whether a field is among the terms."""
        return any(term.field == field for term in self.terms)

    @property
    def sense(self) -> str | None:
        """The sense in which the lines' discount is a term; None if it is none."""
        return next((term.sense for term in self.terms if term.field == "discount"), None)


def explain(target: Numbers, base: Numbers, terms: Sequence[Term], lines: NDArray[np.int64] | None = None) -> Explained:
    """The fewest terms under which `base` meets `target` most often.

    A cent is forgiven, and half a cent more for each line (`lines`) that was rounded on its own.
    """
    stated = ~np.isnan(target) & ~np.isnan(base)
    slack = _CENT + (0.0 if lines is None else 0.005 * np.maximum(lines - 1, 0))
    slack = slack + 1e-9 * np.abs(np.nan_to_num(target))
    used = [term for term in terms if np.any(np.abs(term.values[stated]) > 1e-9)][:_MOST_TERMS]
    n = int(stated.sum())
    best = Explained(share=-1.0, terms=(), met=np.zeros(len(target), dtype=np.bool_), stated=stated)
    gap = np.nan_to_num(target) - np.nan_to_num(base)
    for size in range(len(used) + 1):
        for chosen in combinations(used, size):
            if len({term.column for term in chosen}) < size:
                continue  # two readings of one column
            left = gap - sum((term.sign * np.nan_to_num(term.values) for term in chosen), np.zeros(len(gap)))
            met = stated & (np.abs(left) <= slack)
            share = float(met.sum()) / n if n else 0.0
            if share > best.share + 1e-12:
                best = Explained(share=share, terms=chosen, met=met, stated=stated)
    return best


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """How many products keep one value under each of two readings, though their quantities differ."""

    one: int
    other: int

    @property
    def winner(self) -> int:
        """0 or 1 where nearly all votes are for one reading; -1 where they do not tell."""
        if self.one >= NEARLY_ALL * (self.one + self.other) and self.one:
            return 0
        return 1 if self.other >= NEARLY_ALL * (self.one + self.other) and self.other else -1


def constancy(products: NDArray[np.int64], varies: Numbers, one: Numbers, other: Numbers) -> Votes:
    """Votes of the products whose `varies` differs, on which of `one` and `other` is their constant.

    A product votes if exactly one of the two is the same (to a cent) on nearly all of its rows.
    """
    there = ~(np.isnan(varies) | np.isnan(one) | np.isnan(other)) & (products >= 0)
    votes = [0, 0]
    rows = np.flatnonzero(there)
    rows = rows[np.argsort(products[rows], kind="stable")]
    for part in np.split(rows, np.flatnonzero(np.diff(products[rows])) + 1):
        if len(part) < 2 or np.ptp(varies[part]) < 1e-9:
            continue
        same = [_is_constant(each[part]) for each in (one, other)]
        if same[0] != same[1]:
            votes[same.index(True)] += 1
    return Votes(one=votes[0], other=votes[1])


def _is_constant(values: Numbers) -> bool:
    middle = np.median(values)
    return float(np.mean(np.abs(values - middle) <= max(0.011, 0.0005 * abs(middle)))) >= NEARLY_ALL


def rates(target: Numbers, base: Numbers) -> float | None:
    """The rate (0.21) by which nearly every target is more than its base; None if there is no such rate."""
    there = ~(np.isnan(target) | np.isnan(base)) & (np.abs(base) > 1.0)
    if there.sum() < 3:
        return None
    ratio = target[there] / base[there]
    middle = float(np.median(ratio))
    near = np.abs(target[there] - middle * base[there]) <= 0.0101 + 0.0005 * np.abs(base[there])
    return middle - 1 if near.mean() >= NEARLY_ALL and 0.01 < middle - 1 < 0.35 else None


def same_money(sample: Sample, one: Numbers, other: Numbers) -> bool:
    """Whether two readings give every order the same money."""
    return bool(np.all(np.abs(sample.sums(one) - sample.sums(other)) <= 0.005))
