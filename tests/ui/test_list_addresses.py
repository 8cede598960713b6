"""What the list of customers says to an address that asks for what is not there."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.ui.world import one_customer, visitor
from volver.ui.know.customers import view_of
from volver.ui.shared.asked import count_of


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with one_customer(tmp_path_factory.mktemp("addresses") / "shop") as shop:
        yield visitor(shop)


@pytest.mark.parametrize("page", ["2", "1000", "9" * 30, "9" * 5000])
def test_a_page_beyond_the_end_says_so_and_leads_back(client: TestClient, page: str) -> None:
    said = client.get("/customers", params={"page": page, "sort": "net"}).text
    assert "This list ends on page 1." in said
    assert "No customers yet" not in said
    assert 'href="/customers?sort=net"' in said


@pytest.mark.parametrize("page", ["0", "-1", "NaN", "", "٣", "1"])
def test_what_is_no_page_is_the_first(client: TestClient, page: str) -> None:
    assert "Lucía Ferrer" in client.get("/customers", params={"page": page}).text


@pytest.mark.parametrize("asked", [{"stage": "gone"}, {"segment": "gone"}, {"stage": "<b>", "segment": "vip"}])
def test_a_stage_or_a_segment_that_is_not_there_is_told(client: TestClient, asked: dict[str, str]) -> None:
    said = client.get("/customers", params=asked).text
    assert "The stage or segment in the address does not exist" in said
    assert "<b>" not in said.split("does not exist")[1].split("</p>")[0]


def test_one_that_is_there_is_not_doubted(client: TestClient) -> None:
    for asked in ({"stage": "new"}, {"segment": "new"}, {"stage": ""}, {}):
        assert "does not exist" not in client.get("/customers", params=asked).text
    assert "does not exist" not in client.get("/customers", params={"search": "nobody"}).text


def test_counts_are_read_as_far_as_they_go() -> None:
    assert [count_of(text, 7, 100) for text in ("0", "00012", "100", "101", "x", "", "٣", "1.0")] == [
        0, 12, 100, 100, 7, 7, 7, 7,
    ]  # fmt: skip
    assert view_of({"page": "9" * 5000}).turned == 999_999


def test_a_page_that_is_not_there_speaks_of_no_menu(client: TestClient) -> None:
    answer = client.get("/nowhere", headers={"accept-language": "es"})
    assert answer.status_code == 404
    assert not any(word in answer.text for word in ("menu", "menú", 'class="rooms"'))


def test_another_order_begins_at_its_usual_end() -> None:
    assert view_of({"sort": "name", "was": "value"}).up
    assert not view_of({"sort": "net", "was": "name", "up": "1"}).up
    assert view_of({"sort": "net", "was": "net", "up": "1"}).up
