"""Columns out of any kind of frame, and a frame of the same kind back: the one reader of frames under every model.

pandas, polars (also lazy), Arrow, DuckDB relations and whatever else narwhals reads; or a mapping of arrays. Laws ask
for `arrays`, models that look at a column's type for `eager`, those that answer in kind for `table_of`. Callers say by
`refuse` which of their errors tells that something is no frame.
"""

from collections.abc import Callable, Container, KeysView, Mapping, Sequence, Set, ValuesView
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np
import pyarrow as pa

from volver.core import VolverError
from volver.predict.numerics.arrays import Codes, Labels


class NotATable(VolverError):
    """Something without columns was given where a table is needed."""

    code = "predict.not_a_table"
    says = "A {kind} has no columns that can be read."
    hint = "Give a pandas, polars, Arrow or DuckDB table, or a mapping such as {{'user': [...], 'item': [...]}}."


class NoSuchColumn(VolverError):
    """A column that is needed is not in the table."""

    code = "predict.no_such_column"
    says = "There is no column for the {role} among: {columns}."
    hint = "Name it, for example {role}='…', or rename the column to `{role}`."


class UnevenColumns(VolverError):
    """Columns of different lengths."""

    code = "predict.uneven_columns"
    says = "The columns are not of one length: {lengths}."
    hint = "Give one value a row in every column."


class TwiceTheColumn(VolverError):
    """Two columns of one name."""

    code = "predict.twice_the_column"
    says = "More than one column is called: {columns}."
    hint = "Rename or drop all but one."


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
            if str(wanted) in self.columns:
                return str(wanted)
            raise NoSuchColumn(role=role, columns=", ".join(self.columns))
        found = self.guessed(guesses)
        if needed and not found:
            raise NoSuchColumn(role=role, columns=", ".join(self.columns))
        return found[0] if found else None

    def guessed(self, guesses: Sequence[str]) -> list[str]:
        """The columns of these names, in the order of the guesses."""
        plain = {_plain(name): name for name in reversed(list(self.columns))}
        return [plain[guess] for guess in dict.fromkeys(map(_plain, guesses)) if guess in plain]

    def sole_instants(self) -> list[str]:
        """The only column of instants or dates; none if there are several."""
        kinds = (pa.types.is_timestamp, pa.types.is_date)
        found = [name for name, values in self.columns.items() if any(kind(values.type) for kind in kinds)]
        return found if len(found) == 1 else []

    def rows(self, mask: Any) -> "Table":
        """Some of the rows."""
        return Table({name: values.filter(pa.array(mask)) for name, values in self.columns.items()}, self.build)


def eager(frame: Any, refuse: Callable[..., VolverError]) -> Any:
    """Any frame as an eager narwhals one; a mapping becomes an Arrow table. Raises `refuse(why=...)` of others."""
    import narwhals as nw  # only a frame needs it

    if isinstance(frame, Mapping):
        frame = pa.table({str(name): _told(values) for name, values in frame.items()})
    try:
        native: Any = nw.from_native(frame)
    except TypeError as error:
        raise refuse(why=f"a {type(frame).__name__} is no frame") from error
    return native.collect() if isinstance(native, nw.LazyFrame) else native


def arrays(
    frame: Any, refuse: Callable[..., VolverError], *, among: Container[str] | None = None, array_names: str = ""
) -> dict[str, Any]:
    """Columns by name as numpy arrays, a mapping's as they are: all, or those `among` some names.

    Where `array_names` says how, the columns of an array or a list of rows are called so and numbered from 1. Raises
    `refuse(why=...)` of what has no columns.
    """
    if isinstance(frame, Mapping):
        return dict(frame)
    if array_names and isinstance(frame, np.ndarray | list | tuple):
        table = np.asarray(frame)
        table = table[:, None] if table.ndim == 1 else table
        return {f"{array_names}{number + 1}": table[:, number] for number in range(table.shape[1])}
    rows = eager(frame, refuse)
    return {name: rows[name].to_numpy() for name in rows.columns if among is None or name in among}


def library_of(frame: Any) -> Any:
    """The library to answer in: the frame's own; Arrow for what is no frame, or is a query rather than a frame."""
    import narwhals as nw

    native = nw.from_native(frame, pass_through=True)
    if isinstance(native, nw.LazyFrame):
        return nw.Implementation.POLARS if native.implementation.is_polars() else nw.Implementation.PYARROW
    return native.implementation if isinstance(native, nw.DataFrame) else nw.Implementation.PYARROW


def framed(columns: Mapping[str, Any], library: Any) -> Any:
    """Columns as a frame of that library."""
    import narwhals as nw

    return nw.from_dict(columns, backend=library).to_native()


