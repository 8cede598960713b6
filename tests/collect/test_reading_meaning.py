# ruff: noqa: E501, SIM905 - files are shown line by line as they come
"""What cells, columns and files mean: statuses, dates, currencies and references as real programs write them."""

from datetime import datetime
from functools import cache
from pathlib import Path

import duckdb
import pytest

from tests.collect.reading_world import mapping, opened, pick, read, us
from tests.world import new_shop
from volver.collect import ImportOptions, OtherCurrency, import_files
from volver.collect.ledger import rules
from volver.collect.ledger.currencies import SeveralCurrencies
from volver.collect.reading import dates, numbers
from volver.collect.reading.mapping import SpoiltNumbers
from volver.core import VolverError
from volver.store import create_shop, open_shop

UNDONE = (
    "Cancelled|CANCELED|wc-cancelled|Anulado|Anulada por el cliente|Pedido cancelado|Annulée|Annullato|Storniert|Cancel·lada|"
    "Refunded|Fully refunded|Reembolsado|Rimborsata|Remboursé|Erstattet|Zurückerstattet|Devuelto|Estornado|Voided|Returned|"
    "Chargeback|charged_back|Canceled - refunded|Venta cancelada. No despaches.|Payment failed|fail|Pago fallido|payment_denied|"
    "Paiement échoué|Erreur de paiement|Fehlgeschlagen|Pago rechazado|Declined|Abgelehnt|Expired|Expirado|Vencido|Scaduto|"
    "Draft|checkout-draft|Borrador|Entwurf|Quotation|Presupuesto|Devis|Cart|Carrito|Abandoned|Unavailable|no disponible|paymentFailed"
).split("|")
STANDING = (
    "Paid|Pagado|Completed|Completado|Processing|Shipped|Enviado|Entregado|Accepted|Reçue|Bezahlt|Pagato|Partially refunded|"
    "Parcialmente reembolsado|Teilweise erstattet|Partially cancelled|Not cancelled|No cancelado|Nicht storniert|Non annullato|"
    "Refund denied|Refund rejected|Devolución rechazada|Cancelación rechazada|Remboursement refusé|Reembolso negado|"
    "Return requested|Devolución solicitada|Delivered, return window expired|Cartagena|Postcard|Cartero|Pending|Pendiente|on-hold"
).split("|")


@cache
def engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


@pytest.mark.parametrize(("status", "undone"), [(s, True) for s in UNDONE] + [(s, False) for s in STANDING])
def test_a_status_undoes_an_order_by_how_its_words_begin(status: str, undone: bool) -> None:
    assert engine().execute(f"SELECT {rules.is_cancelled('$1')}", [status]).fetchall() == [(undone,)]


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("Jan-10-24", datetime(2024, 1, 10)),
        ("Jan/10/2024", datetime(2024, 1, 10)),
        ("10-Jan-24", datetime(2024, 1, 10)),
        ("1/14/2024, 1:22:31\u202fPM", datetime(2024, 1, 14, 13, 22, 31)),
        ("15/01/2024 3:04\u00a0p.\u00a0m.", datetime(2024, 1, 15, 15, 4)),
        ("15 de enero de 2024 14:30 hs.", datetime(2024, 1, 15, 14, 30)),
        ("2024-01-15\u00a010:00", datetime(2024, 1, 15, 10)),
        ("Mon, Jan 15, 2024 3:04 PM", datetime(2024, 1, 15, 15, 4)),
        ("15/01/2024 14:30 h", datetime(2024, 1, 15, 14, 30)),
    ],
)
def test_a_date_is_read_as_programs_write_it(cell: str, told: datetime) -> None:
    words = dates.has_words(cell)
    asked = ", ".join(dates.evidence("x", words=words))
    found = engine().execute(f"SELECT {asked} FROM (SELECT $1 AS x)", [cell]).fetchall()[0]
    seen = dates.Evidence(shapes=found[0], first_no_month=found[1], first_no_day=found[2], second_no_month=found[3])
    plan = dates.plan(seen, day_first=seen.day_first, words=words)
    assert plan is not None
    assert engine().execute(f"SELECT {dates.local_sql(plan, 'x')} FROM (SELECT $1 AS x)", [cell]).fetchall() == [
        (told,)
    ]


