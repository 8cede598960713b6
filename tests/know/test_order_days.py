"""An order is one thing: what know counts, what predict counts, and what plain Python counts, on any day."""

import shutil
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.know.oracle import documents
from tests.know.test_know import LAST, buys, worlds
from tests.world import Line, day, shop_of
from volver import know
from volver.know.as_of import as_of
from volver.predict.value.order_days import buying_days
from volver.store import Shop, keep

Days = set[tuple[int, date]]


def known_days(shop: Shop, at: date) -> Days:
    asked = "select distinct customer_id, day from orders where is_order = 1 and customer_id is not null"
    with as_of(shop, at) as here:
        return {(row["customer_id"], row["day"]) for row in here.sql(asked)}


def foreseen_days(shop: Shop, at: date) -> Days:
    known = buying_days(shop, at).at(at)
    whose = known.customer_id.repeat(known.many)
    return set(zip(whose.tolist(), known.day.astype("datetime64[D]").tolist(), strict=True))


def undone_less_a_fee(customer: int) -> list[Line]:
    """An order, and a second one that came back whole two hours later, less a restocking fee."""
    first = Line(order=f"a{customer}", customer=customer, product=1, day=0, price=100)
    second = Line(order=f"b{customer}", customer=customer, product=1, day=90, hour=10, price=100)
    back = replace(second, order=f"r{customer}", hour=12, price=80, quantity=-1, kind="return")
    return [first, second, back]


def test_an_order_whose_every_unit_came_back_less_a_fee_is_none_to_anybody(tmp_path: Path) -> None:
    lines = [line for customer in range(1, 6) for line in undone_less_a_fee(customer)]
    with shop_of(tmp_path / "s", lines) as shop:
        know.refresh(shop)
        facts = shop.compute.relation("select orders, order_days, segments % 2 as first_time from facts").to_pylist()
        assert facts == [{"orders": 1, "order_days": 1, "first_time": 1}] * 5
        assert buying_days(shop, day(90)).at(day(90)).many.tolist() == [1] * 5
        assert {known for _, known in foreseen_days(shop, day(90))} == {day(0)}


def test_the_day_decides_whether_what_came_back_was_in_time(tmp_path: Path) -> None:
    order = Line(order="a", customer=1, product=1, day=5, hour=20, price=100)
    units = Line(order="r", customer=1, product=1, day=6, hour=19, price=80, quantity=-1, kind="return")
    with shop_of(tmp_path / "s", [order, units, *buys(2, 9)]) as shop:
        told = {n: known_days(shop, day(n)) & {(1, day(5))} for n in (4, 5, 6, 9)}
    assert told == {4: set(), 5: {(1, day(5))}, 6: set(), 9: set()}
    with shop_of(tmp_path / "t", [order, replace(units, hour=21), *buys(2, 9)]) as shop:
        assert known_days(shop, day(9)) == foreseen_days(shop, day(9)) == {(1, day(5)), (2, day(9))}


def test_a_line_without_a_customer_belongs_to_the_customer_of_its_document(tmp_path: Path) -> None:
    order = Line(order="a", customer=1, product=1, day=5, price=100)
    beside = replace(order, customer=None, product=2, price=30)
    with shop_of(tmp_path / "s", [order, beside]) as shop:
        know.refresh(shop)
        assert know.customer(shop, 1).net_e4 == 130 * 10_000
        assert buying_days(shop, day(5)).at(day(5)).net.tolist() == [130 * 10_000]


def test_a_shop_of_an_older_release_is_derived_anew_and_its_old_table_goes(tmp_path: Path) -> None:
    with shop_of(tmp_path / "s", undone_less_a_fee(1)) as shop:
        old = shop.lake.folder / "buying_days"
        shutil.copytree(shop.lake.path("order_lines"), old)
        know.refresh(shop)
        assert known_days(shop, day(90)) == foreseen_days(shop, day(90)) == {(1, day(0))}
        assert keep(shop).removed >= 1
        assert not old.exists()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds(), st.lists(st.integers(0, LAST), min_size=1, max_size=3))
def test_on_any_day_know_and_predict_count_the_same_order_days(lines: list[Line], asked: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder, shop_of(Path(folder) / "s", lines) as shop:
        for n in (*asked, LAST):
            docs = documents([line for line in lines if line.day <= n]).values()
            wanted = {(doc.customer, day(doc.day)) for doc in docs if doc.is_order and doc.customer is not None}
            assert known_days(shop, day(n)) == foreseen_days(shop, day(n)) == wanted
