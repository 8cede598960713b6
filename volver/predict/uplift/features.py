"""Any frame as the numbers that models learn from, remembering how, so that tomorrow's frame fits too.

Pure numerics: nothing here looks at an outcome.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from volver.core import VolverError
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.frames import eager

_RARE_SHARE: Final = 0.005  # of the rows; a rarer level is pooled with the other rare ones
_RARE_ROWS: Final = 20
_MOST_LEVELS: Final = 30
_TRUTH: Final = {"true": 1.0, "false": 0.0}
_BEYOND: Final = 1e100  # no measurement: a stand-in for a missing value, whose square is no number any more
_FEW_VALUES: Final = 8  # a number with so few whole values may be a code: a linear model sees its levels too
_SKEWED: Final = 2.0  # skewness from which a linear model sees the logarithm of a non-negative column


class MissingFeature(VolverError):
    """A frame without a column that the model has learned from."""

    code = "predict.missing_feature"
    says = "The frame lacks {missing}."
    hint = "Give the columns that the model was fitted on: {known}."


class BadFeatures(VolverError):
    """Something that is no table of customers."""

    code = "predict.bad_features"
    says = "The features cannot be read: {why}."
    hint = "Give a frame (pandas, polars, pyarrow …) or a two-dimensional array, one row per customer."


@dataclass(frozen=True)
class Design:
    """A frame's numbers, row by row: `linear` is standardised with missing values filled, `trees` is plain."""

    linear: Floats
    trees: Floats

    def __len__(self) -> int:
        return len(self.trees)

    def take(self, rows: Any) -> "Design":
        """Only these rows."""
        return Design(self.linear[rows], self.trees[rows])


class Features:
    """Learns a frame's columns once and turns frames into a `Design`.

    Booleans are 0 and 1. Texts become one column per level; levels rarer than 0.5 % of the rows (at least 20) share
    one, and a level never seen before goes there too. A missing value is told by a column of its own and filled with
    the median.
    For linear models numbers are standardised, skewed ones through their logarithm, and whole numbers with at most
    eight values are also seen as levels. Columns are found by name; further ones are ignored.
    """

    def fit(self, X: Any) -> Self:
        """Learn which columns there are and what they hold. Raises `predict.bad_features`."""
        columns = feature_columns(X)
        self.names_in_ = tuple(columns)
        self._columns = {name: _learned(values) for name, values in columns.items()}
        self.names_ = tuple(
            f"{name}{'=' if part else ''}{part}" for name, how in self._columns.items() for part in how.tree_names
        )
        return self

    def transform(self, X: Any) -> Design:
        """The rows as numbers. Raises `predict.missing_feature`; a `Design` passes as it is."""
        if isinstance(X, Design):
            return X
        columns = feature_columns(X, self.names_in_)
        told = [how.told(columns[name]) for name, how in self._columns.items()]
        rows = len(next(iter(columns.values())))
        return Design(
            linear=np.hstack([linear for linear, _ in told]) if told else np.zeros((rows, 0)),
            trees=np.hstack([trees for _, trees in told]) if told else np.zeros((rows, 0)),
        )

    def fit_transform(self, X: Any) -> Design:
        """`fit`, then `transform`."""
        return self.fit(X).transform(X)


def feature_columns(X: Any, wanted: Sequence[str] | None = None) -> dict[str, npt.NDArray[Any]]:
    """A frame's columns by name: numbers and booleans as float64 with NaN, anything else as texts, '' where missing.

    Raises `predict.bad_features`, and `predict.missing_feature` where a wanted column is not there.
    """
    if isinstance(X, np.ndarray | list | tuple):
        try:
            table = np.asarray(X)
        except ValueError as error:
            raise BadFeatures(why="the rows differ in length") from error
        if table.ndim == 1:
            table = table[:, None]
        if table.ndim != 2:
            raise BadFeatures(why=f"an array of {table.ndim} dimensions")
        found: dict[str, Any] = {f"x{n}": table[:, n] for n in range(table.shape[1])}
        return {name: _plain(column) for name, column in _some(_chosen(found, wanted)).items()}
    import narwhals as nw  # only a frame needs it

    try:
        frame = eager(X, BadFeatures)
        names = list(frame.columns)
    except (ValueError, nw.exceptions.NarwhalsError) as error:
        raise BadFeatures(why=f"the frame cannot be read ({error})") from error
    named = {str(name): name for name in names}
    if len(named) < len(names):
        raise BadFeatures(why="two columns have the same name")
    return {name: _series(frame.get_column(own)) for name, own in _some(_chosen(named, wanted)).items()}


def _some(columns: dict[str, Any]) -> dict[str, Any]:
    if not columns:
        raise BadFeatures(why="there is no column")
    return columns


def _chosen(found: dict[str, Any], wanted: Sequence[str] | None) -> dict[str, Any]:
    if wanted is None:
        return found
    missing = [name for name in wanted if name not in found]
    if missing:
        raise MissingFeature(missing=", ".join(missing), known=", ".join(wanted))
    return {name: found[name] for name in wanted}


def _series(series: Any) -> npt.NDArray[Any]:
    import narwhals as nw

    kind = series.dtype
    missing = series.is_null().to_numpy()
    if kind.is_numeric() or kind == nw.Boolean:
        return _plain(np.asarray(series.cast(nw.Float64).to_numpy(), dtype=np.float64))
    if kind.is_temporal() and kind in (nw.Date, nw.Datetime):
        days = np.asarray(series.cast(nw.Datetime("us")).to_numpy(), dtype="datetime64[us]")
        return np.where(np.isnat(days), np.nan, days.astype(np.int64) / 86_400e6)
    values = [None if gone else each for each, gone in zip(series.to_list(), missing, strict=True)]
    return _texts(values) if kind in (nw.String, nw.Categorical, nw.Enum) else _loose(values)


