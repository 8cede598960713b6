"""When, in a shop: what counts as a purchase, what is published, what is answered, what is not said."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tests.predict.when.world import grocer
from tests.predict.world import write_ledger
from volver import predict
from volver.cli.output import Context
from volver.cli.predict.when import when_command
from volver.predict.when.contact_times import NoMoments, best_moment
from volver.predict.when.replenishment_scores import (
    LEAST_P,
    MOST_PRODUCTS,
    NoRebuys,
    due_products,
    foresee_when,
    rebuys_of,
)
from volver.store import Shop, create_shop

_ORDERS = """
select order_id, min(order_ref) as order_ref, customer_id, min(ts_us) as ts_us, min(day) as day, 'sale' as doc,
       1 as is_order, cast(null as date) as undone_day, 1 as lines, 1 as units_e4, 1 as gross_e4, 0 as discount_e4,
       0 as returned_e4, 1 as net_e4, 0 as cost_e4, 0 as unmatched, min(day) as from_day, min(day) as until_day
from order_lines where kind = 'sale' group by order_id, customer_id
"""


def ledger(shop: Shop, lines: str) -> None:
    write_ledger(shop, lines)
    shop.lake.replace("orders", shop.compute.write(_ORDERS, "orders"))


def grocers_shop(shop: Shop, folder: Path, *, minute: str) -> None:
    """The simulated grocer: product 1000 is postage, on every order; `minute` of the day (UTC) is when they come."""
    lines = grocer(300, seed=11)
    pq.write_table(lines, folder / "lines.parquet")
    told = f"""select ("user" + 1) * 1000 + "time" as order_id, "user" + 1 as customer_id, item + 1 as product_id,
                      timestamp '2023-01-01' + to_days(cast("time" as integer)) + to_minutes({minute}) as ts,
                      'sale' as kind, 5.0 as amount from read_parquet('{folder / "lines.parquet"}')"""
    postage = f"select order_id, customer_id, 1000, min(ts), 'sale', 3.0 from ({told}) group by order_id, customer_id"
    ledger(shop, f"{told} union all {postage}")
    products = """select i as product_id, 'p' || i as product_ref, 'Product ' || i as name,
                         'c' || (i // 10) as category, null as price_e4, null as cost_e4,
                         case when i = 1000 then 0 else 1 end as is_product
                  from (select unnest(range(1, 61)) as i union all select 1000)"""
    shop.lake.replace("products", shop.compute.write(products, "products"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with create_shop(tmp_path_factory.mktemp("when") / "shop", currency="EUR", timezone="Asia/Kolkata") as made:
        # most between 17:47 and 19:47, every tenth at 6:47; UTC + 5:30
        own = 'case when "user" % 10 = 0 then 77 else 737 + cast("time" * 7 % 121 as integer) end'
        grocers_shop(made, tmp_path_factory.mktemp("lines"), minute=own)
        foresee_when(made)
        yield made


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Shop]:
    with create_shop(tmp_path / "shop", currency="EUR") as made:
        yield made


def published(shop: Shop, table: str) -> pa.Table:
    return shop.compute.relation(f"select * from {table}")


def test_what_is_bought_again_is_published_within_bounds(shop: Shop) -> None:
    report = foresee_when(shop)
    told = published(shop, "rebuys").to_pandas()
    assert report.rebuys == len(told) > 300
    assert told.times.min() == 3
    assert told.p_28d.min() >= LEAST_P
    assert told.groupby("customer_id").size().max() <= MOST_PRODUCTS
    assert 1000 not in set(told.product_id)
    known = told.dropna(subset="due_from_day")
    assert (known.due_from_day <= known.due_to_day).all()
    assert (known.due_from_day > np.datetime64(report.at)).all()
    assert report.check is not None
    assert report.check["auc"] > 0.7
    assert json.loads(json.dumps(report.to_dict()))["at"] == report.at.isoformat()


def test_a_customer_is_told_the_likeliest_first(shop: Shop) -> None:
    found = [rebuys_of(shop, customer) for customer in range(1, 301)]
    assert all(list(each) == sorted(each, key=lambda one: -one.p_28d) for each in found)
    first = next(each for each in found if each)[0]
    assert first.product.startswith("Product ")
    assert str(first.usual).startswith("about every")
    assert rebuys_of(shop, 10**9) == ()
    assert due_products(shop, 3)[0].expected >= due_products(shop, 3)[1].expected


def test_the_best_hour_is_local_and_only_told_of_those_who_differ(shop: Shop) -> None:
    early, usual, shops = best_moment(shop, 11), best_moment(shop, 10**9), best_moment(shop, None)
    assert early is not None
    assert usual is not None
    assert shops is not None
    assert early.known
    assert early.hour == 6
    assert early.lift is not None
    assert early.lift > 3
    assert not usual.known
    assert (usual.hour, usual.words.params["hour"]) == (shops.hour, shops.hour)
    assert "nothing is known of this person" in str(usual.words)
    assert f"around {shops.hour}:00" in str(shops.words)


def test_dates_without_a_time_are_no_habit_of_midnight(empty: Shop, tmp_path: Path) -> None:
    grocers_shop(empty, tmp_path, minute="0")
    report = foresee_when(empty)
    shops = best_moment(empty, None)
    assert shops is not None
    assert shops.hour is None
    assert published(empty, "moments")["hour"].null_count == published(empty, "moments").num_rows
    assert "no times" in " ".join(str(each) for each in report.remarks)


def test_returns_undone_orders_and_guests_are_no_purchases(empty: Shop) -> None:
    rows = [f"({n}, 7, 5, timestamp '2024-0{n}-01 10:00', 'sale', 10.0)" for n in (1, 2, 3)]
    rows += ["(4, 7, 5, timestamp '2024-04-01 10:00', 'return', -10.0)"]
    rows += [
        "(9, 7, 5, timestamp '2024-05-01 10:00', 'sale', 10.0)",
        "(5, null, 5, timestamp '2024-05-01', 'sale', 1.0)",
    ]
    ledger(empty, f"select * from (values {', '.join(rows)}) as t(order_id, customer_id, product_id, ts, kind, amount)")
    undone = _ORDERS.replace("cast(null as date)", "case when order_id = 9 then date '2024-05-02' end")
    empty.lake.replace("orders", empty.compute.write(undone, "orders"))
    found = empty.compute.rows("when_lines", as_of=date(2024, 6, 1), parts=1, part=0)
    assert sorted(row["day"].month for row in found) == [1, 2, 3]
    before = empty.compute.rows("when_lines", as_of=date(2024, 5, 1), parts=1, part=0)
    assert sorted(row["day"].month for row in before) == [1, 2, 3, 5]


def test_a_shop_without_history_says_so(empty: Shop) -> None:
    with pytest.raises(NoRebuys):
        rebuys_of(empty, 1)
    with pytest.raises(NoMoments):
        best_moment(empty, 1)
    report = foresee_when(empty)
    assert (report.rebuys, report.moments, report.check) == (0, 0, None)
    assert len(report.remarks) == 2


def test_the_command_answers_in_json_and_in_words(shop: Shop) -> None:
    if not hasattr(predict, "foresee_when"):
        pytest.skip("the front door of predict does not name foresee_when yet")
    run, context = CliRunner(), Context(shop_path=str(shop.path))
    found = run.invoke(when_command, ["--refresh", "--json"], obj=context)
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert told["products"][0]["product"].startswith("Product ")
    assert told["refreshed"]["rebuys"] > 300
    found = run.invoke(when_command, [], obj=context)
    assert "Best moment: most customers come on" in found.output


def test_in_parts_the_answer_is_nearly_the_same(shop: Shop) -> None:
    whole = published(shop, "rebuys").to_pandas().set_index(["customer_id", "product_id"]).p_28d
    foresee_when(shop, part_lines=8_000)
    parts = published(shop, "rebuys").to_pandas().set_index(["customer_id", "product_id"]).p_28d
    both = whole.index.intersection(parts.index)
    assert len(both) > 0.9 * len(whole)
    assert np.corrcoef(whole[both], parts[both])[0, 1] > 0.95


def test_the_past_is_told_as_it_was_known(shop: Shop) -> None:
    report = foresee_when(shop, date(2023, 10, 1))
    told = published(shop, "rebuys").to_pandas()
    assert report.at == date(2023, 10, 1)
    assert told.last_day.max() <= np.datetime64("2023-10-01")
