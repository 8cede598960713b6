"""The same named queries beyond one machine: on a Spark Connect endpoint (Sail or Apache Spark 4).

The SQL text is the one that DuckDB runs; sqlglot carries it over, parameters become literals in its tree, never text.
The lake's Delta tables are read where they lie.
"""

import sys
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlglot import exp, parse_one

from volver.core import VolverError
from volver.store.query import Query, named
from volver.store.tables import TABLES

if TYPE_CHECKING:
    import pyarrow as pa

    from volver.store.lake import Lake


class NoSparkClient(VolverError):
    """The extra that talks to Spark is not installed."""

    code = "store.no_spark_client"
    says = "This Volver was installed without the Spark client."
    hint = "Install volver[distributed]."
    status = 500


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
    """Runs named queries over a lake on a Spark Connect endpoint such as `sc://127.0.0.1:50051`."""

    def __init__(self, url: str, lake: "Lake") -> None:
        self._lake = lake
        self._session: Any = _client().builder.remote(url).create()
        self._session.conf.set("spark.sql.session.timeZone", "UTC")
        self._versions: dict[str, int] = {}

    def query(self, name: str, **params: Any) -> "pa.Table":
        """Run a named query. Raises `store.unknown_query`, `store.missing_parameter`."""
        wanted = named(name)
        for table in wanted.inputs:
            self._show(table)
        return self._session.sql(spark_sql(wanted, params)).toArrow()

    def close(self) -> None:
        """End the session."""
        self._session.stop()

    def _show(self, table: str) -> None:
        """Make the newest version of a lake table visible under its name, as a typed nothing where it is empty."""
        if TABLES[table].unless:
            self._show(TABLES[table].unless)
        version = self._lake.snapshot(table).version
        if self._versions.get(table) == version:
            return
        if version < 0:
            columns = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in TABLES[table].columns.items())
            nothing = parse_one(f"select {columns} where false", read="duckdb").sql("spark")
            frame = self._session.sql(nothing)
        else:
            frame = self._session.read.format("delta").load(str(self._lake.path(table).absolute()))
        if TABLES[table].everything:
            frame.createOrReplaceTempView(TABLES[table].everything)
            frame = self._session.sql(parse_one(TABLES[table].holds, read="duckdb").sql("spark"))
        frame.createOrReplaceTempView(table)
        self._versions[table] = version


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