@pytest.mark.parametrize(
    ("cell", "mark", "told"),
    [
        ("1,23,456.00", ".", "123456"), ("12,34,567", ".", "1234567"), ("Rs. 1,200", ".", "1200"), ("₹ 99.50", ".", "99.5"),
        ("1.234,50 kr", ",", "1234.5"), ("R$ 1.234,50", ",", "1234.5"), ("1'234.50", ".", "1234.5"), ("1,234.50-", ".", "-1234.5"),
        ("12,- €", ",", "12"), ("12.–", ".", "12"), ("-12,-", ",", "-12"),
    ],
)  # fmt: skip
def test_a_number_is_read_with_its_grouping_and_sign(cell: str, mark: str, told: str) -> None:
    found = engine().execute(f"SELECT {numbers.number('$1', mark)} = {told}", [cell]).fetchall()
    assert found == [(True,)]


def test_headings_are_known_by_their_telling_words(tmp_path: Path) -> None:
    spanish = "Número de la orden;Fecha de la orden;Estado de la orden;Nombre del comprador;Nombre del producto;Precio del producto;Cantidad del producto\n"
    found = mapping(
        tmp_path,
        spanish + "7;03/01/2025 10:00;Cerrada;Eva Sol;Taza;12,50;2\n8;23/01/2025 10:00;Cerrada;Leo Mar;Vela;3,25;1\n",
    )
    assert found == {
        "order_ref": "Número de la orden", "date": "Fecha de la orden", "status": "Estado de la orden",
        "customer_name": "Nombre del comprador", "product_name": "Nombre del producto",
        "unit_price": "Precio del producto", "quantity": "Cantidad del producto",
    }  # fmt: skip


def test_a_zone_in_the_heading_holds_for_its_times(tmp_path: Path) -> None:
    body = "order_id,{},customer_id,total\n1,2025-01-10 23:30:00,7,5.00\n2,2025-01-11 08:00:00,7,6.00\n"
    rows = read(tmp_path, body.format("Order Date (UTC)"))
    assert rows[0]["ts_us"] == us(2025, 1, 10, 23, 30)
    assert rows[0]["day"].isoformat() == "2025-01-11"  # in Madrid
    rows = read(tmp_path, body.format("Fecha (GMT-3)"))
    assert rows[0]["ts_us"] == us(2025, 1, 11, 2, 30)
    rows = read(tmp_path, body.format("Order Date"))
    assert rows[0]["ts_us"] == us(2025, 1, 10, 22, 30)


def test_rows_without_number_and_date_are_lines_of_the_order_above(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "Order Reference,Customer,Order Date,Order Lines/Product,Order Lines/Quantity,Order Lines/Unit Price\n"
        "S1,Eva,2025-01-10 09:30:00,Taza,1.00,20.00\n,,,Vela,2.00,5.00\nS2,Leo,2025-01-12 09:30:00,Vela,1.00,5.00\n,,,Taza,1.00,20.00\n",
    )
    assert pick(rows, "order_ref", "customer_ref", "amount_e4", "problem") == [
        ("S1", "Eva", 200_000, None), ("S1", "Eva", 100_000, None), ("S2", "Leo", 50_000, None), ("S2", "Leo", 200_000, None),
    ]  # fmt: skip


def test_money_marked_in_each_cell_counts_only_in_the_import_s_currency(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "order_id,date,customer_id,total\n1,2025-01-10,a,€20.00\n2,2025-01-11,b,$20.00\n3,2025-01-12,c,GBP 20.00\n",
    )
    assert pick(rows, "currency", "problem") == [("EUR", None), ("USD", "other_currency"), ("GBP", "other_currency")]


FOREIGN = "order_id,customer_id,date,currency,total\n1,A,2025-01-03,USD,40.00\n2,B,2025-01-04,USD,60.00\n"


