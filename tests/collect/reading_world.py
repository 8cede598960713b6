"""Small files and what the reader makes of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from volver.collect.reading import PARSED, ReadOptions, Sources, open_sources, parsed

NOW_US = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1_000_000)


def opened(
    folder: Path, *paths: Path, currency: str = "EUR", zone: str = "Europe/Madrid", asking: bool = False, **options: Any
) -> Sources:
    return open_sources(
        list(paths) or [folder],
        ReadOptions(**options),
        shop_currency=currency,
        shop_timezone=zone,
        workdir=folder / ".work",
        now_us=NOW_US,
        asking=asking,
    )


def rows_of(sources: Sources, kind: str = "orders") -> list[dict[str, Any]]:
    with duckdb.connect(config={"preserve_insertion_order": False}) as connection:
        view = parsed(sources, connection, kind)  # type: ignore[arg-type]
        assert view is not None
        names = list(PARSED[kind])  # type: ignore[index]
        found = connection.execute(f"SELECT * FROM {view} ORDER BY file_no, row_no").fetchall()
    return [dict(zip(names, row, strict=True)) for row in found]


def read(folder: Path, content: str | bytes, name: str = "orders.csv", **options: Any) -> list[dict[str, Any]]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return rows_of(opened(folder, path, **options))


def mapping(folder: Path, content: str | bytes, name: str = "orders.csv", **options: Any) -> Mapping[str, str]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return opened(folder, path, **options).files[0].mapping


def pick(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def us(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1_000_000)  # type: ignore[arg-type, misc]
