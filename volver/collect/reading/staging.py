"""What DuckDB cannot read in parts (JSON orders with lines, Arrow files, frames) becomes Parquet in the work folder."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver.collect.reading.files import CannotRead, fresh
from volver.collect.reading.quoting import literal, name

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_HALF = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_LISTS = (
    "line_items",
    "lineitems",
    "items",
    "lines",
    "order_lines",
    "order_items",
    "products",
    "lineas",
    "articulos",
    "productos",
)


def stage_json(path: Path, label: str, connection: "duckdb.DuckDBPyConnection", workdir: Path) -> Path:
    """A Parquet file with one row per line item (or per object), all text; columns `fault` and `line` come first.

    Objects inside become `outer.inner` columns; the items of the order's list become `list[].key` columns.
    """
    import duckdb

    target = fresh(workdir, ".parquet")
    path = _whole_characters(path, workdir)
    try:
        scan = _objects(path, connection)
        keys, items = _keys(scan, connection)
        if not keys:
            raise CannotRead(file=label, why="it holds no JSON objects")
        source = f"SELECT n, line, j, NULL AS item FROM {scan}"
        if items:
            inside = f"json_extract(j, {_path(items)})"
            listed = f"CASE WHEN json_type({inside}) = 'ARRAY' AND json_array_length({inside}) > 0"
            source = (
                f"SELECT n, line, j, unnest({listed} THEN cast({inside} AS JSON[]) "
                f"ELSE [cast(NULL AS JSON)] END) AS item FROM {scan}"
            )
        columns = [f"json_extract_string(j, {_path(*each)}) AS {name('.'.join(each))}" for each in keys]
        columns += [
            f"json_extract_string(item, {_path(each)}) AS {name(f'{items}[].{each}')}"
            for each in (_inner_keys(scan, items, connection) if items else ())
        ]
        connection.execute(
            "COPY (SELECT CASE WHEN j IS NULL THEN 'unreadable' END AS fault, "
            f"CASE WHEN j IS NULL THEN line END AS line, {', '.join(columns)} "
            f"FROM ({source})) TO {literal(str(target))} (FORMAT parquet)"
        )
    except duckdb.Error as problem:
        raise CannotRead(file=label, why="it is not JSON, one object a line or a list of objects") from problem
    return target


def _whole_characters(path: Path, workdir: Path) -> Path:
    r"""The file, or a copy in which halves of characters (`\ud83d` alone) are replacement signs: JSON has no such."""
    with path.open("rb") as opened:
        if not any(_HALF.search(line) for line in opened):
            return path
    target = fresh(workdir, path.suffix)
    with path.open("rb") as opened, target.open("wb") as out:
        out.writelines(_HALF.sub(rb"\\ufffd", line) for line in opened)
    return target


def _objects(path: Path, connection: "duckdb.DuckDBPyConnection") -> str:
    """A scan of objects: `n`, the text `line` and `j` (NULL where the line is not JSON)."""
    with path.open(encoding="utf-8-sig", errors="replace") as opened:
        head = opened.read(4096).lstrip()
        rest = opened.read(1)
    whole = head.startswith("[") or (
        not rest and head.count("\n") > 1 and not head.splitlines()[0].rstrip().endswith("}")
    )
    if whole:
        largest = 1 << 24 if head.startswith("[") else max(1 << 24, path.stat().st_size + 1)
        read = f"read_json_objects({literal(str(path))}, format = 'auto', maximum_object_size = {largest})"
        plain = f"(SELECT row_number() OVER () AS n, cast(json AS VARCHAR) AS line, json AS j FROM {read})"
        return _unwrapped(plain, connection)
    read = (
        f"read_csv({literal(str(path))}, auto_detect = false, header = false, delim = chr(31), quote = '', "
        "escape = '', nullstr = chr(1), max_line_size = 16777216, buffer_size = 33554432, "
        "columns = {'line': 'VARCHAR'})"
    )
    return (
        "(SELECT row_number() OVER () AS n, line, CASE WHEN json_valid(line) AND json_type(line) = 'OBJECT' "
        f"THEN cast(line AS JSON) END AS j FROM {read} WHERE trim(line) <> '')"
    )


def _unwrapped(scan: str, connection: "duckdb.DuckDBPyConnection") -> str:
    """`{"orders": [...]}` is its list."""
    found = connection.execute(f"SELECT json_keys(j), count(*) OVER () FROM {scan} LIMIT 1").fetchall()
    if found and found[0][1] == 1 and len(found[0][0]) == 1:
        inner = f"json_extract(j, {_path(found[0][0][0])})"
        kind = connection.execute(f"SELECT json_type({inner}) FROM {scan}").fetchall()[0][0]
        if kind == "ARRAY":
            listed = f"(SELECT unnest(cast({inner} AS JSON[])) AS j FROM {scan})"
            return f"(SELECT row_number() OVER () AS n, cast(j AS VARCHAR) AS line, j FROM {listed})"
    return scan


def _keys(scan: str, connection: "duckdb.DuckDBPyConnection") -> tuple[list[tuple[str, ...]], str | None]:
    """The paths to the values of the objects (and of objects inside them), and the key of the list of lines."""
    found = connection.execute(
        f"SELECT k, count(*) FILTER (t = 'OBJECT'), count(*) FILTER (t = 'ARRAY'), min(n * 1000 + i) "
        f"FROM (SELECT n, k, i, json_type(json_extract(j, '$.\"' || k || '\"')) AS t "
        "FROM (SELECT n, j, unnest(json_keys(j)) AS k, "
        f"unnest(range(len(json_keys(j)))) AS i FROM {scan} WHERE j IS NOT NULL)) WHERE k NOT LIKE '%\"%' "
        "GROUP BY k ORDER BY 4"
    ).fetchall()
    lists = [key for key, _, arrays, _ in found if arrays]
    items = next((key for wanted in _LISTS for key in lists if key.lower() == wanted), None)
    keys: list[tuple[str, ...]] = []
    for key, objects, arrays, _ in found:
        if objects:
            inner = connection.execute(
                f"SELECT DISTINCT unnest(json_keys(json_extract(j, {_path(key)}))) AS k FROM {scan} "
                f"WHERE json_type(json_extract(j, {_path(key)})) = 'OBJECT' ORDER BY k"
            ).fetchall()
            keys += [(key, each) for (each,) in inner if '"' not in each]
        elif not arrays:
            keys.append((key,))
    return keys, items


def _inner_keys(scan: str, items: str, connection: "duckdb.DuckDBPyConnection") -> list[str]:
    inside = f"json_extract(j, {_path(items)})"
    found = connection.execute(
        "SELECT DISTINCT unnest(json_keys(item)) AS k "
        f"FROM (SELECT unnest(cast({inside} AS JSON[])) AS item FROM {scan} "
        f"WHERE json_type({inside}) = 'ARRAY') WHERE json_type(item) = 'OBJECT' ORDER BY k"
    ).fetchall()
    return [each for (each,) in found if '"' not in each]


def _path(*keys: str) -> str:
    return literal("$" + "".join(f'."{key}"' for key in keys))


def stage_arrow(path: Path, label: str, workdir: Path) -> Path:
    """An Arrow IPC file or stream (Feather) as Parquet."""
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as mapped:
            try:
                opened = pa.ipc.open_file(mapped)
                batches: Iterator[pa.RecordBatch] = (opened.get_batch(n) for n in range(opened.num_record_batches))
                schema = opened.schema
            except pa.ArrowInvalid:
                mapped.seek(0)
                stream = pa.ipc.open_stream(mapped)
                batches, schema = iter(stream), stream.schema
            return _written(schema, _sound(batches), workdir)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as problem:
        if isinstance(problem, OSError) and problem.errno == errno.ENOSPC:
            raise
        raise CannotRead(file=label, why="it is not a sound Arrow file or stream") from problem


def _sound(batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    """The batches, each looked at: lengths that lead out of the file and texts that are no UTF-8 are refused."""
    for batch in batches:
        batch.validate(full=True)
        yield batch


def stage_frame(frame: Any, workdir: Path) -> Path:
    """A pandas, polars, Arrow or DuckDB frame as Parquet; raises `collect.cannot_read` for anything else."""
    import pyarrow as pa

    try:
        with _reader(frame) as reader:
            return _written(reader.schema, _sound(iter(reader)), workdir)
    except (pa.ArrowException, ValueError, OverflowError) as problem:
        if hasattr(frame, "select_dtypes"):
            return stage_frame(_plain_pandas(frame), workdir)
        raise CannotRead(
            file="The frame", why="its columns have no Arrow type, or hold what their type cannot"
        ) from problem


def _plain_pandas(frame: Any) -> "pa.Table":
    """A pandas frame whose mixed columns are texts. Raises `collect.cannot_read`."""
    import pyarrow as pa

    mixed = {column: frame[column].map(_text) for column in frame.columns if str(frame[column].dtype) == "object"}
    try:
        return pa.Table.from_pandas(frame.assign(**mixed))
    except (pa.ArrowException, ValueError, OverflowError, TypeError) as problem:
        raise CannotRead(file="The frame", why="its columns have no Arrow type") from problem


def _text(cell: Any) -> str | None:
    return None if cell is None or cell != cell else str(cell)


@contextmanager
def _reader(frame: Any) -> "Iterator[pa.RecordBatchReader]":
    import pyarrow as pa

    if hasattr(frame, "to_arrow_reader"):
        yield frame.to_arrow_reader()
        return
    if not hasattr(frame, "__arrow_c_stream__"):
        import narwhals

        try:
            eager = narwhals.from_native(frame)
        except TypeError as problem:
            raise CannotRead(file="The object", why="it is no pandas, polars, Arrow or DuckDB frame") from problem
        frame = eager.collect() if isinstance(eager, narwhals.LazyFrame) else eager
    yield pa.RecordBatchReader.from_stream(frame)


def _written(schema: "pa.Schema", batches: "Iterator[pa.RecordBatch]", workdir: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    target = fresh(workdir, ".parquet")
    names = _distinct(schema.names)
    odd = [_is_odd(kind) for kind in schema.types]
    kinds = [pa.string() if is_odd else kind for is_odd, kind in zip(odd, schema.types, strict=True)]
    plain = pa.schema(list(zip(names, kinds, strict=True)))
    with pq.ParquetWriter(target, plain, compression="lz4") as writer:
        for batch in batches:
            if batch.num_rows:
                columns = [_as_text(each) if is_odd else each for is_odd, each in zip(odd, batch.columns, strict=True)]
                writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=plain))
    return target


def _distinct(names: list[str]) -> list[str]:
    found: dict[str, None] = {}
    for each in names:
        number, told = 1, each
        while told in found:
            number += 1
            told = f"{each}_{number}"
        found[told] = None
    return list(found)


def _is_odd(kind: "pa.DataType") -> bool:
    """Whether a column is written as text: what is no plain value, and what Parquet cannot hold."""
    from pyarrow import types as of

    if of.is_dictionary(kind):
        return _is_odd(kind.value_type)
    if of.is_decimal(kind):
        return bool(kind.scale < 0 or kind.precision > 38)
    if of.is_fixed_size_binary(kind) or of.is_binary_view(kind):
        return True
    plain = (of.is_integer, of.is_floating, of.is_boolean, of.is_string, of.is_large_string, of.is_binary, of.is_null)
    times = (of.is_timestamp, of.is_date, of.is_time, of.is_large_binary)
    return not any(each(kind) for each in (*plain, *times))


def _as_text(column: "pa.Array") -> "pa.Array":
    """A column's values as people would write them."""
    import pyarrow as pa

    if isinstance(column, pa.ExtensionArray) and pa.types.is_string(column.storage.type):
        return column.storage
    if pa.types.is_string_view(column.type):
        return column.cast(pa.string())
    if pa.types.is_duration(column.type):
        return column.cast(pa.int64()).cast(pa.string())
    return pa.array([None if each is None else str(each) for each in column.to_pylist()], pa.string())
