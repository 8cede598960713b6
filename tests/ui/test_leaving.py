"""The forms by which a list of the console leaves or is saved: who may, what they give, what they refuse."""

import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from starlette.testclient import TestClient

from tests.server.world import csrf_of, guarded
from tests.ui.world import busy, visitor
from volver import know
from volver.app import web
from volver.server import create_token
from volver.store import Shop
from volver.ui import file_answer


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with busy(tmp_path_factory) as made:
        yield made


@pytest.fixture(scope="module")
def client(shop: Shop) -> TestClient:
    return visitor(shop, **{"accept-language": "es"})


def post(client: TestClient, path: str, **form: str):  # type: ignore[no-untyped-def]
    return client.post(path, data={"csrf": csrf_of(client), **form}, headers={"accept": "*/*"})


def test_the_list_leaves_as_a_file_named_after_it_without_a_trace_on_disk(shop: Shop, client: TestClient) -> None:
    answer = post(client, "/customers.csv", view="stage=lost&sort=net&page=3", search="")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.search(r'filename="[a-z-]+-\d{4}-\d\d-\d\d\.csv"', answer.headers["content-disposition"])
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert b";" in answer.content
    lost = know.customers(shop, stage="lost", sort="net", limit=1)
    lines = answer.text.splitlines()
    assert len(lines) == lost.total + 1
    assert lines[1].startswith(f'"{lost.rows[0].ref}";')
    assert not list(shop.compute.workdir("look").parent.glob("*-export-*"))


def test_a_searched_term_is_part_of_the_list_and_stays_out_of_the_address(shop: Shop, client: TestClient) -> None:
    wanted = next(row for row in know.customers(shop, limit=50).rows if row.email)
    answer = post(client, "/customers.csv", view="", search=wanted.email or "")
    assert answer.text.count("\n") == 2
    assert wanted.email not in str(answer.url)


def test_taking_a_list_is_written_down_without_naming_anybody(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="volver"):
        post(client, "/customers/emails", view="stage=lost", search="")
    record = next(each for each in caplog.records if each.message == "list taken")
    assert record.how == "emails"
    assert record.rows > 0
    assert record.account > 0
    assert "@" not in str(record.__dict__)


def test_addresses_are_a_page_to_copy_from_or_json_for_the_button(shop: Shop, client: TestClient) -> None:
    form = {"csrf": csrf_of(client), "view": "stage=champion", "search": ""}
    told = client.post("/customers/emails", data=form, headers={"accept": "application/json"}).json()
    page = client.post("/customers/emails", data=form).text
    addresses = know.customer_emails(shop, know.Choice(stage="champion")).addresses
    assert told["text"].split("\n") == list(addresses)
    assert told["says"].startswith(f"{len(addresses)} direcciones copiadas.")
    assert all(each in page for each in addresses)
    assert "<textarea" in page
    assert 'href="/customers?stage=champion"' in page


def test_a_filter_is_saved_opened_renamed_and_deleted(shop: Shop, client: TestClient) -> None:
    saved = post(client, "/segments", view="stage=lost&segment=repeat", name="Volver a llamar {x} <b>")
    assert saved.url.query.startswith(b"segment=saved-")
    total = know.customers(shop, stage="lost", segment="repeat").total
    for text in (saved.text, client.get("/segments").text):
        assert "Volver a llamar {x} &lt;b&gt;" in text
    assert f"{total} clientes" in saved.text
    key = dict(saved.url.params)["segment"]
    number = key.removeprefix("saved-")
    renamed = post(client, f"/segments/{number}", deed="rename", name="2026-01-01")
    assert "<h1>2026-01-01</h1>" in renamed.text
    assert post(client, f"/segments/{number}", deed="delete").url.path == "/segments"
    assert "no existe" in client.get(f"/customers?segment={key}").text
    assert post(client, f"/segments/{number}", deed="delete").status_code == 400


def test_what_cannot_be_saved_is_said_calmly_with_a_way_back(client: TestClient) -> None:
    for form, status, says in [
        ({"view": "stage=lost", "name": " "}, 400, "de 1 a 60 caracteres"),
        ({"view": "", "name": "Todos"}, 400, "no hay nada que guardar"),
        ({"view": "segment=gone", "name": "Nadie"}, 400, "no hay nada que guardar"),
    ]:
        answer = post(client, "/segments", **form)
        assert (answer.status_code, says in answer.text) == (status, True)
    assert 'href="/customers?stage=lost"' in post(client, "/segments", view="stage=lost", name="").text


@pytest.mark.parametrize(("role", "may"), [("analyst", True), ("support", False), ("privacy", False)])
def test_only_those_who_may_see_the_buttons_and_take_a_list(shop: Shop, role: str, may: bool) -> None:
    client = guarded(shop, role)
    page = client.get("/customers?stage=lost").text
    assert ("/customers.csv" in page) == may
    assert ('action="/segments"' in page) == may
    for path in ("/customers.csv", "/customers/emails"):
        answer = post(client, path, view="stage=lost", search="")
        assert (answer.status_code, "@" in answer.text) == ((200, True) if may else (403, False))
    assert post(client, "/segments", view="", name="x").status_code == (400 if may else 403)


def test_a_token_for_customers_takes_no_whole_list(shop: Shop) -> None:
    address, program = "/api/v1/know/customers.csv", TestClient(web(shop))
    for scope, status in (("customers", 403), ("export", 200)):
        secret = create_token(shop, f"takes {scope}", [scope]).secret
        assert program.get(address, headers={"authorization": f"Bearer {secret}"}).status_code == status


def test_a_file_is_removed_even_if_nobody_takes_it_or_it_cannot_be_made(shop: Shop) -> None:
    async def closed(_message: object) -> None:
        raise OSError("gone")

    answer = file_answer(shop, "x.csv", lambda target: target.write_text("a" * 10))
    with ThreadPoolExecutor(1) as apart, pytest.raises(OSError, match="gone"):  # a browser may hold this thread's loop
        apart.submit(anyio.run, answer, {"type": "http", "method": "GET"}, closed, closed).result()
    with pytest.raises(ZeroDivisionError):
        file_answer(shop, "x.csv", lambda _target: 1 // 0)
    assert not list(shop.compute.workdir("look").parent.glob("*-export-*"))
