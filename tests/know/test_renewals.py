"""What is derived knows what it was made from, and every value says of which day and model it is."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.predict.world import simulated_lines, simulated_shop
from volver import app, know, predict
from volver.core import decimal_text
from volver.predict.freshness import REBUYS
from volver.store import Shop, compact, create_shop, open_shop, stamp

DERIVED = ("facts", "scores", "rebuys")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("renewals")
    with create_shop(folder / "shop", currency="EUR", timezone="UTC") as shop:
        simulated_shop(shop, simulated_lines(200), folder / "lines.parquet")
        assert app.refresh(shop).renewed == DERIVED
    return folder / "shop"


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Iterator[Shop]:
    shutil.copytree(made, tmp_path / "shop")
    with open_shop(tmp_path / "shop") as opened:
        yield opened


def due(shop: Shop) -> tuple[str, ...]:
    return tuple(each.name for _, each in app.renewals() if each.is_due(shop))


def test_nothing_is_due_until_what_it_rests_on_changes(shop: Shop) -> None:
    assert due(shop) == ("propensities",)
    assert app.refresh(shop).renewed == ()
    compact(shop, "order_lines")
    assert due(shop) == ("propensities",), "the same rows in other files"
    other = "select * replace (amount_e4 * 2 as amount_e4) from order_lines"
    shop.lake.replace("order_lines", shop.compute.write(other, "order_lines"))
    assert due(shop) == (*DERIVED, "propensities")
    assert app.refresh(shop).waiting == ("propensities",)
    assert due(shop) == ("propensities",)


def test_a_setting_makes_due_only_what_obeys_it(shop: Shop) -> None:
    folder = shop.path
    shop.close()
    with open_shop(folder, {"discount_share": 0.25}) as other:
        assert due(other) == ("facts", "propensities")
    with open_shop(folder, {"discount_rate_yearly": 0.2}) as other:
        assert due(other) == ("scores", "propensities")


def test_another_day_asks_the_same_model_anew(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    last = know.today(shop).last_day
    before, models = stamp(shop, "scores"), len(predict.shelf(shop))
    assert last is not None
    assert before is not None
    monkeypatch.setenv("VOLVER_NOW", f"{last + timedelta(days=3)}T12:00:00")
    assert due(shop)[:3] == DERIVED
    app.refresh(shop)
    after = stamp(shop, "scores")
    assert after is not None
    assert (after.day, after.model) == (last + timedelta(days=3), before.model)
    assert len(predict.shelf(shop)) == models
    assert {stamp(shop, table).day for table in ("facts", "rebuys", "moments")} == {after.day}


def test_every_value_has_a_name_a_day_a_source_and_a_model(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = app.declared_traits()
    assert len({each.name for each in declared}) == len(declared)
    told = {each.name: each for each in know.traits(shop, 1, declared)}
    [row] = shop.compute.relation("select * from scores where customer_id = 1").to_pylist()
    last = know.today(shop).last_day
    assert last is not None
    assert told["value_365d"].value == row["value_365d_e4"]
    assert told["value_365d"].as_of == told["stage"].as_of == last
    assert (told["value_365d"].source, told["stage"].source) == ("predicted", "computed")
    assert told["value_365d"].model.endswith(f", shelf {predict.shelf(shop)[0].id}")
    assert told["value_365d"].age is None
    monkeypatch.setenv("VOLVER_NOW", f"{last + timedelta(days=3)}T12:00:00")
    old = {each.name: each for each in know.traits(shop, 1, declared)}
    assert str(old["value_365d"].age) == "forecast of 3 days ago"
    assert str(old["stage"].age) == "figure of 3 days ago"


def test_a_trait_of_everybody_is_one_table(shop: Shop) -> None:
    declared = app.declared_traits()
    everybody = know.trait_table(shop, "stage", declared).table
    assert everybody.num_rows == shop.lake.snapshot("facts").rows
    assert set(everybody.column("text").to_pylist()) <= set(know.STAGES)
    rows = "select * from (values (1, 8, 0.5), (1, 9, 0.25), (2, 9, 0.125)) t(customer_id, product_id, p_28d)"
    day = know.today(shop).day
    fills = "3 as times, 30.0 as usual_gap_days, null as last_day, null as due_from_day, null as due_to_day"
    files = shop.compute.write(f"select *, {fills} from ({rows})", "rebuys")
    shop.lake.follow("rebuys", files, REBUYS.marks(shop, day), anew=True)
    told = know.trait_table(shop, "p_rebuy_28d", declared).table.select(["customer_id", "name", "number"]).to_pylist()
    assert [tuple(row.values()) for row in told] == [
        (1, "p_rebuy_28d:8", 0.5),
        (1, "p_rebuy_28d:9", 0.25),
        (2, "p_rebuy_28d:9", 0.125),
    ]
    assert know.trait_table(shop, "p_rebuy_28d:9", declared).table.column("customer_id").to_pylist() == [1, 2]
    assert {each.name for each in know.traits(shop, 1, declared)} >= {"p_rebuy_28d:8", "p_rebuy_28d:9"}
    told_of_one = {each.name: each.to_dict() for each in know.traits(shop, 1, declared)}
    net_e4 = shop.compute.relation("select net_e4 from facts where customer_id = 1").column(0)[0].as_py()
    assert (told_of_one["net"]["value"], told_of_one["net"]["unit"]) == (decimal_text(net_e4), "money")
    assert isinstance(told_of_one["orders"]["value"], int)
    states = {each.trait.name: each for each in know.trait_states(shop, declared)}
    assert states["p"].as_of is None, "propensities wait to be asked for"
    with pytest.raises(know.UnknownTrait):
        know.trait_table(shop, "shoe_size", declared)


def test_a_table_that_does_not_say_what_it_was_made_from_is_due(shop: Shop) -> None:
    shutil.rmtree(shop.lake.path("scores"))
    shop.lake.replace("scores", [])
    assert stamp(shop, "scores") is None
    assert due(shop) == ("scores", "propensities")
    states = know.trait_states(shop, app.declared_traits())
    assert {each.as_of for each in states if each.trait.table == "scores"} == {None}
