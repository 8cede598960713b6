"""However a file is split, shuffled, overlapped or repeated, the ledger is the same to the last unit."""

import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.collect.ledger_world import EXPORT, UK, Row, arithmetic_holds, british, imported, ledger, rows_of, write_csv
from tests.world import examples
from volver.store import Shop, open_shop

PRODUCTS = [
    ("85048", "GLASS LIGHTS"),
    ("22041", "POST BOX"),
    ("POST", "POSTAGE"),
    ("M", "Manual"),
    ("B", "Adjust bad debt"),
    ("M", ""),
]
# Every file of a shop holds an ordinary order, by whose number cancellations are known.
ANCHOR: Row = ("1000", "85048", "GLASS LIGHTS", "1", "2010-12-01 08:00:00", "1.00", "1", UK)


@st.composite
def dirty_rows(draw: st.DrawFn) -> Row:
    code, name = draw(st.sampled_from(PRODUCTS))
    order = draw(st.sampled_from(["1001", "1002", "1003", "C1004", "A1005"]))
    when = draw(
        st.sampled_from(
            [
                "2010-12-01 08:26:00",
                "2010-12-31 23:59:00",
                "2011-01-01 00:01:00",
                "1890-01-01 00:00:00",
                "2999-01-01 00:00:00",
            ]
        )
    )
    quantity = draw(st.sampled_from(["1", "2", "-1", "-3", "0"]))
    price = draw(st.sampled_from(["0.00", "2.55", "-1.25", "13.10"]))
    customer = draw(st.sampled_from(["17850.0", "12346", "", "guest"]))
    return (order, code, name, quantity, when, price, customer, draw(st.sampled_from([UK, "France"])))


@st.composite
def splits(draw: st.DrawFn) -> tuple[list[Row], list[list[Row]]]:
    """A file, and files that together say the same: one holds all of an order, so that others with a part of it do not
    contradict it; copies of a line stay together.
    """
    lines = draw(
        st.lists(
            st.tuples(dirty_rows(), st.integers(1, 3)),
            min_size=1,
            max_size=12,
            unique_by=lambda x: without_country(x[0]),
        )
    )
    n_files = draw(st.integers(1, 4))
    parts: list[list[Row]] = [[] for _ in range(n_files)]
    whole_in = {row[0]: draw(st.integers(0, n_files - 1)) for row, _ in lines}
    for row, copies in lines:
        for number in {whole_in[row[0]], *draw(st.sets(st.integers(0, n_files - 1)))}:
            parts[number] += [row] * copies
    mixed = [draw(st.permutations([*part, ANCHOR])) for part in parts if part]
    whole = [ANCHOR, *(row for row, copies in lines for _ in range(copies))]
    return whole, draw(st.permutations([*mixed, mixed[0]]))


def without_country(row: Row) -> Row:
    return row[:7]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "shop"
    british(path).close()
    return path


