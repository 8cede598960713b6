"""Exports of platforms that are known by name: each read to the money, orders and customers counted by hand."""

import json
from pathlib import Path

import pytest

from tests.collect.ledger_world import imported
from tests.collect.reading_world import opened
from tests.world import new_shop
from volver.cli import main
from volver.collect.reading.layouts import known_layouts, layout_of
from volver.collect.reading.layouts.known import INSTEAD, WHAT
from volver.core import VolverError

FILES = {path.stem: path for path in sorted((Path(__file__).parent / "layouts").iterdir())}
# Of each file of orders: what counts as revenue, how many orders are sales, how many customers bought.
ORDERS = {
    "shopify-orders": ("41.00", 2, 1),
    "shopify-transactions": ("45.00", 2, 0),
    "woocommerce-advanced-export": ("25.25", 1, 1),
    "woocommerce-rows-of-orders": ("33.00", 2, 2),
    "woocommerce-rows-of-items": ("42.00", 2, 2),
    "woocommerce-analytics": ("225.50", 2, 1),
    "woocommerce-analytics-es": ("225.50", 2, 1),
    "prestashop-orders": ("40.00", 2, 1),
    "prestashop-orders-es": ("40.00", 2, 1),
    "prestashop-orders-fr": ("40.00", 2, 1),
    "magento-orders": ("42.50", 2, 1),
    "magento-items": ("35.00", 2, 2),
    "tiendanube-orders": ("27.00", 1, 1),
    "nuvemshop-orders": ("30.00", 1, 1),
    "vtex-orders": ("33.00", 1, 1),
    "mercadolibre-sales": ("32.50", 2, 1),
    "amazon-orders": ("60.00", 3, 0),
    "ebay-orders": ("50.00", 3, 2),
    "etsy-items": ("52.00", 2, 2),
    "etsy-orders": ("70.00", 3, 2),
    "square-items": ("39.00", 1, 1),
    "square-transactions": ("78.00", 3, 2),
    "stripe-payments": ("45.00", 2, 2),
    "paypal-activity": ("45.00", 2, 2),
    "bigcommerce-orders": ("55.50", 2, 1),
    "wix-orders": ("155.00", 7, 7),
    "squarespace-orders": ("35.00", 1, 1),
    "odoo-sales": ("80.00", 2, 1),
    "odoo-sales-es": ("65.00", 2, 1),
    "holded-invoices": ("258.00", 2, 2),
}
LISTS = {
    "shopify-customers": ("customers", 2),
    "shopify-products": ("products", 2),
    "woocommerce-products": ("products", 2),
    "woocommerce-products-es": ("products", 2),
    "magento-customers": ("customers", 2),
    "mailchimp-contacts": ("customers", 2),
    "klaviyo-profiles": ("customers", 2),
    "hubspot-contacts": ("customers", 2),
    "hubspot-contacts-es": ("customers", 2),
}
REFUSED = {
    "shopify-bulk",
    "shopify-payouts",
    "shopify-inventory",
    "amazon-settlement",
    "amazon-settlement-old",
    "stripe-balance",
    "stripe-payouts",
    "mailchimp-campaigns",
}


def test_every_layout_has_a_file_that_is_taken_for_it() -> None:
    assert {each.id for each in known_layouts()} == set(FILES) == {*ORDERS, *LISTS, *REFUSED}


@pytest.mark.parametrize("name", ORDERS)
def test_an_export_of_orders_is_read_to_the_money_counted_by_hand(name: str, tmp_path: Path) -> None:
    net, sales, customers = ORDERS[name]
    currency = "USD" if "$" in FILES[name].read_text(encoding="utf-8") or name.startswith("etsy") else "EUR"
    with new_shop(tmp_path / "shop", currency=currency) as shop:
        report = imported(shop, FILES[name])
    assert (report.ledger_net, report.orders.sales, report.customers) == (net, sales, customers)
    assert report.rows.set_aside.keys() <= {"no_sale"}
    layout = next(each.name for each in known_layouts() if each.id == name)
    assert any(f"This is {layout}, by its columns" in each.says for each in report.notes)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_customers_or_products_is_read_as_one(name: str, tmp_path: Path) -> None:
    kind, rows = LISTS[name]
    file = opened(tmp_path, FILES[name]).files[0]
    assert (file.as_, file.layout) == (kind, next(each.name for each in known_layouts() if each.id == name))
    with new_shop(tmp_path / "shop") as shop:
        assert imported(shop, FILES[name]).rows.added == rows


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_holds_no_orders_is_refused_for_what_it_is(name: str, tmp_path: Path) -> None:
    with pytest.raises(VolverError) as problem:
        opened(tmp_path, FILES[name])
    assert problem.value.code == "collect.other_file"
    layout = next(each for each in known_layouts() if each.id == name)
    assert str(WHAT[layout.refused]) in str(problem.value)
    assert problem.value.advice == str(INSTEAD[layout.refused])


def test_a_layout_is_known_by_headings_in_any_order_and_case_and_by_all_of_them() -> None:
    headings = ["LINEITEM PRICE", "name", "Lineitem Name", "lineitem_quantity", "more"]
    found = layout_of(headings)
    assert found is not None
    assert found.id == "shopify-orders"
    assert layout_of(headings[1:]) is None
    assert layout_of(["Fecha", "Cliente", "Importe"]) is None


def test_no_layout_hides_another() -> None:
    for each in known_layouts():
        found = layout_of(each.headings)
        assert found is not None
        assert found.id == each.id


def test_what_a_person_says_counts_before_the_layout(tmp_path: Path) -> None:
    file = opened(tmp_path, FILES["shopify-orders"], mapping={"channel": "Billing Name"}).files[0]
    assert file.mapping["channel"] == "Billing Name"
    assert file.mapping.get("customer_name") != "Billing Name"
    listed = opened(tmp_path, FILES["shopify-payouts"], as_="orders", mapping={"date": "Payout Date"}, asking=True)
    assert [ask.code for ask in listed.asks] != ["collect.other_file"]


def test_the_command_line_lists_the_layouts(capsys: pytest.CaptureFixture[str]) -> None:
    main(["collect", "layouts", "--json"])
    told = json.loads(capsys.readouterr().out)["layouts"]
    assert {each["id"] for each in told} == set(FILES)
    assert next(each for each in told if each["id"] == "stripe-payouts")["holds"] is None
    main(["collect", "layouts"])
    assert "Shopify: orders" in capsys.readouterr().out
