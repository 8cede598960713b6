"""Every page for an empty shop, a shop of one customer, and a shop as shops are."""

import re
import shutil
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.ui.world import visitor
from volver import know
from volver.core import Words
from volver.store import Shop, open_shop
from volver.ui.know.customers import View, view_of

PAGES = ("/", "/customers", "/segments", "/value")


def token(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


def first(shop: Shop, **asked: str) -> know.CustomerRow:
    return know.customers(shop, limit=1, **asked).rows[0]


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize("path", PAGES)
def test_an_empty_shop_says_what_fills_it(empty_shop: Shop, path: str, lang: str) -> None:
    answer = visitor(empty_shop, **{"accept-language": lang}).get(path)
    assert answer.status_code == 200
    assert f'<html lang="{lang}"' in answer.text
    main = answer.text[answer.text.index("<main") :]
    assert 'class="button primary" href="/imports"' in main
    assert "volver collect" not in main, "an empty shop needs no terminal"


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize("path", PAGES)
def test_a_shop_of_one_customer_is_told_without_zeros_in_place_of_unknowns(
    lone_shop: Shop, path: str, lang: str
) -> None:
    answer = visitor(lone_shop, **{"accept-language": lang}).get(path)
    assert answer.status_code == 200
    assert f'<html lang="{lang}"' in answer.text


def test_a_shop_too_small_for_a_model_says_what_it_needs_and_has(lone_shop: Shop) -> None:
    page = visitor(lone_shop, **{"accept-language": "en"}).get("/value").text
    assert "customers with orders; you have 1." in page
    assert visitor(lone_shop).get(f"/customers/{first(lone_shop).customer_id}").status_code == 200


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize("path", [*PAGES, "/value?cohorts=value", "/customers?stage=slipping&sort=last&page=2"])
def test_a_busy_shop(busy_shop: Shop, path: str, lang: str) -> None:
    answer = visitor(busy_shop, **{"accept-language": lang}).get(path)
    assert answer.status_code == 200
    assert not re.search(r"<[^>]+\s(?:style|on[a-z]+)=", answer.text)
    assert "<style" not in answer.text
    assert not re.search(r"<script(?![^>]*\ssrc=)", answer.text)
    assert "None" not in re.sub(r"<[^>]+>", "", answer.text)


@pytest.mark.parametrize("stage", know.STAGES)
def test_a_customer_of_every_stage(busy_shop: Shop, stage: str) -> None:
    row = first(busy_shop, stage=stage, sort="orders")
    page = visitor(busy_shop, **{"accept-language": "en"}).get(f"/customers/{row.customer_id}").text
    assert "Everything that happened" in page
    assert "Chance of still being a customer" in page


def why(page: str) -> list[str]:
    """The card of reasons: its title, its line, its sentences."""
    [card] = re.findall(r'<section class="card ">\s*<header><div><h2>((?:Why|¿Por qué) .*?)</section>', page, re.S)
    said = [re.sub(r"\s+", " ", each).strip() for each in re.split(r"<[^>]+>", card)]
    return [unescape(each) for each in said if each]


def test_a_value_has_its_reasons_in_the_readers_language(busy_shop: Shop) -> None:
    row = first(busy_shop, sort="value")
    pages = {
        lang: visitor(busy_shop, **{"accept-language": lang}).get(f"/customers/{row.customer_id}").text
        for lang in ("en", "es")
    }
    english, spanish = why(pages["en"]), why(pages["es"])
    assert re.fullmatch(r"Why €[\d,.]+\?", english[0])
    assert re.fullmatch(r"¿Por qué [\d,.]+\s€\?", spanish[0])
    assert english[2].startswith("Ordered on ")
    assert spanish[2].startswith("Compró ")
    assert len(english) == len(spanish) >= 6
    assert any(re.fullmatch(r"× [\d.]+", each) for each in english)


def test_without_a_model_the_reasons_say_what_is_missing(lone_shop: Shop) -> None:
    page = visitor(lone_shop, **{"accept-language": "en"}).get(f"/customers/{first(lone_shop).customer_id}").text
    assert why(page) == ["Why this value?", "The forecast needs 20 customers with orders; you have 1."]


def test_reasons_never_explain_another_value_than_the_page_shows(busy_shop: Shop, tmp_path: Path) -> None:
    shutil.copytree(busy_shop.path, tmp_path / "shop")
    with open_shop(tmp_path / "shop") as shop:
        address = f"/customers/{first(shop, sort='value').customer_id}"
        doubled = "select * replace (2 * value_365d_e4 as value_365d_e4) from scores"
        shop.lake.replace("scores", shop.compute.write(doubled, "scores"))
        found = why(visitor(shop, **{"accept-language": "en"}).get(address).text)
    assert found[1].startswith("What was known on ")
    assert len(found) == 2


def test_a_value_that_is_mostly_nothing_has_no_interval_from_nothing_to_nothing(busy_shop: Shop) -> None:
    rows = know.customers(busy_shop, sort="value", descending=False, limit=400).rows
    gone = next(each for each in rows if each.value_high_e4 == 0)
    page = visitor(busy_shop, **{"accept-language": "en"}).get(f"/customers/{gone.customer_id}").text
    assert "nothing in at least 95 of 100 cases" in page
    assert "€0 – €0" not in page


def test_goods_that_all_came_back_are_not_what_someone_buys(busy_shop: Shop) -> None:
    rows = know.customers(busy_shop, sort="net", descending=False, limit=5).rows
    returned = next(each for each in rows if each.net_e4 == 0)
    page = visitor(busy_shop, **{"accept-language": "en"}).get(f"/customers/{returned.customer_id}").text
    assert "Nothing is left of it: everything came back." in page
    assert "× 0</span>" not in page
    assert "In which categories?" not in page


def test_money_comes_first(busy_shop: Shop) -> None:
    page = visitor(busy_shop, **{"accept-language": "en"}).get("/").text
    main = re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1].split("</h1>", 1)[1])
    assert re.search(r"Expected in the next 12 months\s+€[\d,.]+", main)
    assert page.count('class="todo"') == 3