def test_an_untouched_shop_takes_the_currency_that_its_first_file_states(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(FOREIGN)
    with create_shop(tmp_path / "shop") as shop:
        report = import_files(shop, [path])
    assert (report.currency, report.ledger_net) == ("USD", "100.00")
    with open_shop(tmp_path / "shop") as shop:
        assert shop.settings.currency == "USD"


def test_a_shop_that_chose_its_currency_refuses_a_file_in_another(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(FOREIGN)
    with new_shop(tmp_path / "shop", currency="EUR") as shop, pytest.raises(OtherCurrency):
        import_files(shop, [path])


def test_numbers_that_a_spreadsheet_has_cut_are_refused(tmp_path: Path) -> None:
    body = "order_id,date,customer_id,sku,quantity,unit_price\n4.05E+15,2025-01-10,a,X,1,5.00\n4.05E+15,2025-01-11,b,X,1,5.00\n"
    with pytest.raises(SpoiltNumbers, match="4.05E"):
        read(tmp_path, body)


def test_a_customer_number_that_is_new_with_every_order_gives_way_to_the_e_mail(tmp_path: Path) -> None:
    lines = [f"O{n},C{n},p{n % 4}@example.com,2025-01-{n + 1:02},25.00" for n in range(20)]
    found = mapping(tmp_path, "Order ID,Customer ID,Customer Email,Date,Total Amount\n" + "\n".join(lines))
    assert "customer_ref" not in found
    assert found["email"] == "Customer Email"


def test_customer_zero_is_the_first_of_many_where_customers_are_counted_from_zero(tmp_path: Path) -> None:
    lines = [f"{n},{n % 5},2025-01-{n + 1:02},10.00" for n in range(20)]
    rows = read(tmp_path, "order_id,customer_id,date,total\n" + "\n".join(lines))
    assert {row["customer_ref"] for row in rows} == {"0", "1", "2", "3", "4"}
    guests = [f"{n},{0 if n % 2 else n},2025-01-{n + 1:02},10.00" for n in range(20)]
    rows = read(tmp_path, "order_id,customer_id,date,total\n" + "\n".join(guests))
    assert None in {row["customer_ref"] for row in rows}


@pytest.mark.parametrize(
    "content",
    [
        "session_id,user_pseudo_id,event_date,event_name\ns0,4095515938.1639822046,2025-01-03,page_view\ns1,4095515939.1639822047,2025-01-04,page_view\n",
        "id,name,createdAt,__parentId,quantity,price\n1,#2000,2025-01-03,,,\n9,,,1,1,10.00\n",
    ],
)
def test_what_is_no_order_list_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(VolverError):
        read(tmp_path, content)


def test_a_row_that_sums_up_its_order_is_no_line_of_it(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "Order Number,Buyer Username,Item Title,Custom Label,Quantity,Sold For,Sale Date\n"
        "1,eva,,,3,$30.49,Jan-01-24\n1,,Mug,M1,1,$19.99,Jan-01-24\n1,,Pot,M2,2,$5.25,Jan-01-24\n"
        "2,leo,Mug,M1,1,$19.99,Feb-02-24\n3,eva,,,2,$10.50,Mar-03-24\n3,,Pot,M2,1,$5.25,Mar-03-24\n3,,Pot,M2,1,$5.25,Mar-03-24\n",
        currency="USD",
    )
    assert pick(rows, "problem", "customer_ref") == [
        ("no_sale", "eva"), (None, "eva"), (None, "eva"), (None, "leo"), ("no_sale", "eva"), (None, "eva"), (None, "eva"),
    ]  # fmt: skip


def test_a_spreadsheet_s_apostrophe_is_no_part_of_a_number(tmp_path: Path) -> None:
    rows = read(tmp_path, "order_id,date,customer_id,total\n'100,2025-01-10,'7000,5.00\n'101,2025-01-11,'7001,6.00\n")
    assert pick(rows, "order_ref", "customer_ref") == [("100", "7000"), ("101", "7001")]


def test_a_column_called_order_holds_order_numbers(tmp_path: Path) -> None:
    found = mapping(
        tmp_path,
        "Order,Date,Customer ID,Product,Quantity,Price\n7,2025-01-10,c0,Mug cup,1,5.00\n7,2025-01-10,c0,Tea pot,1,9.00\n8,2025-01-10,c0,Mug cup,1,5.00\n",
    )
    assert found["order_ref"] == "Order"


def test_a_bare_name_beside_an_article_is_the_buyer_s(tmp_path: Path) -> None:
    found = mapping(
        tmp_path,
        "Nº de pedido;Fecha del pedido;Nombre;Artículo;Cantidad;Precio\n7;13/01/2025;Eva Sol;Taza azul;1;5,50\n8;14/01/2025;Leo Mar;Vela roja;2;3,25\n",
    )
    assert (found["customer_name"], found["product_name"]) == ("Nombre", "Artículo")


def test_an_empty_money_column_is_no_money_left_out(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    head = "order_id,date,customer_id,product,quantity,unit_price,order total\n"
    path.write_text(head + "7,2025-01-10,c0,Mug cup,1,5.00,\n8,2025-01-11,c1,Mug cup,3,5.00,0.00\n")
    assert opened(tmp_path, path).files[0].unread_money == ()


def test_money_is_no_customer_and_a_marketplace_s_payout_no_revenue(tmp_path: Path) -> None:
    head = "# de venta;Fecha de venta;Estado;Unidades;Ingresos por productos (MXN);Total (MXN);SKU;Título de la publicación;Comprador\n"
    rows = [
        f"{2000 + n};{n + 1} de marzo de 2025 09:14 hs.;Entregado;1;{100 + n % 3}.00;{80 + n % 3}.00;V{n % 3};Vela azul;Ana García"
        for n in range(12)
    ]
    path = tmp_path / "orders.csv"
    path.write_text(head + "\n".join(rows))
    found = opened(tmp_path, path, currency="MXN", zone="America/Mexico_City").files[0].mapping
    assert (found["total"], found.get("customer_ref")) == ("Ingresos por productos (MXN)", None)


def test_headings_of_an_italian_list_are_all_known(tmp_path: Path) -> None:
    head = "N. ordine;Data ordine;Email cliente;Cod. articolo;Descrizione;Q.tà;Prezzo;Sconto;Importo;IVA;Stato\n"
    body = "1;03/03/2025;eva@mail.example;ALF-7;Tappeto piccolo;2;64,00;;128,00;22%;Spedito\n2;14/03/2025;leo@mail.example;TAZ-1;Tazza blu;2;12,50;10%;22,50;22%;Annullato\n"
    found = mapping(tmp_path, head + body)
    assert {field: found[field] for field in ("order_ref", "date", "quantity", "unit_price", "total", "status")} == {
        "order_ref": "N. ordine", "date": "Data ordine", "quantity": "Q.tà", "unit_price": "Prezzo", "total": "Importo", "status": "Stato",
    }  # fmt: skip
    assert "tax" not in found  # a rate


def test_a_table_of_months_is_no_list_of_customers(tmp_path: Path) -> None:
    with pytest.raises(VolverError):
        read(
            tmp_path,
            "Cliente;Razón social;ene-25;feb-25;mar-25;Total general\nC001;Luis Peña;50,00;;;50,00\nC002;Eva Sol;;29,85;;29,85\n",
        )


def test_a_column_of_zones_holds_row_by_row(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "order_id,date,Time Zone,customer_id,total\n1,2025-01-10 20:00:00,America/New_York,7,5.00\n2,2025-01-10 20:00:00,nowhere,7,6.00\n",
    )
    assert [row["ts_us"] for row in rows] == [us(2025, 1, 11, 1), us(2025, 1, 10, 19)]
    assert [row["day"].isoformat() for row in rows] == ["2025-01-11", "2025-01-10"]


def test_an_untouched_shop_asks_which_of_several_currencies_counts(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(FOREIGN.replace("04,USD", "04,GBP"))
    with create_shop(tmp_path / "shop") as shop:
        with pytest.raises(SeveralCurrencies) as asked:
            import_files(shop, [path])
        assert [each.sets for each in asked.value.choices] == [{"currency": "GBP"}, {"currency": "USD"}]
        report = import_files(shop, [path], ImportOptions(currency="GBP"))
    assert (report.currency, report.ledger_net, report.rows.set_aside) == ("GBP", "60.00", {"other_currency": 1})


def test_a_list_with_e_mail_addresses_is_no_product_list(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        "id,name,email,street,city,country\n1,Eva,eva@example.com,Calle 1,Vigo,ES\n2,Leo,leo@example.com,Calle 2,Jaén,ES\n"
    )
    assert [each.as_ for each in opened(tmp_path, path).files] == ["customers"]
