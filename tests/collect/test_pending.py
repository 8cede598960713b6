"""Orders that are not paid yet are counted apart, until a later export says that they are."""

from pathlib import Path

import duckdb
import pytest

from tests.world import new_shop
from volver.collect import import_files, try_import
from volver.collect.ledger import rules

HEAD = "order_id,date,customer_id,sku,quantity,price,financial status\n"
PAID = "1,2025-03-01,a,x,1,10.00,paid\n2,2025-03-02,b,x,2,10.00,{status}\n3,2025-03-03,c,x,1,5.00,cancelled\n"

WAITS = """pending|Pending payment|pending_payment|PENDIENTE|Pendiente de pago|pago pendiente|En espera|on-hold|unpaid
    |not paid|Not yet paid|En attente de paiement|En attente de virement bancaire|Ausstehend
    |Zahlung ausstehend|nicht bezahlt|Wartet auf Zahlung
    |In attesa di pagamento|Aguardando pagamento|Pagamento pendente|Pendent de pagament
    |Awaiting Payment|Awaiting check payment|payment_review|paymentPending|Impagado|Impayée|Offen"""
PAYS = """paid|Pagado|completed|processing|Awaiting Fulfillment|awaiting shipment|Awaiting Pickup|Pendiente de envío
    |pending fulfillment|Paid, pending review|En préparation|En attente d'expédition|shipped|partially_paid|authorized
    |Versand ausstehend|Pending delivery|Pagado - en espera|Aguardando envio||Pendiente de reponer"""
NEVER = "cancelled|Pendiente - anulado|pending refund denied"


def words(text: str) -> list[str]:
    return [each.strip() for each in text.split("|")]


@pytest.mark.parametrize(("said", "waits"), [(WAITS, True), (PAYS, False), (NEVER, None)])
def test_words_for_not_paid_yet_are_known_by_their_stems(said: str, waits: bool | None) -> None:
    for word in words(said):
        found = duckdb.execute(
            f"select {rules.is_pending('s')}, {rules.is_cancelled('s')} from (select ? as s)", [word]
        )
        pending, cancelled = found.fetchall()[0]
        if waits is not None:
            assert (bool(pending), bool(cancelled)) == (waits, False), word
        else:
            assert not (pending and cancelled), word


def test_an_unpaid_order_is_counted_apart_with_its_money(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(HEAD + PAID.format(status="pending"), encoding="utf-8")
    with new_shop(tmp_path / "shop") as shop:
        looked = try_import(shop, [path]).report
        report = import_files(shop, [path])
        assert looked is not None
        assert looked.money == report.money
        money = report.money
        assert money is not None
        assert (money.gross, money.cancelled, money.pending, money.net) == ("15.00", "5.00", "20.00", "10.00")
        assert (money.pending_orders, report.rows.pending, report.rows.added, report.rows.read) == (1, 1, 2, 3)
        assert report.ledger_net_after == "10.00"
        path.write_text(HEAD + PAID.format(status="paid"), encoding="utf-8")
        later = import_files(shop, [path])
        assert (later.documents.new, later.documents.same) == (1, 2)
        assert later.ledger_net_after == "30.00"


def test_a_shop_may_count_them(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(HEAD + PAID.format(status="pending"), encoding="utf-8")
    with new_shop(tmp_path / "shop", collect={"count_pending": True}) as shop:
        report = import_files(shop, [path])
    assert report.ledger_net_after == "30.00"
    assert report.money is not None
    assert report.money.pending_orders == 0
