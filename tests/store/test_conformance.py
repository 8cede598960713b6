"""Every named query answers the same on DuckDB and on Spark (Sail), over the same Delta tables."""

import struct
import warnings
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.store.lakes import add_lines, lines_sql
from tests.store.small import small_shop
from volver.store import TABLES, Query, Shop, Spark, compact, create_shop, named, query_names
from volver.store.query import read_query
from volver.store.spark import spark_sql
from volver.store.tables import LakeTable

ARROW = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with small_shop(tmp_path_factory.mktemp("conform") / "shop") as made:
        yield made


@pytest.fixture(scope="module")
def spark(shop: Shop) -> Iterator[Spark]:
    server = pytest.importorskip("pysail.spark").SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    host, port = server.listening_address
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = Spark(f"sc://{host}:{port}", shop.lake)
        yield session
        session.close()
    server.stop()


def canonical(table: pa.Table, query: Query) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(_exact(value, query) for value in row.values()) for row in table.to_pylist())


def _exact(value: object, query: Query) -> object:
    """A DOUBLE as its bits, so that 0.1 + 0.2 is not 0.3; -0.0 and 0.0 are one number."""
    if not isinstance(value, float) or query.tolerance:
        return value
    return struct.pack("<d", value + 0.0)


def as_declared(table: pa.Table, query: Query) -> pa.Table:
    """Columns in their declared types; only the width of integers may differ between engines."""
    columns = []
    for name, kind in query.output.items():
        column, wanted = table.column(name), ARROW[kind]
        same = column.type == wanted or (pa.types.is_integer(column.type) and pa.types.is_integer(wanted))
        texts = pa.types.is_large_string(column.type) and kind == "VARCHAR"
        assert same or texts, f"{name} is {column.type}, declared {kind}"
        columns.append(column.cast(wanted))
    return pa.Table.from_arrays(columns, names=list(query.output))


def assert_same(ours: pa.Table, theirs: pa.Table, query: Query) -> None:
    if not query.tolerance:
        assert canonical(ours, query) == canonical(theirs, query)
        return
    key = repr
    one, two = sorted(map(_rough, ours.to_pylist()), key=key), sorted(map(_rough, theirs.to_pylist()), key=key)
    assert len(one) == len(two)
    for left, right in zip(one, two, strict=True):
        for mine, other in zip(left, right, strict=True):
            assert mine == other or mine == pytest.approx(other, rel=query.tolerance, abs=query.tolerance)


def _rough(row: dict[str, Any]) -> tuple[Any, ...]:
    """A row whose exact columns come first, so that sorting does not hang on the last bit of a DOUBLE."""
    exact = [value for value in row.values() if not isinstance(value, float)]
    return (*exact, *(value for value in row.values() if isinstance(value, float)))


TRIALS = [(name, number) for name in query_names() for number in range(max(1, len(named(name).examples)))]


@pytest.mark.parametrize(("name", "trial"), TRIALS)
def test_the_engines_agree(name: str, trial: int, shop: Shop, spark: Spark) -> None:
    query = named(name)
    example = query.examples[trial] if query.examples else {}
    ours = shop.compute.query(name, **example)
    assert {column: ours.schema.field(column).type for column in ours.column_names} == {
        column: ARROW[kind] for column, kind in query.output.items()
    }, "the header's output is not what DuckDB answers"
    theirs = spark.query(name, **example)
    assert_same(ours, as_declared(theirs, query), query)


