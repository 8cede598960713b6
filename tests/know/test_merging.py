"""Two customers made one and parted again: facts as if there had been one number, then exactly as before."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.world import entered
from volver import know
from volver.cli.main import root
from volver.know import update_order_days
from volver.store import TABLES, Shop, create_shop, merging, people

PEOPLE = 6
DERIVED = ("orders", "days", "thresholds", "facts")
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
START = date(2024, 1, 1)


def lines(seed: int) -> list[dict[str, Any]]:
    """Awkward orders of a few people: returns of what another of them bought, gifts, guests, ties in time."""
    chance, found = Random(seed), []
    for n in range(70):
        customer = chance.choice([None, *range(1, PEOPLE + 1)])
        hours = chance.randrange(24 * 300)
        kind = chance.choices(["sale", "return", "shipping_or_fee", "cancel"], [7, 2, 1, 1])[0]
        amount = chance.randrange(0, 5) * 10_000 * (-1 if kind in ("return", "cancel") else 1)
        order = chance.randrange(1, 40)
        found.append(
            {
                "line_id": n, "order_id": order * 10 + (customer or 0), "customer_id": customer,
                "order_ref": f"o{order}-{customer}", "product_id": chance.randrange(1, 4), "kind": kind,
                "ts_us": (START - date(1970, 1, 1)).days * DAY_US + hours * HOUR_US,
                "day": START + timedelta(days=hours // 24), "amount_e4": amount,
            }
        )  # fmt: skip
    return found


def fill(shop: Shop, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa

    offset = entered(shop)
    connection = shop.compute.connection()
    connection.register("given", pa.Table.from_pylist(rows))
    ledger = f"""
        select line_id, order_id, order_ref, customer_id, product_id, ts_us, cast(day as date) as day, 'sale' as doc,
               kind, case when amount_e4 < 0 then -10000 else 10000 end as quantity_e4,
               abs(amount_e4) as unit_price_e4,
               amount_e4, 0 as discount_e4, null as cost_e4, line_id as line_key, 1 as occurrence, {offset} as batch,
               strftime(cast(day as date), '%Y-%m') as month from given"""
    shop.lake.add("order_lines", shop.compute.write(ledger, "order_lines", None, connection), offset)
    seen = f"""
        select line_id as event_id, customer_id, ts_us + 60000000 as ts_us, cast(day as date) as day,
               'cart_added' as kind, product_id, order_ref, null as text, {offset} as batch,
               strftime(cast(day as date), '%Y-%m') as month
        from given where line_id % 5 = 0"""
    shop.lake.add("events", shop.compute.write(seen, "events", None, connection), offset)
    connection.close()


def made(path: Path, rows: list[dict[str, Any]]) -> Shop:
    shop = create_shop(path, timezone="UTC", cancel_within_hours=48)
    goods = """select i as product_id, 'p' || i as product_ref, 'P' || i as name, 'K' as category, 50000 as price_e4,
                      20000 as cost_e4, 1 as is_product from range(1, 4) t(i)"""
    shop.lake.replace("products", shop.compute.write(goods, "products"))
    who = f"""select i as customer_id, 'c' || i as customer_ref, 'N' || i as name, null as email, 'City' || i as city,
                     null as country, 'way' || i as channel, null as campaign, i * 1000 as channel_us,
                     null as campaign_us from range(1, {PEOPLE + 1}) t(i)"""
    shop.lake.replace("customers", shop.compute.write(who, "customers"))
    fill(shop, rows)
    return shop


def derived(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """Every table that follows from the ledger, renewed."""
    know.refresh(shop)
    update_order_days(shop)
    found = {name: shop.compute.relation(f"select * from {name} order by all").to_pylist() for name in DERIVED}
    columns = ", ".join(name for name in TABLES["order_days"].columns if name not in ("batch", "whole"))
    held = f"select {columns} from ({_HELD}) where counts = 1 or amount_e4 <> 0 order by all"
    found["order_days"] = shop.compute.relation(held).to_pylist()
    return found


_HELD = """
with renewed as (select customer_id, max(batch) as batch from order_days where whole = 1 group by customer_id)
select b.* from order_days b left join renewed r on r.customer_id = b.customer_id
where r.batch is null or b.batch >= r.batch"""


pair = st.tuples(st.integers(1, PEOPLE), st.integers(1, PEOPLE)).filter(lambda both: both[0] != both[1])


@given(st.integers(0, 10_000), st.lists(pair, min_size=1, max_size=3))
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_facts_after_merges_are_those_of_one_number_from_the_start_and_parting_restores_all(
    tmp_path_factory: pytest.TempPathFactory, seed: int, pairs: list[tuple[int, int]]
) -> None:
    rows, folder = lines(seed), tmp_path_factory.mktemp("merges")
    with made(folder / "shop", rows) as shop:
        before = derived(shop)
        parted = []
        for customer, into in pairs:
            with shop.state.read() as state:
                standing = merging.roots(state)
            if standing.get(customer, customer) != standing.get(into, into):
                know.merge(shop, customer, into, "a test")
                parted.append(standing.get(customer, customer))
        with shop.state.read() as state:
            standing = merging.roots(state)
        one = [row | {"customer_id": standing.get(row["customer_id"], row["customer_id"])} for row in rows]
        with made(folder / "one", one) as other:
            assert derived(shop) == derived(other)
        ledger = shop.lake.snapshot("order_lines").version
        for customer in Random(seed).sample(parted, len(parted)):
            know.unmerge(shop, customer)
        assert derived(shop) == before
        assert shop.lake.snapshot("order_lines").version == ledger


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with made(tmp_path / "shop", lines(4)) as found:
        know.refresh(found)
        yield found


def test_a_merged_customer_is_listed_shown_and_found_once(shop: Shop) -> None:
    apart = {row.customer_id: row for row in know.customers(shop).rows}
    told = know.merge(shop, 2, 5, "same address")
    know.refresh(shop)
    assert (told.customer_id, told.numbers) == (5, (5, 2))
    rows = {row.customer_id: row for row in know.customers(shop).rows}
    assert rows.keys() == apart.keys() - {2}
    assert rows[5].orders >= max(apart[2].orders, apart[5].orders)
    found = know.customer(shop, know.find_customer(shop, "c2"))
    assert (found.customer_id, found.ref, found.name, found.channel) == (5, "c5", "N5", "way2")
    assert {order.ref for order in found.history} == {
        f"o{row['order_id'] // 10}-{row['customer_id']}" for row in lines(4) if row["customer_id"] in (2, 5)
    }
    assert len(found.events) == sum(1 for row in lines(4) if row["customer_id"] in (2, 5) and row["line_id"] % 5 == 0)
    know.unmerge(shop, 2)
    know.refresh(shop)
    assert {row.customer_id: row for row in know.customers(shop).rows} == apart


def test_what_cannot_be_merged_or_parted_says_why(shop: Shop) -> None:
    with pytest.raises(know.NoSuchPerson):
        know.merge(shop, 1, 99, "")
    with pytest.raises(know.NotMerged):
        know.unmerge(shop, 1)
    know.merge(shop, 1, 2, "")
    know.merge(shop, 2, 3, "")
    with pytest.raises(know.OnePersonAlready):
        know.merge(shop, 3, 1, "")
    with pytest.raises(know.OnePersonAlready):
        know.merge(shop, 4, 4, "")
    assert know.merges(shop, 1).numbers == (3, 1, 2)


def test_a_merge_that_the_lake_was_not_told_of_is_told_at_the_next_refresh(shop: Shop) -> None:
    with shop.state.begin() as rows:
        merging.join(rows, 1, 2, "", "test") if people.exists(rows, 1) else people.take_in(rows, {1: "a", 2: "b"}, "t")
        merging.join(rows, 1, 2, "", "test")
    assert shop.lake.snapshot("canonical").rows == 0
    know.refresh(shop)
    assert shop.lake.snapshot("canonical").rows == 1
    assert 1 not in {row.customer_id for row in know.customers(shop).rows}


def test_new_lines_and_merges_at_once_are_followed_by_the_order_days(shop: Shop) -> None:
    update_order_days(shop)
    know.merge(shop, 1, 2, "")
    more = [row | {"line_id": row["line_id"] + 1000} for row in lines(9)]
    fill(shop, more)
    followed = derived(shop)["order_days"]
    one = [row | {"customer_id": 2 if row["customer_id"] == 1 else row["customer_id"]} for row in [*lines(4), *more]]
    with made(shop.path.parent / "one", one) as other:
        assert derived(other)["order_days"] == followed


def test_the_command_line_merges_and_parts(shop: Shop) -> None:
    import json

    def run(*words: str) -> Any:
        done = CliRunner().invoke(root, ["--shop", str(shop.path), "know", *words, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    told = run("merge", "c2", "c5", "--reason", "same address", "--no-refresh")
    assert (told["customer_id"], told["numbers"], told["merges"][0]["reason"]) == (5, [5, 2], "same address")
    know.refresh(shop)
    assert run("merges", "c2")["numbers"] == [5, 2]
    assert run("unmerge", "2", "--no-refresh")["numbers"] == [2]
