"""The same named queries beyond one machine: on a Spark Connect endpoint (Sail or Apache Spark 4).

The SQL text is the one that DuckDB runs; sqlglot carries it over, parameters become literals in its tree, never text.
The lake's Delta tables are read where they lie.
"""

import socket
import sys
import threading
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlglot import exp, parse_one

from volver.core import VolverError
from volver.store import through
from volver.store.lake import arrow_type
from volver.store.query import Query, named
from volver.store.tables import TABLES

if TYPE_CHECKING:
    import pyarrow as pa

    from volver.store.lake import Lake


_PATIENCE_S = 5.0


class NoSparkClient(VolverError):
    """The extra that talks to Spark is not installed."""

    code = "store.no_spark_client"
    says = "This Volver was installed without the Spark client."
    hint = "Install volver[distributed]."
    status = 500


class BadComputeUrl(VolverError):
    """The setting `compute` names no Spark Connect endpoint."""

    code = "store.bad_compute_url"
    says = "The setting compute names {url}, which is no Spark Connect endpoint."
    hint = "Use sc://host:port, or leave it empty to let DuckDB answer on this machine."


class SparkNotReached(VolverError):
    """Nobody answers at the Spark Connect endpoint."""

    code = "store.spark_not_reached"
    says = "Nobody answers at the compute endpoint {url}."
    hint = "Start it (`sail spark server` or Spark's `start-connect-server.sh`), or leave the setting compute empty."
    status = 503


def _reachable(url: str) -> str:
    """The URL, once somebody listens there: the client itself would try for minutes."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not url.startswith("sc://") or not host:
        raise BadComputeUrl(url=url)
    try:
        socket.create_connection((host, port or 15002), timeout=_PATIENCE_S).close()
    except OSError as problem:
        raise SparkNotReached(url=url) from problem
    return url


def _client() -> Any:
    """The client's session class. Raises `store.no_spark_client`.

    The client takes a main module without a file (`python -c`, a test worker) for its own doctests and leaves the
    process; so such a module gets a name while the client loads.
    """
    main = sys.modules["__main__"]
    nameless = not hasattr(main, "__file__")
    if nameless:
        main.__file__ = "<volver>"
    try:
        from pyspark.sql.connect.session import SparkSession
    except ImportError as problem:
        raise NoSparkClient from problem
    finally:
        if nameless:
            del main.__file__
    return SparkSession


class Spark:
    """Runs named queries over a lake on a Spark Connect endpoint such as `sc://127.0.0.1:50051`.

    Raises `store.bad_compute_url`, `store.spark_not_reached`, `store.no_spark_client`.
    """

    def __init__(self, url: str, lake: "Lake") -> None:
        self._lake = lake
        self._lock = threading.Lock()
        self._session: Any = _client().builder.remote(_reachable(url)).create()
        self._session.conf.set("spark.sql.session.timeZone", "UTC")
        self._versions: dict[str, tuple[int, tuple[bool, bool]]] = {}

    def query(self, name: str, **params: Any) -> "pa.Table":
        """Run a named query; its columns have the declared types.

        Raises `store.unknown_query`, `store.missing_parameter`.
        """
        wanted = named(name)
        sql = spark_sql(wanted, params)
        with self._lock:
            for table in wanted.inputs:
                self._show(table)
            found = self._session.sql(sql).toArrow()
        return found.cast(_declared(wanted)) if found.column_names == list(wanted.output) else found

    def close(self) -> None:
        """End the session."""
        self._session.stop()

    def _show(self, table: str) -> None:
        """Make the newest version of a lake table visible under its name, as a typed nothing where it is empty."""
        version, told = (
            self._lake.version(table),
            through.layers(table, lambda name: self._lake.snapshot(name).rows > 0),
        )
        for other in told.rests_on:
            self._show(other)
        if self._versions.get(table) == (version, told.state):
            return
        if version < 0:
            columns = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in TABLES[table].columns.items())
            nothing = parse_one(f"select {columns} where false", read="duckdb").sql("spark")
            frame = self._session.sql(nothing)
        else:
            frame = self._session.read.format("delta").load(self._lake.uri(table))
        frame.createOrReplaceTempView(f"{table}_files")
        for name, select in told.views(f"select * from {table}_files"):
            spoken = parse_one(select, read="duckdb").sql("spark")
            self._session.sql(spoken).createOrReplaceTempView(name)
        self._versions[table] = (version, told.state)


def _declared(query: Query) -> "pa.Schema":
    import pyarrow as pa

    return pa.schema([pa.field(name, arrow_type(kind)) for name, kind in query.output.items()])


def spark_sql(query: Query, params: Mapping[str, Any]) -> str:
    """A named query in Spark's dialect, its parameters filled in. Raises `store.missing_parameter`."""
    values = query.bound(params)

    def filled(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Placeholder):
            return _literal(values[node.name], query.params[node.name])
        return node

    return parse_one(query.sql, read="duckdb").transform(filled).sql("spark", comments=False)


def _literal(value: object, kind: str) -> exp.Expr:
    if value is None:
        return exp.cast(exp.null(), kind)
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), kind)
    if isinstance(value, str):
        return exp.cast(exp.Literal.string(value), kind)
    return exp.cast(exp.convert(value), kind)
