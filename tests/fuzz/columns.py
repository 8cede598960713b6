"""Parquet and Arrow files of every type that a column may have, and of a few that it should not."""

import decimal
import io
from datetime import date, timedelta
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz.texts import HEADS, NASTY, cell, header, sound

ZONES = (None, None, "UTC", "Europe/Madrid", "America/New_York", "+05:30", "-00:00", "Asia/Kathmandu")
UNITS = ("s", "ms", "us", "ns")
_DAY_NS = 86_400 * 10**9


def timestamps(chance: Random, n: int) -> Any:
    """Times of any unit and zone, some further than any calendar goes."""
    unit, zone = chance.choice(UNITS), chance.choice(ZONES)
    a_day = _DAY_NS // 10 ** (9 - 3 * UNITS.index(unit))
    far = chance.random() < 0.2
    whole = [19_700 * a_day + chance.randrange(300 * a_day) for _ in range(n)]
    if far and n:
        whole[chance.randrange(n)] = chance.choice(
            (2**63 - 1, -(2**63), 0, max(-a_day * 800_000, -(2**63)), min(a_day * 100_000, 2**63 - 1))
        )
    return pa.array(whole, pa.int64()).cast(pa.timestamp(unit, tz=zone))


def _decimals(chance: Random, n: int) -> Any:
    precision, scale = chance.choice(((10, 2), (38, 10), (38, 0), (76, 20), (76, 0), (5, -2)))
    kind = pa.decimal256(precision, scale) if precision > 38 else pa.decimal128(precision, scale)
    largest = decimal.Decimal(10) ** (precision - scale - 1)
    odd = chance.random() < 0.3
    with decimal.localcontext(prec=100):
        step = decimal.Decimal(1).scaleb(-scale)
        found = [((largest if odd else decimal.Decimal(chance.randrange(1, 99))) / step).to_integral() * step] * n
    return pa.array(found, kind)


def odd(chance: Random, n: int) -> Any:
    """A column of an unusual type."""
    texts = [chance.choice(("a", "b", None, *NASTY[:3])) for _ in range(n)]
    numbers = [chance.randrange(-5, 100) for _ in range(n)]
    makes = (
        lambda: pa.array(texts, pa.string()).dictionary_encode(),
        lambda: pa.array(texts, pa.large_string()),
        lambda: pa.array(texts, pa.string_view()),
        lambda: pa.array([each.encode() if each else None for each in texts], pa.binary()),
        lambda: pa.array([bytes(chance.randrange(256) for _ in range(4)) for _ in range(n)], pa.binary(4)),
        lambda: pa.array([[1, None], []] * n, pa.list_(pa.int32())).slice(0, n),
        lambda: pa.array([[1, 2]] * n, pa.list_(pa.int32(), 2)),
        lambda: pa.array([{"a": 1, "b": {"c": "x"}}] * n),
        lambda: pa.array([[("k", 1)]] * n, pa.map_(pa.string(), pa.int64())),
        lambda: pa.array(numbers, pa.duration(chance.choice(UNITS))),
        lambda: pa.array([(1, 2, 3)] * n, pa.month_day_nano_interval()),
        lambda: pa.array(numbers, pa.time32("s")),
        lambda: pa.array(numbers, pa.time64("ns")).cast(pa.time64("ns")),
        lambda: pa.array([date(2024, 1, 1) + timedelta(days=each) for each in numbers], pa.date64()),
        lambda: pa.array([chance.choice((2**31 - 1, -(2**31), 0, 19_800)) for _ in range(n)], pa.int32()).cast(
            pa.date32()
        ),
        lambda: pa.array([None] * n, pa.null()),
        lambda: pa.array([True, False] * n, pa.bool_()).slice(0, n),
        lambda: pa.array([float(each) for each in numbers], pa.float16()),
        lambda: pa.array(
            [chance.choice((1.5, float("nan"), float("inf"), -0.0, 1e300)) for _ in range(n)], pa.float64()
        ),
        lambda: pa.array([2**64 - 1 - abs(each) for each in numbers], pa.uint64()),
        lambda: pa.array([2**63 - 1 - abs(each) for each in numbers], pa.int64()),
        lambda: pa.array(["{}"] * n, pa.string()).cast(pa.string()),
        lambda: pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(16)] * n, pa.binary(16))),
        lambda: pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a":1}'] * n, pa.string())),
        lambda: pa.RunEndEncodedArray.from_arrays(pa.array([max(n, 1)], pa.int32()), pa.array([1])).slice(0, n),
        lambda: pa.array([[[1]]] * n, pa.list_(pa.list_(pa.int8()))),
        lambda: pa.UnionArray.from_dense(
            pa.array([0] * n, pa.int8()), pa.array(range(n), pa.int32()), [pa.array(numbers, pa.int64())]
        ),
        lambda: pa.array(["a"] * n, pa.list_view(pa.int8())) if n < 0 else pa.array([[1]] * n, pa.list_view(pa.int8())),
        lambda: _decimals(chance, n),
        lambda: timestamps(chance, n),
    )
    return chance.choice(makes)()