def test_the_story_filters_by_kind_and_answers_htmx_with_the_story_alone(busy_shop: Shop) -> None:
    path = f"/customers/{first(busy_shop, sort='orders').customer_id}"
    client = visitor(busy_shop, **{"accept-language": "en"})
    part = client.get(f"{path}?kind=order", headers={"hx-request": "true"}).text
    assert part.lstrip().startswith('<div id="story">')
    assert 'class="order"' in part
    assert 'class="message"' not in part
    assert "<html" in client.get(f"{path}?kind=order").text


def test_a_name_that_is_unknown_is_told_by_its_number(busy_shop: Shop) -> None:
    rows = [row for row in know.customers(busy_shop, limit=400).rows if row.name is None]
    assert rows
    page = visitor(busy_shop, **{"accept-language": "en"}).get(f"/customers/{rows[0].customer_id}").text
    assert f"<h1>Customer {rows[0].ref}</h1>" in page


def test_a_search_finds_and_never_stands_in_an_address(busy_shop: Shop) -> None:
    client = visitor(busy_shop, **{"accept-language": "en"})
    named = next(row for row in know.customers(busy_shop, limit=50).rows if row.name)
    csrf = token(client.get("/customers").text)
    answer = client.post("/customers", data={"csrf": csrf, "search": named.name or ""})
    assert answer.status_code == 200
    assert named.name in answer.text
    assert "search=" not in answer.text
    assert "search" not in str(answer.url)
    turned = client.post("/customers", data={"csrf": csrf, "search": "a", "view": "sort=orders&page=2"})
    assert re.search(r'aria-sort="descending"[^>]*>\s*<button[^>]*value="sort=orders&amp;up=1"', turned.text)
    assert "26 to " in turned.text


def test_a_search_for_nothing_goes_back_to_an_address(busy_shop: Shop) -> None:
    client = visitor(busy_shop)
    csrf = token(client.get("/customers").text)
    form = {"csrf": csrf, "search": " ", "stage": "lost"}
    gone = client.post("/customers", data=form, follow_redirects=False)
    assert (gone.status_code, gone.headers["location"]) == (303, "/customers?stage=lost")
    part = client.post("/customers", data=form, headers={"hx-request": "true"})
    assert part.headers["HX-Push-Url"] == "/customers?stage=lost"
    assert part.text.lstrip().startswith('<div id="people">')


def test_the_palette_finds_people(busy_shop: Shop) -> None:
    client = visitor(busy_shop)
    named = next(row for row in know.customers(busy_shop, limit=50).rows if row.email)
    csrf = token(client.get("/").text)
    found = client.post("/find", data={"csrf": csrf, "search": named.email or ""})
    assert f"/customers/{named.customer_id}" in found.text
    assert client.post("/find", data={"csrf": csrf, "search": "x"}).text == ""


def test_a_list_that_nobody_fits_says_so(busy_shop: Shop) -> None:
    client = visitor(busy_shop, **{"accept-language": "en"})
    csrf = token(client.get("/customers").text)
    assert "Nobody fits" in client.post("/customers", data={"csrf": csrf, "search": "zzzzqqq"}).text


@pytest.mark.parametrize("query", ["stage=nonsense", "segment=nonsense", "sort=nonsense", "page=0", "page=-4", "page=x",
                                   "page=99999999999999", "up=7"])  # fmt: skip
def test_an_address_with_nonsense_is_the_usual_list(busy_shop: Shop, query: str) -> None:
    assert visitor(busy_shop).get(f"/customers?{query}").status_code == 200


def test_a_customer_who_does_not_exist_is_a_calm_404(busy_shop: Shop) -> None:
    answer = visitor(busy_shop, **{"accept-language": "es"}).get("/customers/999999999")
    assert answer.status_code == 404
    assert "No hay ningún cliente" in answer.text


def test_names_are_escaped(empty_shop: Shop) -> None:
    from starlette.requests import Request

    from volver.ui import error_page

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "state": {}}
    request = Request(scope)
    request.state.account = SimpleNamespace(email="x", lang=None, theme="dark")
    answer = error_page(
        request, empty_shop, 400, Words("There is no customer {customer}.", {"customer": "<script>"}), None
    )
    assert b"<script>" not in bytes(answer.body)
    assert b'data-theme="dark"' in bytes(answer.body)


def test_a_view_survives_its_address() -> None:
    view = View(stage="lost", sort="net", up=True, turned=3)
    told = dict(part.split("=") for part in view.query.split("&"))
    assert view_of(told) == view
    assert View().query == ""