SHAPES = {
    "totals": """
        -- Money and lines per month.
        -- inputs: order_lines, months
        -- params: until DATE
        -- output: month VARCHAR, lines BIGINT, net_e4 BIGINT, share DOUBLE
        -- example: until=2017-11-01
        select m.month, count(*) as lines, cast(sum(o.amount_e4) as bigint) as net_e4,
               cast(sum(o.amount_e4) as double) / nullif(count(*), 0) as share
        from order_lines o join months m on m.month = o.month where o.day <= $until group by m.month""",
    "windows": """
        -- Each order with the one before it.
        -- inputs: orders
        -- output: order_id BIGINT, place BIGINT, gap INTEGER, running_e4 BIGINT, weeks BIGINT
        select order_id, row_number() over (partition by customer_id order by ts_us, order_id
                 rows between unbounded preceding and current row) as place,
               cast(date_diff('day', lag(day) over (partition by customer_id order by ts_us, order_id), day) as integer)
                 as gap,
               cast(sum(net_e4) over (partition by customer_id order by ts_us, order_id
                 rows between unbounded preceding and current row) as bigint) as running_e4,
               cast(floor(net_e4 / 7) as bigint) as weeks
        from orders""",
    "texts": """
        -- Customers found by a piece of their name.
        -- inputs: customers
        -- params: piece VARCHAR, city VARCHAR
        -- output: customer_id BIGINT, name VARCHAR, later DATE
        -- example: piece=ame 1, city=null
        select customer_id, coalesce(name, 'o''k') as name, cast(date '2017-01-31' + 30 as date) as later
        from customers where lower(name) like '%' || $piece || '%' and (city = $city or $city is null)""",
    "nothing": """
        -- An answer without rows.
        -- inputs: events
        -- params: after_us BIGINT, above DOUBLE
        -- output: event_id BIGINT
        -- example: after_us=9000000000000000, above=0.5
        select event_id from events where ts_us > $after_us and 0.7 > $above""",
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_profile_carries_over(name: str, shop: Shop, spark: Spark) -> None:
    sql = "\n".join(line.strip() for line in SHAPES[name].strip().splitlines())
    query = read_query(name, sql)
    ours = shop.compute.relation(query.sql, query.example)
    for table in query.inputs:
        spark._show(table)
    theirs = spark._session.sql(spark_sql(query, query.example)).toArrow()
    assert_same(as_declared(ours, query), as_declared(theirs, query), query)


@pytest.mark.parametrize("text", ["o'k", "a' or 1 = 1 --", "back\\slash\\' x", 'say "hi"', "$x {y} %s", "ñ €\n\ttab"])
def test_a_text_parameter_arrives_as_it_was(text: str, shop: Shop, spark: Spark) -> None:
    query = read_query("q", "-- X.\n-- params: x VARCHAR\nselect $x as x")
    theirs = spark._session.sql(spark_sql(query, {"x": text})).toArrow()
    assert theirs.to_pylist() == [{"x": text}] == shop.compute.relation(query.sql, {"x": text}).to_pylist()


def test_days_are_typed_literals() -> None:
    query = read_query("q", "-- X.\n-- params: d DATE\nselect order_ref from orders where day = $d")
    assert "CAST('2017-11-01' AS DATE)" in spark_sql(query, {"d": date(2017, 11, 1)})


def spark_rows(spark: Spark, shop: Shop, table: str, asked: str) -> list[Any]:
    frame = spark._session.read.format("delta").load(str(shop.lake.path(table).absolute()))
    frame.createOrReplaceTempView("given")
    found: list[Any] = spark._session.sql(f"select {asked} from given").toArrow().to_pylist()
    return found


def test_every_table_has_the_same_rows_on_both(shop: Shop, spark: Spark) -> None:
    for table in TABLES:
        assert spark_rows(spark, shop, table, "count(*) as n")[0]["n"] == shop.lake.snapshot(table).rows


def test_a_compacted_and_widened_table_reads_alike(
    tmp_path: Path, spark: Spark, monkeypatch: pytest.MonkeyPatch
) -> None:
    with create_shop(tmp_path / "wide") as shop:
        add_lines(shop, 1)
        add_lines(shop, 2)
        compact(shop, "order_lines")
        old = TABLES["order_lines"]
        columns = {**old.columns, "gift_e4": "BIGINT"}
        new = LakeTable(name=old.name, columns=columns, partition=old.partition, sort=old.sort)
        monkeypatch.setitem(TABLES, "order_lines", new)
        files = shop.compute.write(f"select *, 7 as gift_e4 from ({lines_sql(10, 5000)})", "order_lines")
        shop.lake.add("order_lines", files, 3)
        asked = "count(*) as n, count(gift_e4) as g, cast(sum(line_id) as bigint) as s"
        ours = shop.compute.relation(f"select {asked} from order_lines").to_pylist()
        assert spark_rows(spark, shop, "order_lines", asked) == ours
        assert ours[0]["g"] == 10
