"""`volver.open`: what an analyst gets from Python, in money units, and the same as the command line says."""

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import volver
from tests.world import new_shop
from volver import know
from volver.core import Answer, NoFrameLibrary, in_units
from volver.predict import NoModel, TooLittleHistory
from volver.python import OpenShop

ORDERS = """order_id,ordered_at,customer_id,sku,name,quantity,unit_price
1001,2025-01-07 10:00,7,TAZA-1,Taza de cerámica,2,9.50
1002,2025-02-11 18:30,7,MANTEL-2,Mantel de lino,1,39.905
1003,2025-02-12 09:15,8,TAZA-1,Taza de cerámica,1,9.50
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenShop]:
    place = tmp_path_factory.mktemp("python")
    file = place / "orders.csv"
    file.write_text(ORDERS, encoding="utf-8")
    new_shop(place / "shop").close()
    with volver.open(place / "shop") as shop:
        shop.collect(file)
        yield shop


def test_money_leaves_as_exact_decimals_that_name_their_currency(opened: OpenShop) -> None:
    customers = opened.customers()
    assert customers.table.column("net").to_pylist() == [Decimal("58.9050"), Decimal("9.5000")]
    assert customers.table.schema.field("net").metadata == {b"currency": opened.shop.settings.currency.encode()}
    assert customers.currency == opened.shop.settings.currency
    for each in (customers, opened.kpi(), opened.stages(), opened.segments(), opened.cohorts()):
        assert not [name for name in each.table.column_names if name.endswith("_e4")]


def test_pieces_are_decimals_without_a_currency(opened: OpenShop) -> None:
    table = opened.customers().table
    assert table.column("units").to_pylist() == [Decimal(3), Decimal(1)]
    assert table.schema.field("units").metadata is None


def test_pandas_gets_floats_and_polars_decimals_unless_asked_otherwise(opened: OpenShop) -> None:
    customers = opened.customers()
    assert customers.to_pandas()["net"].sum() == pytest.approx(68.405)
    assert customers.to_pandas().attrs == {"currency": opened.shop.settings.currency}
    assert customers.to_pandas(money="decimal")["net"].sum() == Decimal("68.405")
    assert customers.to_polars()["net"].sum() == Decimal("68.405")
    assert customers.to_polars(money="float")["net"].sum() == pytest.approx(68.405)


def test_saved_segments_come_last(opened: OpenShop) -> None:
    made = know.save_segment(opened.shop, "Gone", stage="lost")
    last = opened.segments().rows()[-1]
    lost = next(row for row in opened.segments().rows() if row["key"] == "lost")
    assert (last["key"], last["label"], last["members"]) == (made.key, "Gone", lost["members"])
    know.delete_segment(opened.shop, made.key)


def test_segments_are_named(opened: OpenShop) -> None:
    of_all = {row["ref"]: row["members"] for row in map(_named, opened.segments().rows())}
    named = [key for keys in opened.customers().table.column("segments").to_pylist() for key in keys]
    assert named
    assert all(named.count(key) == of_all[key] for key in set(named))


def _named(row: dict[str, object]) -> dict[str, object]:
    return {"ref": row["key"], "members": row["members"]}


def test_python_says_what_the_command_line_says(opened: OpenShop) -> None:
    report = know.stages(opened.shop)
    told = {row["stage"]: row for row in opened.stages().rows()}
    for each in report.stages:
        assert told[each.stage]["customers"] == each.customers
        assert told[each.stage]["net"] * 10_000 == each.net_e4
    cohorts = know.cohorts(opened.shop)
    rows = opened.cohorts().rows()
    assert len(rows) == sum(len(each.retention) for each in cohorts.cohorts)
    assert rows[0]["month"] == cohorts.cohorts[0].month
    assert opened.customer("7").net_e4 == 589_050


def test_an_answer_shows_its_columns_its_currency_and_how_many_rows_there_are() -> None:
    answer = in_units(Answer(pa.table({"name": ["<b>"] * 30, "net_e4": [12_345_600] * 30})), "EUR")
    assert repr(answer) == "<30 rows: name, net. Money in EUR.>"
    shown = answer._repr_html_()
    assert "net (EUR)" in shown
    assert "1,234.56" in shown
    assert "&lt;b&gt;" in shown
    assert "30 rows" in shown
    assert shown.count("<tr>") == 21


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_every_amount_of_the_ledger_leaves_exact(amounts: list[int | None]) -> None:
    answer = in_units(Answer(pa.table({"net_e4": pa.array(amounts, pa.int64())})), "EUR")
    back = [None if one is None else int(one.scaleb(4)) for one in answer.table.column("net").to_pylist()]
    assert back == amounts


def test_without_pandas_or_polars_the_way_out_is_named(tmp_path: Path) -> None:
    asks = (
        "import sys\n"
        "class Gone:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name in ('pandas', 'polars'): raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Gone())\n"
        "import pyarrow as pa\n"
        "from volver.core import Answer\n"
        "for name in ('to_pandas', 'to_polars'):\n"
        "    try: getattr(Answer(pa.table({'a': [1]})), name)()\n"
        "    except Exception as problem: print(problem.code, problem.__notes__)\n"
    )
    ran = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, cwd=tmp_path)
    assert ran.stdout.count(NoFrameLibrary.code) == 2, ran.stderr
    assert "pip install 'volver[polars]'" in ran.stdout


def test_sql_answers_in_the_form_in_which_the_lake_rests(opened: OpenShop) -> None:
    assert opened.sql("select sum(net_e4) as net_e4 from facts").rows() == [{"net_e4": 684_050}]


def test_a_shop_without_a_past_says_what_a_forecast_needs(opened: OpenShop) -> None:
    for asked in (opened.fit, opened.check):
        with pytest.raises(TooLittleHistory):
            asked()
    for asked in (opened.value, opened.levers, opened.newcomers):
        with pytest.raises(NoModel):
            asked()
    assert opened.refresh().why_not