def _plain(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if column.dtype.kind in "iufb":
        values = column.astype(np.float64)
        values[~(np.abs(values) < _BEYOND)] = np.nan
        return values
    return _loose(column.tolist()) if column.dtype.kind == "O" else _texts(column.tolist())


def _loose(values: list[Any]) -> npt.NDArray[Any]:
    """Python's own values: numbers if what is there are numbers or booleans, else texts."""
    values = [None if _is_missing(each) else each for each in values]
    if all(each is None or isinstance(each, int | float | Decimal | np.number | np.bool_) for each in values):
        return _plain(np.array([np.nan if each is None else float(each) for each in values], dtype=np.float64))
    return _texts(values)


def _texts(values: list[Any]) -> npt.NDArray[Any]:
    return np.array(["" if each is None or each != each else str(each) for each in values], dtype=np.str_)


def _is_missing(value: Any) -> bool:
    """None, NaN, NaT or pandas.NA, which answers no comparison."""
    try:
        return value is None or bool(value != value)
    except TypeError:
        return True


@dataclass(frozen=True)
class _Levels:
    """A column of texts: its frequent levels, whether rare ones are pooled, whether some were missing."""

    levels: npt.NDArray[Any]
    pooled: bool
    gaps: bool
    mean: Floats

    @property
    def tree_names(self) -> list[str]:
        return [*map(str, self.levels), *(["other"] if self.pooled else []), *(["missing"] if self.gaps else [])]

    def told(self, values: npt.NDArray[Any]) -> tuple[Floats, Floats]:
        shown = self.shown(values.astype(np.str_))
        return shown - self.mean, shown

    def shown(self, values: npt.NDArray[Any]) -> Floats:
        distinct, place = np.unique(values, return_inverse=True)
        rows = distinct[:, None] == self.levels[None, :]
        parts = [rows]
        if self.pooled:
            parts.append((~rows.any(axis=1) & (distinct != ""))[:, None])
        if self.gaps:
            parts.append((distinct == "")[:, None])
        found: Floats = np.hstack(parts).astype(np.float64)[place]
        return found


@dataclass(frozen=True)
class _Number:
    """A column of numbers: what fills its gaps, how it is scaled, and its levels if it may be a code."""

    median: float
    gaps: bool
    log: bool
    centre: float
    scale: float
    low: float
    high: float
    levels: Floats

    @property
    def tree_names(self) -> list[str]:
        return ["", *(["missing"] if self.gaps else [])]

    def told(self, values: npt.NDArray[Any]) -> tuple[Floats, Floats]:
        if values.dtype.kind == "U":
            values = _numbers(values)
        missing = np.isnan(values)
        filled = np.where(missing, self.median, values)
        scaled = (_log(np.clip(filled, self.low, self.high), self.log) - self.centre) / self.scale
        gap = [missing.astype(np.float64)[:, None]] if self.gaps else []
        levels = [(filled[:, None] == self.levels[None, :]).astype(np.float64)] if len(self.levels) else []
        return np.hstack([scaled[:, None], *levels, *gap]), np.hstack([filled[:, None], *gap])


def _learned(values: npt.NDArray[Any]) -> _Levels | _Number:
    return _learned_number(values) if values.dtype.kind == "f" else _learned_levels(values)


def _learned_levels(values: npt.NDArray[Any]) -> _Levels:
    distinct, counts = np.unique(values, return_counts=True)
    counts, distinct = counts[distinct != ""], distinct[distinct != ""]
    enough = counts >= max(_RARE_ROWS, _RARE_SHARE * len(values))
    order = np.argsort(-counts, kind="stable")
    kept = distinct[[n for n in order if enough[n]][:_MOST_LEVELS]]
    plain = _Levels(kept, len(kept) < len(distinct), bool(np.any(values == "")), np.zeros(1))
    shown = plain.shown(values)
    return _Levels(plain.levels, plain.pooled, plain.gaps, shown.mean(axis=0) if len(values) else np.zeros(1))


def _learned_number(values: Floats) -> _Number:
    known = values[np.isfinite(values)]
    if not len(known):
        return _Number(0.0, bool(len(values)), False, 0.0, 1.0, 0.0, 0.0, np.zeros(0))
    low, high = (float(each) for each in np.quantile(known, [0.0005, 0.9995]))
    within = np.clip(known, low, high)
    spread = float(np.std(within))
    skew = float(np.mean(((within - within.mean()) / spread) ** 3)) if spread > 0 else 0.0
    log = bool(known.min() >= 0 and skew > _SKEWED)
    seen = _log(within, log)
    distinct = np.unique(known)
    coded = 2 < len(distinct) <= _FEW_VALUES and bool(np.all(distinct == np.floor(distinct)))
    return _Number(
        median=float(np.median(known)),
        gaps=len(known) < len(values),
        log=log,
        centre=float(seen.mean()),
        scale=float(seen.std()) or 1.0,
        low=low,
        high=high,
        levels=distinct if coded else np.zeros(0),
    )


def _numbers(texts: npt.NDArray[Any]) -> Floats:
    """Texts where numbers were learned: what reads as a number is one, the rest is missing."""

    def number(text: str) -> float:
        try:
            return _TRUTH[text.lower()] if text.lower() in _TRUTH else float(text)
        except ValueError:
            return np.nan

    return np.array([number(each) for each in texts.tolist()], dtype=np.float64)


def _log(values: Floats, wanted: bool) -> Floats:
    found: Floats = np.log1p(values) if wanted else values
    return found