def table_of(frame: Any) -> Table:
    """Read any frame once. Raises `NotATable`, `UnevenColumns` and `TwiceTheColumn`."""
    if isinstance(frame, Mapping):
        columns = {str(name): _told(values) for name, values in frame.items()}
        if len({len(values) for values in columns.values()}) > 1:
            raise UnevenColumns(lengths=", ".join(f"{name} {len(values)}" for name, values in columns.items()))
        return Table(columns, _arrays)
    import narwhals as nw

    if type(frame).__name__ == "RecordBatchReader":
        frame = frame.read_all()
    if not hasattr(frame, "collect_schema"):  # polars has no two columns of one name, and asking a lazy frame is work
        _check_names(frame)
    native = nw.from_native(frame, pass_through=True)
    if isinstance(native, nw.LazyFrame):
        arrow = native.collect(backend="pyarrow").to_native()
        duckdb = type(frame).__name__ == "DuckDBPyRelation"
        return Table(_of_arrow(arrow), _Like(native.implementation, lazy=True, duckdb=duckdb))
    if isinstance(native, nw.DataFrame):
        return Table(_columns_of(native), _Like(native.implementation))
    raise NotATable(kind=type(frame).__name__)


def _check_names(frame: Any) -> None:
    names = [str(name) for name in getattr(frame, "column_names", getattr(frame, "columns", ()))]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise TwiceTheColumn(columns=", ".join(twice))


def _columns_of(native: Any) -> dict[str, pa.Array]:
    """The columns of an eager frame; where some cannot be Arrow as they are, each by itself."""
    try:
        return _of_arrow(native.to_arrow())
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return {name: arrow_of(native[name].to_native()) for name in native.columns}


def listed(values: Any, names: Sequence[str] = ()) -> pa.Array:
    """Identifiers as one Arrow array: a lone one, any series or iterable, or a column of a frame.

    The column is the frame's only one, or the first that is called like one of `names`. Raises `NoSuchColumn` for a
    frame of several columns with none that is called so.
    """
    if isinstance(values, np.ndarray) and values.ndim == 0:
        return arrow_of(values.reshape(1))
    if _is_frame(values):
        table = table_of(values)
        found = list(table.columns) if len(table.columns) == 1 else table.guessed(names)
        if not found:
            raise NoSuchColumn(role=names[0] if names else "identifier", columns=", ".join(table.columns))
        return table.columns[found[0]]
    return _told(values)


def _told(values: Any) -> pa.Array:
    """Values as one array; a lone one, such as a text, is an array of one."""
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        return arrow_of([values.item() if isinstance(values, np.generic) else values])
    return arrow_of(values)


def _is_frame(values: Any) -> bool:
    if isinstance(values, Mapping):
        return True
    if isinstance(values, np.ndarray | list | tuple | str | int | pa.Array | pa.ChunkedArray):
        return False
    import narwhals as nw

    native = nw.from_native(values, pass_through=True)
    return isinstance(native, nw.DataFrame | nw.LazyFrame)


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
            try:
                return arrow_of(series.to_arrow())
            except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
                values = series.to_list()
    if not hasattr(values, "__len__") or isinstance(values, Set | KeysView | ValuesView):
        values = list(values)
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array([None if _is_blank(value) else str(value) for value in values], pa.string())


def sorted_codes(column: pa.Array, labels_of: Callable[[pa.Array], Labels] | None = None) -> tuple[Labels, Codes]:
    """Distinct labels of a column without blanks, sorted as `labels_of` makes them, and each row's place among them."""
    told = column.dictionary_encode()
    labels = labels_of(told.dictionary) if labels_of else np.asarray(told.dictionary.to_numpy(zero_copy_only=False))
    order = np.argsort(labels, kind="stable")
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return labels[order], place[told.indices.to_numpy(zero_copy_only=False)]


def _is_blank(value: Any) -> bool:
    """Whether an object among others stands for nothing: None, NaN, and pandas' own words for it."""
    return value is None or (isinstance(value, float) and isnan(value)) or type(value).__name__ in ("NAType", "NaTType")


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


@dataclass(frozen=True, slots=True)
class _Like:
    """Makes a table of the kind that was read. A class, so that what was learned can be pickled."""

    implementation: Any
    lazy: bool = False
    duckdb: bool = False

    def __call__(self, columns: Mapping[str, Any]) -> Any:
        """A table of these columns."""
        import narwhals as nw

        arrow = pa.table({name: arrow_of(values) for name, values in columns.items()})
        if self.duckdb:
            import duckdb

            return duckdb.from_arrow(arrow)
        if self.lazy:
            return nw.from_arrow(arrow, backend="pyarrow").lazy(self.implementation).to_native()
        return nw.from_arrow(arrow, backend=self.implementation).to_native()
