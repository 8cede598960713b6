"""What is known of customers beside their orders, as columns of numbers that a law can weigh.

Reads a frame of any dialect, an array or a mapping of columns; writes nothing. Text becomes one column a level, the
most frequent level being the base; numbers are centred, and scaled unless they are only 0 and 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from volver.core import VolverError
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.frames import arrays

_LEVELS: Final = 30  # more levels of one column than this share one column
_OTHER: Final = "(other)"
_NONE: Final = "(none)"


class BadCovariates(VolverError):
    """Covariates that do not fit the customers."""

    code = "predict.bad_covariates"
    says = "The covariates do not fit: {why}."
    hint = "Give one row a customer, in the order of the histories, with the columns that the model was fitted on."


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column as it came: a number (no levels), or text with a base level and others."""

    name: str
    base: str | None = None
    levels: tuple[str, ...] = ()
    centre: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    reach: tuple[float, float] = (0.0, 0.0)  # the least and the greatest number seen

    @property
    def names(self) -> list[str]:
        """Names of the numbers made of it."""
        return [self.name] if self.base is None else [f"{self.name}={level}" for level in self.levels]

    def values(self, given: Any) -> Floats:
        """Raw numbers, shape (n, len(names)).

        What is missing is the mean, what is beyond all that was seen is its edge, an unknown level the base.
        """
        if self.base is None:
            number = _numbers(given)
            return np.where(np.isfinite(number), np.clip(number, *self.reach), self.centre[0])[:, None]
        text = _texts(given)
        found = np.array([[each == level for level in self.levels] for each in (*self.levels, self.base)], np.float64)
        place = {level: i for i, level in enumerate(self.levels)}
        other = place.get(_OTHER, len(self.levels))
        distinct, of = np.unique(text, return_inverse=True)
        rows = [place.get(each, len(self.levels) if each == self.base else other) for each in distinct.tolist()]
        raw: Floats = found[np.array(rows, dtype=np.int64)[of.reshape(-1)]].reshape(len(text), len(self.levels))
        return raw

    def unknown(self, given: Any) -> Any:
        """Where the value is none that was seen before: a missing number or one beyond all seen, a new level."""
        if self.base is None:
            number = _numbers(given)
            return ~((number >= self.reach[0]) & (number <= self.reach[1]))
        return ~np.isin(_texts(given), [*self.levels, self.base])


@dataclass(frozen=True, slots=True)
class Encoding:
    """The columns that a model was fitted on."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Names of the numbers, in order."""
        return [name for column in self.columns for name in column.names]

    @property
    def centre(self) -> Floats:
        """Mean of each number where the model was fitted."""
        return np.array([each for column in self.columns for each in column.centre])

    @property
    def scale(self) -> Floats:
        """What one step of each number is in the fit."""
        return np.array([each for column in self.columns for each in column.scale])

    def values(self, frame: Any, n: int | None = None) -> Floats:
        """Raw numbers, shape (n, len(names)). Raises `BadCovariates`."""
        given = _columns(frame, [column.name for column in self.columns])
        _same_length(given, n)
        size = n if n is not None else len(next(iter(given.values()), ()))
        return np.column_stack([np.zeros((size, 0))] + [column.values(given[column.name]) for column in self.columns])

    def unknown(self, frame: Any) -> Any:
        """Customers with something never seen in the fit; they count as base level, mean or edge there."""
        given = _columns(frame, [column.name for column in self.columns])
        size = len(next(iter(given.values()), ()))
        return np.any(
            np.zeros((1, size), bool) | [column.unknown(given[column.name]) for column in self.columns], axis=0
        )


def encoding(frame: Any, n: int) -> Encoding:
    """Learn the columns from one row a customer. Raises `BadCovariates`."""
    given = _columns(frame, None)
    _same_length(given, n)
    return Encoding(tuple(_column(name, values) for name, values in given.items()))


def _column(name: str, given: Any) -> Column:
    if _is_number(given):
        number = _numbers(given)
        known = number[np.isfinite(number)]
        binary = bool(np.all((known == 0) | (known == 1)))
        spread = float(known.std()) if len(known) else 0.0
        centre = float(known.mean()) if len(known) else 0.0
        scale = 1.0 if binary or not 1e-12 * abs(centre) < spread < np.inf else spread
        reach = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
        return Column(name=name, centre=(centre,), scale=(scale,), reach=reach)
    levels, counts = np.unique(_texts(given), return_counts=True)
    ranked = levels[np.argsort(-counts, kind="stable")].tolist() or [_NONE]
    shares = np.sort(counts)[::-1] / max(int(counts.sum()), 1)
    others, means = ranked[1:], shares[1:].tolist()
    if len(others) > _LEVELS:
        others, means = [*others[:_LEVELS], _OTHER], [*means[:_LEVELS], float(sum(means[_LEVELS:]))]
    return Column(name=name, base=ranked[0], levels=tuple(others), centre=tuple(means), scale=(1.0,) * len(others))


def _columns(frame: Any, names: Sequence[str] | None) -> dict[str, Any]:
    """Columns by name; an array's are called z1, z2 and so on."""
    given = {
        str(name): np.asarray(values)
        for name, values in arrays(frame, BadCovariates, among=names, array_names="z").items()
    }
    if names is None:
        return given
    missing = [name for name in names if name not in given]
    if missing:
        raise BadCovariates(why="no column " + ", ".join(missing))
    return {name: given[name] for name in names}


def _same_length(given: dict[str, Any], n: int | None) -> None:
    wrong = [len(values) for values in given.values() if n is not None and len(values) != n]
    if wrong:
        raise BadCovariates(why=f"{wrong[0]} rows for {n} customers")


def _is_number(given: Any) -> bool:
    if given.dtype.kind in "biuf":
        return True
    return given.dtype.kind == "O" and all(
        each is None or isinstance(each, int | float | np.number | np.bool_) for each in given.tolist()
    )


def _numbers(given: Any) -> Floats:
    if given.dtype.kind in "biuf":
        return given.astype(np.float64)  # type: ignore[no-any-return]
    found = []
    for each in given.tolist():
        try:
            found.append(np.nan if each is None else float(each))
        except (TypeError, ValueError):
            found.append(np.nan)
    return np.array(found, dtype=np.float64)


def _texts(given: Any) -> Any:
    if given.dtype.kind == "U":
        return given
    return np.array([_NONE if each is None or each != each else str(each) for each in given.tolist()], dtype=np.str_)
