# ruff: noqa: E501 - files are shown line by line as they come
"""Which column is which, for the exports that shops really have."""

from datetime import date
from pathlib import Path

import pytest

from tests.collect.reading_world import mapping, opened, pick, read, rows_of
from volver.core import VolverError

UCI = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom
536365,71053,WHITE METAL LANTERN,6,12/1/2010 8:26,3.39,17850,United Kingdom
C536379,D,Discount,-1,12/1/2010 9:41,27.5,14527,United Kingdom
536414,22139,,56,12/13/2010 11:52,0,,United Kingdom
"""
UCI2 = """Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
489434,85048,15CM CHRISTMAS GLASS BALL 20 LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom
489434,79323P,PINK CHERRY LIGHTS,12,2009-12-01 07:45:00,6.75,13085.0,United Kingdom
489435,22350,CAT BOWL,12,2009-12-01 07:46:00,2.55,,United Kingdom
"""
SHOPIFY = """Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Billing Name,Billing City,Billing Country,Cancelled at,Id,Source,Lineitem discount
#1001,ana@example.com,paid,2026-05-01 10:00:00 +0200,fulfilled,EUR,34.00,4.90,0,38.90,,0.00,2026-05-01 10:00:00 +0200,2,Camiseta,12.50,,CAM-1,Ana G,Madrid,ES,,9001,web,0.00
#1001,ana@example.com,,,,,,,,,,,,1,Gorra,10.00,,GOR-1,,,,,,,1.00
#1002,luis@example.com,refunded,,,EUR,10.00,0,0,10.00,,0.00,2026-05-02 23:30:00 +0200,1,Gorra,10.00,,,Luis P,Vigo,ES,2026-05-03 09:00:00 +0200,9002,pos,0.00
"""
WOO = """Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),Email (Billing),City (Billing),Country Code (Billing),Item #,SKU,Item Name,Quantity (- Refund),Item Cost,Order Total Amount
301,Completed,2024-03-15 12:01,,Ana,García,ana@example.com,Madrid,ES,1,A-1,Taza,2,7.50,25.00
301,Completed,2024-03-15 12:01,,Ana,García,ana@example.com,Madrid,ES,2,A-2,Plato,1,10.00,25.00
302,Cancelled,2024-03-16 09:30,,Luis,Pérez,luis@example.com,Vigo,ES,1,A-1,Taza,1,7.50,7.50
"""
PRESTA = """ID;Referencia;Nuevo cliente;Entrega;Cliente;Total;Pago;Estado;Fecha
12;XKBKNABJK;Sí;España;J. García;1.248,30 €;Tarjeta;Pago aceptado;13/05/2023 10:11:12
13;OHSATSERP;No;España;M. López;48,30 €;Tarjeta;Cancelado;14/05/2023 10:11:12
"""
PRESTA_LINES = """Nº pedido;Fecha pedido;Código artículo;Descripción;Cantidad;Precio unitario;Importe;Correo electrónico;Moneda
1001;03/04/2024;A-1;Taza azul;2;7,50;15,00;ana@example.com;EUR
1001;03/04/2024;A-2;Plato;1;10,00;10,00;ana@example.com;EUR
1002;25/04/2024;A-1;Taza azul;1;7,50;7,50;luis@example.com;EUR
"""
JOURNEY = """household_id,store_id,basket_id,product_id,quantity,sales_value_usd,retail_disc_usd,coupon_disc_usd,coupon_match_disc_usd,week,transaction_timestamp
900,330,31198570044,1095275,1,0.50,0.00,0.00,0.00,1,2017-01-01 11:53:26
900,330,31198570044,1095276,2,3.00,0.20,0.10,0.00,1,2017-01-01 11:53:26
1228,406,31198655051,1041453,1,1.43,0.15,0.00,0.00,1,2017-01-01 12:26:30
"""
CDNOW = """customer_id,order_date,cds,amount_usd
00001,1997-01-01,1,11.77
00002,1997-01-12,1,12.00
00002,1997-01-12,5,77.00
"""
OLIST = """order_id,customer_unique_id,order_status,order_purchase_timestamp,order_delivered_customer_date,product_id,price,freight_value,product_category_name
e481f51cbdc54678b7cc49136f2d6af7,7c396fd4830fd04220f754e42b4e5bff,delivered,2017-10-02 10:56:33,2017-10-10 21:25:13,87285b34884572647811a353c7ac498a,29.99,8.72,utilidades_domesticas
e481f51cbdc54678b7cc49136f2d6af7,7c396fd4830fd04220f754e42b4e5bff,delivered,2017-10-02 10:56:33,2017-10-10 21:25:13,87285b34884572647811a353c7ac498b,9.99,8.72,perfumaria
53cdb2fc8bc7dce0b6741e2150273451,af07308b275d755c9edb36a90c618231,canceled,2018-07-24 20:41:37,,595fac2a385ac33a80bd5114aec74eb8,118.70,22.76,perfumaria
"""
OLIST_ITEMS = """order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value
00010242fe8c5a6d1ba2dd792cb16214,1,4244733e06e7ecb4970a6e2683c13e61,48436dade18ac8b2bce089ec2a041202,2017-09-19 09:45:35,58.90,13.29
"""
HEADERLESS = """1001,2024-01-15 10:00:00,C17,SKU-1,2,9.99,19.98
1001,2024-01-15 10:00:00,C17,SKU-2,1,5.00,5.00
1002,2024-01-16 11:00:00,C18,SKU-1,1,9.99,9.99
1003,2024-01-18 12:00:00,C17,SKU-3,3,1.50,4.50
"""
TOTALS = """order_id,customer,date,amount
A1,ana@example.com,2024-01-02,19.90
A2,luis@example.com,2024-01-03,5.00
"""

GOLDEN = {
    "uci": (UCI, {"order_ref": "InvoiceNo", "product_ref": "StockCode", "product_name": "Description", "quantity": "Quantity", "date": "InvoiceDate", "unit_price": "UnitPrice", "customer_ref": "CustomerID", "country": "Country"}),
    "uci2": (UCI2, {"order_ref": "Invoice", "product_ref": "StockCode", "product_name": "Description", "quantity": "Quantity", "date": "InvoiceDate", "unit_price": "Price", "customer_ref": "Customer ID", "country": "Country"}),
    "shopify": (SHOPIFY, {"order_ref": "Name", "date": "Created at", "email": "Email", "customer_name": "Billing Name", "city": "Billing City", "country": "Billing Country", "channel": "Source", "product_ref": "Lineitem sku", "product_name": "Lineitem name", "quantity": "Lineitem quantity", "unit_price": "Lineitem price", "discount": "Lineitem discount", "currency": "Currency", "status": "Financial Status + Cancelled at", "order_discount": "Discount Amount", "order_total": "Total", "shipping": "Shipping", "tax": "Taxes"}),
    "woo": (WOO, {"order_ref": "Order Number", "date": "Order Date", "email": "Email (Billing)", "customer_name": "First Name (Billing) + Last Name (Billing)", "city": "City (Billing)", "country": "Country Code (Billing)", "line_ref": "Item #", "product_ref": "SKU", "product_name": "Item Name", "quantity": "Quantity (- Refund)", "unit_price": "Item Cost", "status": "Order Status", "order_total": "Order Total Amount"}),
    "prestashop": (PRESTA, {"order_ref": "Referencia", "date": "Fecha", "customer_name": "Cliente", "total": "Total", "status": "Estado"}),
    "prestashop lines": (PRESTA_LINES, {"order_ref": "Nº pedido", "date": "Fecha pedido", "product_ref": "Código artículo", "product_name": "Descripción", "quantity": "Cantidad", "unit_price": "Precio unitario", "total": "Importe", "email": "Correo electrónico", "currency": "Moneda"}),
    "complete journey": (JOURNEY, {"order_ref": "basket_id", "date": "transaction_timestamp", "customer_ref": "household_id", "product_ref": "product_id", "quantity": "quantity", "total": "sales_value_usd", "discount": "retail_disc_usd + coupon_disc_usd + coupon_match_disc_usd"}),
    "cdnow": (CDNOW, {"date": "order_date", "customer_ref": "customer_id", "quantity": "cds", "total": "amount_usd"}),
    "olist": (OLIST, {"order_ref": "order_id", "customer_ref": "customer_unique_id", "status": "order_status", "date": "order_purchase_timestamp", "product_ref": "product_id", "unit_price": "price", "category": "product_category_name", "shipping": "freight_value"}),
    "headerless": (HEADERLESS, {"order_ref": "column_1", "date": "column_2", "customer_ref": "column_3", "product_ref": "column_4", "quantity": "column_5", "unit_price": "column_6", "total": "column_7"}),
    "totals": (TOTALS, {"order_ref": "order_id", "email": "customer", "date": "date", "total": "amount"}),
    "id date price": ("Id,Date,Price\n1,2005-01-02,230.30\n1,2005-09-06,84.39\n2,2005-01-02,15.10\n", {"customer_ref": "Id", "date": "Date", "unit_price": "Price"}),
    "spanish shouting": ("NUM_PEDIDO;FECHA_PEDIDO;ID_CLIENTE;REFERENCIA;UNIDADES;PVP;DTO\n1;2024-01-31;7;R1;1;10,50;1,75\n1;2024-01-31;7;R2;2;1,25;0,00\n", {"order_ref": "NUM_PEDIDO", "date": "FECHA_PEDIDO", "customer_ref": "ID_CLIENTE", "product_ref": "REFERENCIA", "quantity": "UNIDADES", "unit_price": "PVP", "discount": "DTO"}),
    "date and time apart": ("order_id,date,time,customer_id,total\n1,2024-05-01,10:30,7,5.00\n2,2024-05-02,11:45,8,6.00\n", {"order_ref": "order_id", "date": "date", "time": "time", "customer_ref": "customer_id", "total": "total"}),
    "unknown words": ("Rechnung;Datum;Kunde-ID;Betrag\n1;31.01.2024;7;10,50\n2;01.02.2024;7;11,50\n3;02.02.2024;8;9,10\n", {"order_ref": "Rechnung", "date": "Datum", "customer_ref": "Kunde-ID", "total": "Betrag"}),
    "customer code": ("SHOP_DATE,CUST_CODE,BASKET_ID,PROD_CODE,QUANTITY,SPEND\n20240131,C1,9941,P5,2,3.10\n20240201,C1,9942,P6,1,4.10\n20240201,C2,9943,P5,1,1.55\n", {"order_ref": "BASKET_ID", "date": "SHOP_DATE", "customer_ref": "CUST_CODE", "product_ref": "PROD_CODE", "quantity": "QUANTITY", "total": "SPEND"}),
    "people by another name": ("order_id,date,Patron No.,Patron segment,total\n1,2024-05-01,7,gold,5.00\n2,2024-05-02,8,gold,6.00\n3,2024-05-03,7,gold,6.00\n", {"order_ref": "order_id", "date": "date", "customer_ref": "Patron No.", "total": "total"}),
    "addresses by another name": ("order_id,date,Whom,seller mail,total\n1,2024-05-01,a@x.org,s@y.org,5.00\n2,2024-05-02,b@x.org,t@y.org,6.00\n", {"order_ref": "order_id", "date": "date", "email": "Whom", "total": "total"}),
    "donations": ("Donor Email,Gift Date,Gift Amount,Gift ID\nd1@x.org,05 Mar 2022,$10.00,1\nd2@x.org,06 Mar 2022,$25.00,2\n", {"order_ref": "Gift ID", "date": "Gift Date", "email": "Donor Email", "total": "Gift Amount"}),
    "german": ("Bestellnummer;Bestelldatum;Kundennummer;Artikelnummer;Bezeichnung;Menge;Einzelpreis;Gesamtpreis\n1;31.01.2024 10:00:00;7;A-1;Lampe;2;10,50;21,00\n2;01.02.2024 10:00:00;8;A-2;Tisch;1;1.150,00;1.150,00\n", {"order_ref": "Bestellnummer", "date": "Bestelldatum", "customer_ref": "Kundennummer", "product_ref": "Artikelnummer", "product_name": "Bezeichnung", "quantity": "Menge", "unit_price": "Einzelpreis", "total": "Gesamtpreis"}),
    "brazilian": ("Número do Pedido;Data do Pedido;Código do Cliente;SKU;Produto;Quantidade;Preço Unitário;Valor Total\n1;31/01/2024 10:00;7;A-1;Camiseta;2;10,50;21,00\n2;01/02/2024 10:00;8;A-2;Mesa;1;1.150,00;1.150,00\n", {"order_ref": "Número do Pedido", "date": "Data do Pedido", "customer_ref": "Código do Cliente", "product_ref": "SKU", "product_name": "Produto", "quantity": "Quantidade", "unit_price": "Preço Unitário", "total": "Valor Total"}),
}  # fmt: skip


@pytest.mark.parametrize("style", GOLDEN)
def test_a_known_layout_is_recognised(style: str, tmp_path: Path) -> None:
    content, expected = GOLDEN[style]
    assert dict(mapping(tmp_path, content)) == expected


@pytest.mark.parametrize("style", GOLDEN)
def test_a_known_layout_has_no_problem_rows(style: str, tmp_path: Path) -> None:
    rows = read(tmp_path, GOLDEN[style][0])
    assert [row["problem"] for row in rows] == [None] * len(rows)


def test_online_shop_rows_keep_cancellations_guests_and_exact_money(tmp_path: Path) -> None:
    rows = read(tmp_path, UCI, currency="GBP", zone="Europe/London")
    assert pick(rows, "order_ref", "customer_ref", "quantity_e4", "unit_price_e4", "amount_e4") == [
        ("536365", "17850", 60000, 25500, 153000),
        ("536365", "17850", 60000, 33900, 203400),
        ("C536379", "14527", -10000, 275000, -275000),
        ("536414", None, 560000, 0, 0),
    ]
    assert rows[0]["day"] == date(2010, 12, 1)


def test_ids_written_as_floats_lose_their_zero(tmp_path: Path) -> None:
    assert pick(read(tmp_path, UCI2), "customer_ref") == [("13085",), ("13085",), (None,)]


def test_shopify_lines_take_the_order_from_its_first_line(tmp_path: Path) -> None:
    rows = read(tmp_path, SHOPIFY)
    assert pick(rows, "order_ref", "customer_ref", "product_ref", "amount_e4", "day", "status") == [
        ("#1001", "ana@example.com", "CAM-1", 250000, date(2026, 5, 1), "paid"),
        ("#1001", "ana@example.com", "GOR-1", 90000, date(2026, 5, 1), "paid"),
        ("#1002", "luis@example.com", "Gorra", 100000, date(2026, 5, 2), "cancelled"),
    ]


def test_a_refunded_order_of_several_lines_is_refunded_whole(tmp_path: Path) -> None:
    """Shopify repeats e-mail and date on every line, the status stands on the first alone."""
    lines = (
        SHOPIFY
        + "#1003,eva@example.com,refunded,,,EUR,20.00,0,0,20.00,,0.00,2026-05-03 10:00:00 +0200,1,Gorra,10.00,,,,,,,,,\n"
    )
    lines += "#1003,eva@example.com,,,,,,,,,,,2026-05-03 10:00:00 +0200,1,Taza,10.00,,,,,,,,,\n"
    lines = lines.replace(",,,,,,,,,,,,1,Gorra", ",,,,,,,,,,,2026-05-01 10:00:00 +0200,1,Gorra")
    assert pick(read(tmp_path, lines), "order_ref", "status", "currency") == [
        ("#1001", "paid", "EUR"),
        ("#1001", "paid", "EUR"),
        ("#1002", "cancelled", "EUR"),
        ("#1003", "refunded", "EUR"),
        ("#1003", "refunded", "EUR"),
    ]


def test_a_price_that_grows_with_the_amount_is_the_lines_total(tmp_path: Path) -> None:
    """Ta-Feng: AMOUNT counts pieces, SALES_PRICE is what they cost together, both without decimals."""
    head = "TRANSACTION_DT,CUSTOMER_ID,PRODUCT_ID,AMOUNT,ASSET,SALES_PRICE\n"
    many = [
        f"11/{1 + n % 28}/2000,{n % 9:08d},47{n % 7:05d},{1 + n % 3},{30 + 30 * (n % 3)},{40 + 40 * (n % 3) + n % 5}"
        for n in range(90)
    ]
    rows = read(tmp_path, head + "\n".join(many) + "\n", currency="TWD")
    assert pick(rows[:3], "quantity_e4", "amount_e4") == [(10000, 400000), (20000, 810000), (30000, 1220000)]


def test_order_totals_beside_item_prices_are_not_line_money(tmp_path: Path) -> None:
    assert pick(read(tmp_path, WOO), "amount_e4", "net_exact") == [(150000, 15), (100000, 10), (75000, 7.5)]


def test_a_value_for_the_line_is_not_multiplied_by_the_quantity(tmp_path: Path) -> None:
    rows = read(tmp_path, JOURNEY, currency="USD")
    assert pick(rows, "amount_e4", "unit_price_e4", "discount_e4") == [
        (5000, 5000, 0),
        (30000, 15000, 3000),
        (14300, 14300, 1500),
    ]


def test_orders_without_a_number_are_what_a_customer_bought_at_one_instant(tmp_path: Path) -> None:
    rows = read(tmp_path, CDNOW, currency="USD")
    assert pick(rows, "order_ref", "has_time") == [
        ("00001@1997-01-01", 0),
        ("00002@1997-01-12", 0),
        ("00002@1997-01-12", 0),
    ]


def test_no_address_becomes_an_order_number(tmp_path: Path) -> None:
    rows = read(tmp_path, "correo,fecha,importe\nana@example.com,2024-01-02,5\n")
    assert "ana" not in rows[0]["order_ref"]


def test_a_total_that_stands_on_each_line_counts_once(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "order_id,date,customer_id,product,order_total\n1,2024-01-02,7,Taza,30\n1,2024-01-02,7,Plato,30\n2,2024-01-03,8,Taza,10\n",
    )
    assert pick(rows, "amount_e4") == [(300000,), (0,), (100000,)]


def test_an_amount_of_small_whole_numbers_beside_a_price_is_the_quantity(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "order_id,date,customer_id,product,price,amount\n1,2024-01-02,7,Taza,7.50,2\n2,2024-01-03,8,Plato,9.99,1\n",
    )
    assert pick(rows, "quantity_e4", "amount_e4") == [(20000, 150000), (10000, 99900)]


def test_a_date_of_shipping_is_not_the_date_of_the_order(tmp_path: Path) -> None:
    with pytest.raises(VolverError) as caught:
        mapping(tmp_path, OLIST_ITEMS, as_="orders")
    assert caught.value.code == "collect.no_date_column"
    assert "shipping_limit_date" in str(caught.value)


def test_what_the_person_says_wins(tmp_path: Path) -> None:
    found = mapping(tmp_path, UCI, mapping={"customer_ref": "Country", "product_name": ""})
    assert found["customer_ref"] == "Country"
    assert "product_name" not in found


@pytest.mark.parametrize(
    ("said", "code"),
    [({"colour": "Country"}, "collect.unknown_field"), ({"date": "Kalender"}, "collect.unknown_column")],
)
def test_a_mapping_that_fits_nothing_is_refused(said: dict[str, str], code: str, tmp_path: Path) -> None:
    with pytest.raises(VolverError) as caught:
        mapping(tmp_path, UCI, mapping=said)
    assert caught.value.code == code


def test_a_catalogue_and_a_customer_list_are_told_from_orders(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "sku,name,categories,price_usd,cost\nA-1,Taza,Cocina,7.50,3.1234\nA-2,Plato,Cocina,10,\n,Sin,,1,\n"
    )
    (tmp_path / "b.csv").write_text(
        "Customer ID,Email,First Name,Last Name,City\n7.0,ANA@example.com,Ana,García,Madrid\nguest,,,,\n"
    )
    (tmp_path / "c.csv").write_text(UCI)
    sources = opened(tmp_path)
    assert [file.as_ for file in sources.files] == ["products", "customers", "orders"]
    products = rows_of(sources, "products")
    assert pick(products, "product_ref", "name", "price_e4", "cost_e4", "problem") == [
        ("A-1", "Taza", 75000, 31234, None),
        ("A-2", "Plato", 100000, None, None),
        (None, "Sin", 10000, None, "no_product_ref"),
    ]
    assert pick(rows_of(sources, "customers"), "customer_ref", "email", "name", "problem") == [
        ("7", "ana@example.com", "Ana García", None),
        (None, None, None, "no_customer_ref"),
    ]


def test_a_folder_keeps_what_it_does_not_know_out_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(UCI)
    (tmp_path / "weather.csv").write_text("station,rain\nnorth,3\nsouth,4\n")
    sources = opened(tmp_path)
    assert [file.label for file in sources.files] == ["orders.csv"]
    assert [label for label, _ in sources.skipped] == ["weather.csv"]


def test_lines_dates_and_customers_in_files_of_their_own_are_put_together(tmp_path: Path) -> None:
    (tmp_path / "order_items.csv").write_text(
        "order_id,order_item_id,product_id,shipping_limit_date,price\n"
        "a1,1,p1,2017-10-06 11:07:15,29.99\na1,2,p2,2017-10-06 11:07:15,9.99\na2,1,p1,2018-07-30 03:24:27,29.99\na9,1,p1,,1\n"
    )
    (tmp_path / "orders.csv").write_text(
        "order_id,customer_id,order_status,order_purchase_timestamp\n"
        "a1,k1,delivered,2017-10-02 10:56:33\na2,k2,canceled,2018-07-24 20:41:37\na3,k3,unavailable,2018-07-25 10:00:00\n"
    )
    (tmp_path / "customers.csv").write_text(
        "customer_id,customer_unique_id,customer_city\nk1,ana,vigo\nk2,ana,vigo\nk3,luis,lugo\n"
    )
    sources = opened(tmp_path)
    assert [(file.label, file.as_) for file in sources.files] == [
        ("customers.csv", "customers"),
        ("order_items.csv + orders.csv + customers.csv", "orders"),
    ]
    assert pick(
        rows_of(sources), "order_ref", "customer_ref", "product_ref", "amount_e4", "day", "status", "problem"
    ) == [
        ("a1", "ana", "p1", 299900, date(2017, 10, 2), "delivered", None),
        ("a1", "ana", "p2", 99900, date(2017, 10, 2), "delivered", None),
        ("a2", "ana", "p1", 299900, date(2018, 7, 24), "canceled", None),
        ("a9", None, "p1", 10000, None, None, "no_date"),
    ]


def test_a_file_with_a_header_only_has_no_rows_and_no_fault(tmp_path: Path) -> None:
    assert read(tmp_path, UCI.splitlines()[0] + "\n") == []


def test_a_region_is_no_status(tmp_path: Path) -> None:
    regions = (
        "order_id,date,customer_id,city,state,total\n1,2024-01-15,7,Austin,Texas,5\n2,2024-01-16,7,Reno,Nevada,5\n"
    )
    assert "status" not in mapping(tmp_path, regions)
    assert mapping(tmp_path, regions.replace("Texas", "Paid"))["status"] == "state"


def test_a_bare_id_is_the_order_unless_it_numbers_lines(tmp_path: Path) -> None:
    orders = "id,date,customer,total\n1,2024-01-15,7,5\n2,2024-01-15,7,5\n"
    assert mapping(tmp_path, orders)["order_ref"] == "id"
    lines = "id,date,customer,product,price\n1,2024-01-15,7,Taza,5\n2,2024-01-15,7,Plato,5\n3,2024-01-16,8,Taza,5\n"
    assert mapping(tmp_path, lines)["line_ref"] == "id"
    assert len({row["order_ref"] for row in read(tmp_path, lines)}) == 2


def test_files_of_one_layout_are_understood_alike(tmp_path: Path) -> None:
    head = "order_id,date,customer_id,quantity,unit_price,amount\n"
    (tmp_path / "a.csv").write_text(head + "".join(f"{n},2024-01-15,7,2,5.00,10.00\n" for n in range(9)))
    (tmp_path / "b.csv").write_text(head + "9,2024-01-15,7,0,5.00,1.50\n")
    first, second = opened(tmp_path).files
    assert first.mapping == second.mapping
    assert "total" in second.mapping


def test_reviews_and_lines_are_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(VolverError) as caught:
        mapping(tmp_path, "sku,title,review\n" + "A,Good,x\nB,Bad,y\n" * 20)
    assert caught.value.code == "collect.not_recognised"