@contextmanager
def fresh(empty: Path) -> Iterator[tuple[Shop, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(empty, Path(folder) / "shop")
        with open_shop(Path(folder) / "shop") as shop:
            yield shop, Path(folder)


def after(empty: Path, commands: Sequence[Sequence[Sequence[Row]]]) -> tuple[Any, ...]:
    """What the shop holds after these imports: ledger, revenue, names, customers, what is set aside."""
    with fresh(empty) as (shop, folder):
        for number, files in enumerate(commands):
            paths = [write_csv(folder / f"{number}-{at}.csv", rows) for at, rows in enumerate(files)]
            assert arithmetic_holds(imported(shop, *paths))
        names = rows_of(shop, "select product_ref, name, is_product from products order by all")
        people = rows_of(shop, "select customer_ref from customers order by all")
        with shop.state.read() as state:
            aside = state.exec_driver_sql("select reason, batch_key from set_aside order by 1, 2").all()
        return ledger(shop), names, people, [tuple(row) for row in aside]


@settings(
    max_examples=examples(6, 40),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],  # every example makes shops: shrinking would take hours
)
@given(splits(), st.data())
def test_split_shuffled_and_overlapping_files_give_the_same_ledger(
    empty: Path, world: tuple[list[Row], list[list[Row]]], data: st.DataObject
) -> None:
    whole, parts = world
    commands: list[list[list[Row]]] = [[]]
    for part in parts:  # in one import with the part before it, or in an import of its own
        if commands[-1] and data.draw(st.booleans()):
            commands.append([])
        commands[-1].append(part)
    assert after(empty, commands) == after(empty, [[whole]])


@st.composite
def cuts(draw: st.DrawFn) -> tuple[list[Row], list[list[Row]]]:
    """A file, and files of one import that together say the same: any line may be in any of them, or in several."""
    lines = draw(st.lists(dirty_rows(), min_size=1, max_size=12, unique_by=without_country))
    parts: list[list[Row]] = [[ANCHOR] for _ in range(draw(st.integers(2, 4)))]
    for row in lines:
        for number in draw(st.sets(st.integers(0, len(parts) - 1), min_size=1)):
            parts[number].append(row)
    return [ANCHOR, *lines], parts


@settings(
    max_examples=examples(4, 30),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
)
@given(cuts())
def test_files_of_one_import_are_parts_of_their_orders(empty: Path, world: tuple[list[Row], list[list[Row]]]) -> None:
    whole, parts = world
    assert after(empty, [parts]) == after(empty, [[whole]])


def test_the_largest_count_in_any_one_file_holds(empty: Path) -> None:
    row = EXPORT[1]
    with fresh(empty) as (shop, folder):
        counts = []
        for at, copies in enumerate([2, 1, 3, 3]):
            counts.append(imported(shop, write_csv(folder / f"{at}.csv", [row] * copies)).rows.added)
        assert counts == [2, 0, 1, 0]
        assert rows_of(shop, "select count(*), sum(amount_e4) from order_lines") == [(3, 126000)]


def test_the_same_file_twice_in_one_import_counts_once(empty: Path) -> None:
    with fresh(empty) as (shop, folder):
        first, second = write_csv(folder / "a.csv", EXPORT), write_csv(folder / "b.csv", reversed(EXPORT))
        once = imported(shop, first)
        both = imported(shop, first, second)
        assert (both.rows.read, both.rows.added, both.rows.already_there) == (50, 0, 44)
        assert both.orders == once.orders
        assert both.lines == once.lines
        assert both.ledger_net == once.ledger_net


def test_importing_again_writes_nothing_at_all(empty: Path) -> None:
    with fresh(empty) as (shop, folder):
        path = write_csv(folder / "a.csv", EXPORT)
        first = imported(shop, path)
        entries, files = shop.log.count(), sorted(shop.path.rglob("*.parquet"))
        again = imported(shop, path)
        assert (again.rows.added, again.rows.already_there) == (0, first.rows.added)
        assert (again.orders, again.lines, again.net, again.ledger_net) == (
            first.orders, first.lines, first.net, first.ledger_net,
        )  # fmt: skip
        assert shop.log.count() == entries
        assert sorted(shop.path.rglob("*.parquet")) == files


def test_an_old_file_does_not_turn_a_customer_back(empty: Path) -> None:
    moves = [("2010-01-01 00:00:00", "Spain"), ("2010-06-01 00:00:00", "France"), ("2010-03-01 00:00:00", "Italy")]
    rows = [(f"20{n}", *EXPORT[0][1:4], when, "1.00", "7", country) for n, (when, country) in enumerate(moves)]
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        with fresh(empty) as (shop, folder):
            for at in order:
                imported(shop, write_csv(folder / f"{at}.csv", [rows[at]]))
            assert rows_of(shop, "select customer_ref, country from customers") == [("7", "France")]


def test_numbers_of_customers_and_products_follow_first_appearance(empty: Path) -> None:
    rows = list(EXPORT)
    random.Random(4).shuffle(rows)
    with fresh(empty) as (shop, folder):
        imported(shop, write_csv(folder / "a.csv", rows[:12])), imported(shop, write_csv(folder / "b.csv", rows))
        for table, key in (("customers", "customer"), ("products", "product")):
            ids = [number for (number,) in rows_of(shop, f"select {key}_id from {table} order by 1")]
            assert ids == list(range(1, len(ids) + 1))
        assert rows_of(shop, "select count(distinct line_id) = count(*) from order_lines") == [(True,)]
