"""The tables of the console as files: the numbers that the pages show, in the reader's language."""

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.ui.world import busy, empty, visitor
from volver import know
from volver.cli.main import main
from volver.collect import ImportOptions, import_files, imports, set_aside
from volver.store import Shop
from volver.ui import Speech

ES = Speech(lang="es", currency="EUR", zone="Europe/Madrid").text
BROKEN = """order_id,ordered_at,customer_id,sku,quantity,unit_price
1,2025-01-07,7,A,2,9.50
=2+3,2025-31-31,7,A,2,9.50
3,2025-01-08,8,A,two,9.50
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with busy(tmp_path_factory) as made:
        yield made


@pytest.fixture(scope="module")
def client(shop: Shop) -> TestClient:
    return visitor(shop, **{"accept-language": "es"})


def rows(text: str, between: str = ";") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=between))


def test_segments_leave_with_the_saved_ones_first(shop: Shop, client: TestClient) -> None:
    saved = know.save_segment(shop, "=Perdidos", stage="lost")
    found = rows(client.get("/segments.csv").text)
    told = know.segments(shop)
    assert [row[ES("Customers")] for row in found[1:]] == [
        "" if each.members is None else str(each.members) for each in told
    ]
    assert found[0][ES("Segment")] == "'=Perdidos"
    assert found[0][ES("Customers")] == str(know.customers(shop, segment=saved.key, limit=1).total)
    know.delete_segment(shop, saved.key)


def test_channels_leave_whole_though_the_page_shows_few(shop: Shop, client: TestClient) -> None:
    from volver import predict

    found = rows(client.get("/value/channels.csv").text)
    told = predict.spend_ceiling(shop).rows
    assert len(found) == len(told)
    for row, each in zip(found, told, strict=True):
        assert row[ES("Channel")]
        if each.ceiling:
            assert float(row[ES("May cost")].replace(",", ".")) == pytest.approx(each.ceiling.expected, abs=0.006)
    campaigns = rows(client.get("/value/campaigns.csv").text)
    assert len(campaigns) == len(predict.spend_ceiling(shop, "campaign").rows)


def test_cohorts_leave_a_row_for_each_month_after(shop: Shop, client: TestClient) -> None:
    found = rows(client.get("/value/cohorts.csv").text)
    told = know.cohorts(shop).cohorts
    assert len(found) == sum(len(each.retention) for each in told)
    assert found[0][ES("Months after")] == "0"
    assert {float(row[ES("Came back")].replace(",", ".")) for row in found} <= {
        float(f"{share:.4f}") for each in told for share in each.retention
    }


def test_imports_leave_with_their_money(shop: Shop, client: TestClient) -> None:
    found = rows(client.get("/imports.csv").text)
    told = imports(shop)
    assert [row[ES("Number")] for row in found] == [str(each.number) for each in told]
    assert [Decimal(row[ES("Revenue")].replace(",", ".")) for row in found] == [Decimal(each.net) for each in told]


def test_pages_lead_to_their_files(client: TestClient) -> None:
    for page, files in {
        "/segments": ["/segments.csv"],
        "/imports": ["/imports.csv"],
        "/value": ["/value/channels.csv", "/value/cohorts.csv"],
    }.items():
        text = client.get(page).text
        for file in files:
            assert f'href="{file}"' in text


def test_rows_set_aside_leave_whole_and_run_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "orders.csv").write_text(BROKEN, encoding="utf-8")
    with empty(tmp_path / "shop") as shop:
        import_files(shop, [tmp_path / "orders.csv"], ImportOptions())
        waiting = set_aside(shop).total
        assert waiting >= 1
        found = rows(visitor(shop, **{"accept-language": "es"}).get("/imports/aside.csv").text)
        assert len(found) == waiting
        assert {row[ES("File")] for row in found} == {"orders.csv"}
        main(["--shop", str(shop.path), "collect", "set-aside", "--csv", str(tmp_path / "aside.csv"), "--json"])
        assert json.loads(capsys.readouterr().out)["rows"] == waiting
        main(["--shop", str(shop.path), "know", "segments", "--csv", str(tmp_path / "segments.csv"), "--json"])
        assert json.loads(capsys.readouterr().out)["segments"] == len(know.segments(shop))


def test_more_rows_than_are_read_at_once_leave_in_order(tmp_path: Path) -> None:
    lines = "".join(f"{n},2025-31-31,7,A,2,9.50\n" for n in range(20_003))
    good = "".join(f"{n},2025-01-{1 + n % 28:02d},7,A,2,9.50\n" for n in range(20_003, 20_103))
    (tmp_path / "orders.csv").write_text(BROKEN.splitlines()[0] + "\n" + good + lines, encoding="utf-8")
    with empty(tmp_path / "shop") as shop:
        import_files(shop, [tmp_path / "orders.csv"], ImportOptions())
        total = set_aside(shop).total
        found = rows(visitor(shop).get("/imports/aside.csv").text, ",")
    assert len(found) == total > 10_000
    assert [int(row["Row"]) for row in found] == sorted(int(row["Row"]) for row in found)
