"""Columns out of any kind of frame, and a frame of the same kind back.

pandas, polars (also lazy), Arrow, DuckDB relations and whatever else narwhals reads; or a mapping of arrays.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from volver.core import VolverError


class NotATable(VolverError):
    """Something without columns was given where a table is needed."""

    code = "recommend.not_a_table"
    says = "A {kind} has no columns that can be read."
    hint = "Give a pandas, polars, Arrow or DuckDB table, or a mapping such as {{'user': [...], 'item': [...]}}."


class NoSuchColumn(VolverError):
    """A column that is needed is not in the table."""

    code = "recommend.no_such_column"
    says = "There is no column for the {role} among: {columns}."
    hint = "Name it, for example {role}='…', or rename the column to `{role}`."


Build = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns as Arrow arrays, in order, and how to make a table of the kind they came from."""

    columns: dict[str, pa.Array]
    build: Build

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def column(self, role: str, wanted: str | None, guesses: Sequence[str], needed: bool = False) -> str | None:
        """The name of the column for a role: the wanted one, else the first guess that is there, else None.

        Guesses ignore case, spaces and underscores. Raises `NoSuchColumn` for a wanted or needed one that is absent.
        """
        if wanted is not None:
            if wanted in self.columns:
                return wanted
            raise NoSuchColumn(role=role, columns=", ".join(self.columns))
        plain = {_plain(name): name for name in reversed(list(self.columns))}
        for guess in guesses:
            if _plain(guess) in plain:
                return plain[_plain(guess)]
        if needed:
            raise NoSuchColumn(role=role, columns=", ".join(self.columns))
        return None


def table_of(frame: Any) -> Table:
    """Read any frame once. Raises `NotATable`."""
    if isinstance(frame, Mapping):
        return Table({str(name): arrow_of(values) for name, values in frame.items()}, _arrays)
    import narwhals as nw

    if type(frame).__name__ == "RecordBatchReader":
        frame = frame.read_all()
    native = nw.from_native(frame, pass_through=True)
    if isinstance(native, nw.LazyFrame):
        arrow = native.collect(backend="pyarrow").to_native()
        return Table(_of_arrow(arrow), _lazy_like(frame, native.implementation))
    if isinstance(native, nw.DataFrame):
        return Table(_of_arrow(native.to_arrow()), _eager_like(native.implementation))
    raise NotATable(kind=type(frame).__name__)


def arrow_of(values: Any) -> pa.Array:
    """One column as a single Arrow array. Mixed Python objects become text."""
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    if isinstance(values, pa.Array):
        return values
    if not isinstance(values, np.ndarray | list | tuple | range) and hasattr(values, "to_numpy"):
        import narwhals as nw

        series = nw.from_native(values, series_only=True, pass_through=True)
        if isinstance(series, nw.Series):
            return arrow_of(series.to_arrow())
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace(" ", "")


def _of_arrow(arrow: pa.Table) -> dict[str, pa.Array]:
    return {name: arrow_of(arrow.column(index)) for index, name in enumerate(arrow.column_names)}


def _arrays(columns: Mapping[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    found = {}
    for name, values in columns.items():
        if isinstance(values, pa.Array) and pa.types.is_string(values.type):
            values = np.array(values.to_pylist(), dtype=str)
        found[name] = values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else np.asarray(values)
    return found


def _eager_like(implementation: Any) -> Build:
    def build(columns: Mapping[str, Any]) -> Any:
        import narwhals as nw

        arrow = pa.table({name: arrow_of(values) for name, values in columns.items()})
        return nw.from_arrow(arrow, backend=implementation).to_native()

    return build


def _lazy_like(frame: Any, implementation: Any) -> Build:
    def build(columns: Mapping[str, Any]) -> Any:
        import narwhals as nw

        arrow = pa.table({name: arrow_of(values) for name, values in columns.items()})
        if type(frame).__name__ == "DuckDBPyRelation":
            import duckdb

            return duckdb.from_arrow(arrow)
        return nw.from_arrow(arrow, backend="pyarrow").lazy(implementation).to_native()

    return build
