"""A shop's own propensities: published for everyone, checked on later time, silent where little happened."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.predict.world import shared, write_ledger
from tests.world import new_shop
from volver.collect import import_simulated, simulate_shop
from volver.predict.estimators import kept_estimator
from volver.predict.uplift.propensity_scores import (
    KIND,
    PropensityReport,
    categories_at,
    happened,
    known_at,
    learn_propensities,
)
from volver.predict.value.histories import buyers, last_day
from volver.store import Shop


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, PropensityReport]]:
    folder = tmp_path_factory.mktemp("propensities")
    found = simulate_shop(2000, 7, out_dir=folder / "files")
    with new_shop(folder / "shop", currency="EUR", timezone="Europe/Madrid") as shop:
        import_simulated(shop, found)
        yield shop, learn_propensities(shop)


def test_every_customer_has_a_chance_for_all_that_could_be_learned(learned: tuple[Shop, PropensityReport]) -> None:
    shop, report = learned
    rows = shop.compute.relation("""
        select what, count(*) as n, count(distinct customer_id) as customers, min(p) as low, max(p) as high,
               avg(p) as mean
        from propensities group by what""").to_pylist()
    published = {each.what: each for each in report.chances if each.reason is None}
    assert {row["what"] for row in rows} == set(published)
    assert any(each.event == "buy" for each in published.values())
    for row in rows:
        assert row["n"] == row["customers"] == report.customers
        assert 0 < row["low"] <= row["high"] < 1
        assert row["mean"] == pytest.approx(published[row["what"]].mean)


def test_the_models_are_kept_and_answer_as_they_were_published(learned: tuple[Shop, PropensityReport]) -> None:
    shop, report = learned
    kept = kept_estimator(shop, KIND)
    assert set(kept) == {each.what for each in report.chances if each.reason is None}
    what, model = next(iter(kept.items()))
    people = buyers(shop, report.at)
    asked = known_at(shop, people, categories_at(shop, report.at)).frame
    told = shop.compute.relation("select p from propensities where what = $what order by customer_id", {"what": what})
    assert np.array_equal(np.sort(model.predict(asked)), np.sort(told.column("p").to_numpy()))
    assert kept_estimator(shop, "nothing") is None


def test_what_hardly_happened_has_a_reason_and_no_chance(learned: tuple[Shop, PropensityReport]) -> None:
    _, report = learned
    silent = [each for each in report.chances if each.reason is not None]
    assert silent
    for each in silent:
        assert each.mean is None
        assert each.base is None
        assert each.events < 50


def test_the_check_on_later_time_ranks_and_is_about_right(learned: tuple[Shop, PropensityReport]) -> None:
    _, report = learned
    checked = [each.check for each in report.chances if each.check is not None and each.within_days == 90]
    assert len(checked) >= 6
    assert np.mean([each.auc for each in checked]) > 0.7
    foreseen = sum(row.predicted * row.n for each in checked for row in each.bins)
    assert 0.6 < foreseen / sum(each.events for each in checked) < 1.6
    assert all(each.brier < each.rate_brier for each in checked)


def test_the_answer_is_json(learned: tuple[Shop, PropensityReport]) -> None:
    told = learned[1].to_dict()
    assert {"at", "customers", "chances", "seconds"} == set(told)
    assert {each["event"] for each in told["chances"]} == {"buy", "discount", "return"}


def test_nothing_later_than_the_day_enters_what_was_known(
    learned: tuple[Shop, PropensityReport], tmp_path: Path
) -> None:
    shop, _ = learned
    day = last_day(shop, None) - timedelta(days=200)
    categories = ["Textil", "Despensa"]
    with new_shop(tmp_path / "cut", currency="EUR", timezone="Europe/Madrid") as cut:
        for table in ("order_lines", "products"):
            rows = shop.compute.relation(f"select * from {table}")
            connection = cut.compute.connection()
            connection.register("held", rows)
            where = f" where day <= date '{day}'" if table == "order_lines" else ""
            cut.lake.replace(table, cut.compute.write(f"select * from held{where}", table, connection=connection))
            connection.close()
        whole, before = (known_at(each, buyers(each, day), categories).frame for each in (shop, cut))
    assert whole.column_names == before.column_names
    for name in whole.column_names:
        np.testing.assert_array_equal(whole.column(name).to_numpy(), before.column(name).to_numpy())


def test_what_happened_is_what_the_ledger_says(learned: tuple[Shop, PropensityReport]) -> None:
    shop, _ = learned
    day = last_day(shop, None) - timedelta(days=90)
    people = buyers(shop, day)
    found = happened(shop, people, "buy", "Textil", 90, 1)
    counted = shop.compute.relation(f"""
        select distinct l.customer_id from order_lines l join products p using (product_id)
        where p.category = 'Textil' and l.kind = 'sale' and l.day > date '{day}' and l.day <= date '{day}' + 90""")
    ids = set(counted.column("customer_id").to_pylist()) & set(people.customer_id.tolist())
    assert set(people.customer_id[found > 0].tolist()) == ids


@pytest.mark.slow
def test_complete_journey_categories_are_foreseen(tmp_path: Path) -> None:
    path, goods = shared("completejourney/transactions.parquet"), shared("completejourney/products.parquet")
    with new_shop(tmp_path / "shop", currency="USD", timezone="America/New_York") as shop:
        write_ledger(
            shop,
            f"""
            select basket_id as order_id, household_id as customer_id, product_id, 'sale' as kind,
                   transaction_at at time zone 'America/New_York' as ts, sales_value_usd as amount from '{path}'""",
        )
        sql = f"""select product_id, cast(product_id as varchar) as product_ref, product_type as name,
                         product_category as category, 0 as price_e4, 0 as cost_e4, 1 as is_product from '{goods}'"""
        shop.lake.replace("products", shop.compute.write(sql, "products"))
        report = learn_propensities(shop)
    bought = [each for each in report.chances if each.event == "buy" and each.check]
    assert len(bought) >= 8
    for each in bought:
        assert each.check is not None
        assert each.check.auc is not None
        assert each.check.auc > 0.7
        assert each.check.brier < 0.95 * each.check.rate_brier
    assert all(each.reason is not None for each in report.chances if each.event == "return")