def table(chance: Random, kind: str) -> Any:
    """A table of a kind; some of its columns have odd types."""
    n = chance.choice((0, 1, 3, 20, 20, 200, 5_000 if chance.random() < 0.2 else 10))
    names = [each[:1_000] for each in header(chance, kind)[: chance.choice((60, 60, 2_000))]]
    harm = chance.choice((0.0, 0.1, 0.3))
    columns = []
    for name in names:
        roll = chance.random()
        if roll < harm:
            columns.append(odd(chance, n))
        elif name in ("date", "updated_at") and roll < 0.6:
            columns.append(timestamps(chance, n))
        elif name in ("unit_price", "cost", "quantity") and roll < 0.6:
            columns.append(pa.array([float(sound(chance, name, at)) for at in range(n)], pa.float64()))
        else:
            columns.append(pa.array([cell(chance, name, at, harm / 4) for at in range(n)], pa.string()))
    return pa.Table.from_arrays(columns, names=names)


def parquet(chance: Random, kind: str) -> bytes:
    """A Parquet file; columns that Parquet does not know are left out."""
    whole, out = table(chance, kind), io.BytesIO()
    options = {"compression": chance.choice(("none", "snappy", "gzip", "zstd", "lz4", "brotli"))}
    options |= chance.choice(({}, {"row_group_size": 3}, {"use_dictionary": False}, {"data_page_version": "2.0"}))
    if chance.random() < 0.2:
        options |= {"use_deprecated_int96_timestamps": True}
    while True:
        try:
            pq.write_table(whole, out, **options)
            return out.getvalue()
        except (pa.ArrowException, OverflowError, OSError):
            out = io.BytesIO()
            options.pop("use_deprecated_int96_timestamps", None)
            whole = pa.table({name: whole[at] for at, name in enumerate(whole.column_names) if _fits(whole[at])})


def _fits(column: Any) -> bool:
    try:
        pq.write_table(pa.table({"a": column}), io.BytesIO())
    except (pa.ArrowException, OverflowError, OSError):
        return False
    return True


def arrow(chance: Random, kind: str) -> bytes:
    """An Arrow file or stream, sometimes packed."""
    whole, out = table(chance, kind), io.BytesIO()
    opened = chance.choice((pa.ipc.new_file, pa.ipc.new_stream))
    packed = pa.ipc.IpcWriteOptions(compression=chance.choice((None, "lz4", "zstd")))
    with opened(out, whole.schema, options=packed) as writer:
        writer.write_table(whole, max_chunksize=chance.choice((None, 7)))
    return out.getvalue()


def broken_text(chance: Random) -> bytes:
    """An Arrow file whose texts are no UTF-8, or whose offsets lead out of it."""
    bad = pa.Array.from_buffers(
        pa.string(),
        2,
        [None, pa.py_buffer(b"\x00\x00\x00\x00\x02\x00\x00\x00\x04\x00\x00\x00"), pa.py_buffer(b"\xff\xfe\xc3\x28")],
    )
    names = [*HEADS["orders"]]
    columns = [pa.array([sound(chance, name, at) for at in range(2)]) for name in names]
    columns[chance.randrange(len(names))] = bad
    out = io.BytesIO()
    whole = pa.table(dict(zip(names, columns, strict=True)))
    with chance.choice((pa.ipc.new_file, pa.ipc.new_stream))(out, whole.schema) as writer:
        writer.write_table(whole)
    return out.getvalue()
