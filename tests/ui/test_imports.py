"""Importing from the console: sent, looked at, corrected, imported, taken back, read again."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.ui.world import empty, visitor
from volver.app import runner
from volver.collect import PROBLEMS, imports, mappings, set_aside, waiting_uploads
from volver.collect.ledger.arriving import shop_net
from volver.server import create_account, login_link
from volver.store import Jobs, Shop
from volver.ui.collect.corrections import corrected
from volver.ui.collect.reports import told
from volver.ui.collect.vocabulary import REASONS

CLEAR = """Pedido;Fecha;Cliente;Producto;Cantidad;Precio;Otro
1;2024-04-23;7;Taza;2;9,50;4,00
2;2024-05-24;8;Vela;1;6,25;3,00
"""
ASKS = "order,date,customer,product,quantity,price\n1,03/04/2024,7,Taza,2,9.50\n2,05/04/2024,8,Vela,1,6.25\n"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with empty(tmp_path / "shop") as made:
        yield made


def token(client: TestClient) -> str:
    return re.findall(r'name="csrf" value="([\w-]+)"', client.get("/imports").text)[0]


def send(client: TestClient, *files: tuple[str, str | bytes], csrf: str | None = None) -> Any:
    """A form with files as a browser without scripts sends it: the token first."""
    csrf = token(client) if csrf is None else csrf
    return client.post(
        "/imports",
        files=[("csrf", (None, csrf)), *[("file", (name, body, "text/csv")) for name, body in files]],
        follow_redirects=False,
    )


def look(client: TestClient, shop: Shop, *files: tuple[str, str | bytes]) -> tuple[str, str]:
    """Send files and let them be tried; the address of what they are, and the page."""
    sent = send(client, *files)
    assert sent.status_code == 303
    address = sent.headers["location"]
    assert "hx-trigger" in client.get(address).text
    runner(shop).drain()
    return address, client.get(address).text


def answer(client: TestClient, shop: Shop, address: str, **form: str) -> str:
    done = client.post(address, data={"csrf": token(client), **form}, follow_redirects=False)
    assert done.status_code == 303
    runner(shop).drain()
    return client.get(done.headers["location"]).text


def test_a_file_is_sent_looked_at_imported_and_taken_back(shop: Shop) -> None:
    client = visitor(shop)
    address, page = look(client, shop, ("ventas.csv", CLEAR))
    assert "2 new orders." in page
    assert "€25.25" in page
    assert imports(shop) == ()
    done = answer(client, shop, address, do="import")
    assert "It is in" in done
    assert shop_net(shop) == "25.25"
    assert waiting_uploads(shop) == ()
    (one,) = imports(shop)
    back = answer(client, shop, f"/imports/{one.number}")
    assert "2 orders are gone" in back
    assert shop_net(shop) == "0.00"
    assert "taken back" in client.get("/imports").text


def test_a_question_is_a_choice_and_its_answer_is_remembered(shop: Shop) -> None:
    client = visitor(shop)
    address, page = look(client, shop, ("marzo.csv", ASKS))
    assert "03/04/2024 is 3 Apr 2024" in page
    assert 'value="import"' not in page
    page = answer(client, shop, address, do="try", **{"ask-0": "0"})
    assert "From 3 Apr 2024 to 5 Apr 2024." in page
    answer(client, shop, address, do="import")
    assert [each.said for each in mappings(shop)] == [{"as_": "orders", "day_first": True}]
    _, page = look(client, shop, ("abril.csv", ASKS.replace("/04/", "/06/")))
    assert "Read as you said for marzo.csv" in page


def test_a_column_is_corrected_by_a_menu_and_nothing_is_imported_before_it_was_looked_at_again(shop: Shop) -> None:
    client = visitor(shop)
    address, page = look(client, shop, ("ventas.csv", CLEAR))
    price, other = (page.index(f'name="column-0-{place}"') for place in (5, 6))
    assert price < other
    changed = {"column-0-5": "", "column-0-6": "unit_price"}
    page = answer(client, shop, address, do="import", **changed)
    assert imports(shop) == ()
    assert "€11.00" in page
    answer(client, shop, address, do="import", **changed)
    assert shop_net(shop) == "11.00"


def test_files_that_nobody_can_read_say_so_and_can_be_removed(shop: Shop) -> None:
    client = visitor(shop)
    address, page = look(client, shop, ("odd.csv", "uno,dos\na,b\n"))
    assert "is neither orders nor products nor customers" in page
    assert 'value="import"' not in page
    answer(client, shop, address, do="forget")
    assert waiting_uploads(shop) == ()
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [("a.pdf", b"%PDF-1.4 rest", 400), ("", b"", 400), ("a.csv", b"\x89PNG\r\n", 400)],
)
def test_what_is_no_table_is_refused_and_leaves_nothing(shop: Shop, name: str, body: bytes, status: int) -> None:
    client = visitor(shop)
    assert send(client, (name, body)).status_code == status
    assert waiting_uploads(shop) == ()
    assert [each for each in (shop.path / "incoming").iterdir() if any(each.iterdir())] == []


@pytest.mark.parametrize("csrf", ["", "wrong", "x" * 5000])
def test_a_form_with_files_and_without_its_token_is_refused_unread(shop: Shop, csrf: str) -> None:
    client = visitor(shop)
    assert send(client, ("a.csv", CLEAR), csrf=csrf).status_code == 403
    assert not (shop.path / "incoming").exists()


def test_the_token_must_come_first_or_in_a_header(shop: Shop) -> None:
    client = visitor(shop)
    csrf = token(client)
    late = [("file", ("a.csv", CLEAR, "text/csv")), ("csrf", (None, csrf))]
    assert client.post("/imports", files=late, follow_redirects=False).status_code == 403
    headers = {"x-csrf-token": csrf}
    assert client.post("/imports", files=late, headers=headers, follow_redirects=False).status_code == 303


def test_who_may_not_import_sees_no_place_and_opens_no_page(shop: Shop) -> None:
    create_account(shop, "luis@example.com", role="analyst", password="a-calm-password")
    client = TestClient(visitor(shop).app)
    client.get(login_link(shop, "http://testserver", "luis@example.com"))
    assert "/imports" not in client.get("/").text
    assert "Ask the owner of the shop to import them." in client.get("/").text
    for path in ("/imports", "/imports/aside", "/imports/1"):
        assert client.get(path).status_code == 403


def test_rows_set_aside_are_shown_with_their_reason_and_read_again(shop: Shop) -> None:
    client = visitor(shop)
    rows = "".join(f"{n};2024-05-{n:02};7;Taza;1;9,50;1\n" for n in range(1, 20))
    address, page = look(client, shop, ("ventas.csv", CLEAR + rows + "99;2024-31-31;7;Taza;1;9,50;1\n"))
    assert "1 row cannot be used:" in page
    answer(client, shop, address, do="import")
    page = client.get("/imports/aside").text
    assert "Its date cannot be read." in page
    assert "2024-31-31" in page
    assert "1 rows were read again" in answer(client, shop, "/imports/aside", dates="day")
    assert set_aside(shop).total == 1


def test_a_job_that_is_not_of_imports_is_not_shown_here(shop: Shop) -> None:
    client = visitor(shop)
    runner(shop).drain()
    other = next(each.id for each in Jobs(shop.state).listed() if not each.name.startswith("collect."))
    assert client.get(f"/imports/jobs/{other}").status_code == 404


def test_every_reason_has_its_words() -> None:
    assert set(PROBLEMS) <= set(REASONS)


def test_what_is_taken_off_less_than_nothing_is_added() -> None:
    money = {"gross": "10.00", "discounts": "0.00", "charges": "-1.00", "cancelled": "-3.00", "returned": "2.00"}
    counts = {"total": 1, "guest": 0}
    documents = {"new": 1, "same": 0, "completed": 0, "changed": 0, "examples": []}
    rows = {"read": 1, "added": 1, "already_there": 0, "set_aside": {}}
    report = {"rows": rows, "orders": counts, "documents": documents, "customers": 1, "ledger_net_after": "10.00"}
    steps = told({**report, "money": {**money, "net": "10.00"}}).steps
    assert [(each.sign, each.amount_e4) for each in steps] == [
        ("", 100_000), ("−", 10_000), ("+", 30_000), ("−", 20_000), ("=", 100_000),
    ]  # fmt: skip


def file(**more: Any) -> dict[str, Any]:
    return {
        "file": "a.csv", "as": "orders", "shape": "s1", "columns": ["A", "B", "C"],
        "mapping": {"date": "A", "total": "B"}, "asks": [], **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("form", "sets"),
    [
        ({}, None),
        ({"column-0-0": "date", "column-0-1": "total", "column-0-2": ""}, None),
        ({"column-0-2": "cost"}, {"mapping": {"cost": "C"}}),
        ({"column-0-1": ""}, {"mapping": {"total": ""}}),
        ({"column-0-1": "", "column-0-2": "total"}, {"mapping": {"total": "C"}}),
        ({"column-0-1": "cost"}, {"mapping": {"total": "", "cost": "B"}}),
        ({"kind-0": "customers", "column-0-1": ""}, {"as_": "customers"}),
        ({"kind-0": "nonsense", "column-0-2": "nonsense"}, None),
    ],
)
def test_only_what_the_reader_changed_is_said(form: dict[str, str], sets: dict[str, Any] | None) -> None:
    found = corrected({"files": [file()], "asks": []}, {}, form)
    assert found == ({"answers": {"s1": sets}} if sets else {})


def test_an_answer_goes_to_the_files_that_ask_and_adds_to_what_was_said() -> None:
    ask = {"code": "x", "message": {}, "choices": [{"label": {}, "sets": {"money": ["per-line"]}}]}
    shown = {"files": [file(asks=[ask]), file(shape="s2")], "asks": [ask]}
    before = {"answers": {"s1": {"money": ["before-discount"], "mapping": {"total": "C"}}}}
    found = corrected(shown, before, {"ask-0": "0"})
    assert found == {"answers": {"s1": {"money": ["before-discount", "per-line"], "mapping": {"total": "C"}}}}
    assert corrected(shown, before, {"ask-0": "7"}) == before
