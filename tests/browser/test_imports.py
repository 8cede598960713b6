"""A shop is filled from the console alone: send, look, correct, import, take back; in both languages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.console import Served, inside, needs_chromium, served
from tests.browser.test_pages import violations
from tests.ui.world import empty
from volver.app import runner
from volver.collect import imports
from volver.collect.ledger.arriving import shop_net

pytestmark = [pytest.mark.browser, needs_chromium]
MARCH = (
    "order,date,customer,product,quantity,price,Otro\n"
    "1,03/04/2024,ana@example.com,Taza,2,9.50,4.00\n2,05/04/2024,luis@example.com,Vela,1,6.25,3.00\n"
)
SAID = {
    "en": {
        "start": "Import orders", "send": "See what they hold", "day": "The day comes first", "go": "Go on",
        "again": "Read it this way", "import": "Import", "in": "It is in", "back": "Take it back…",
        "yes": "Yes, take it back", "gone": "2 orders are gone",
        "read": "price is read as", "other": "Otro is read as",
    },
    "es": {
        "start": "Importar pedidos", "send": "Ver qué contienen", "day": "Primero el día", "go": "Continuar",
        "again": "Leer así", "import": "Importar", "in": "Ya está dentro", "back": "Deshacer…",
        "yes": "Sí, deshacer", "gone": "2 pedidos ya no están",
        "read": "price se lee como", "other": "Otro se lee como",
    },
}  # fmt: skip


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Served]:
    """An empty shop that is served, with somebody who works."""
    with empty(tmp_path / "shop") as shop, served(shop) as found:
        working = runner(shop)
        working.start()
        yield found
        working.stop()


@pytest.mark.parametrize(("lang", "dark", "width"), [("en", False, 1024), ("es", True, 390)])
def test_an_empty_shop_is_filled_corrected_and_emptied_again(
    opened: Any, fresh: Served, tmp_path: Path, lang: str, dark: bool, width: int
) -> None:
    said, march = SAID[lang], tmp_path / "marzo.csv"
    march.write_text(MARCH, encoding="utf-8")
    watch = inside(opened, fresh, lang=lang, dark=dark, width=width)
    page, found = watch.page, []

    def look() -> None:
        found.extend(violations(watch))
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    watch.visit("/")
    page.get_by_role("link", name=said["start"]).click()
    page.wait_for_url("**/imports")
    look()
    page.locator("#files").set_input_files(str(march))
    page.get_by_role("button", name=said["send"]).click()
    page.wait_for_url("**/imports/files/*")
    page.get_by_label(said["day"]).check()
    look()
    page.get_by_role("button", name=said["go"]).click()
    expect(page.locator(".story .sum")).to_contain_text("25", timeout=20_000)
    page.locator("details.provenance summary").click()
    page.get_by_label(said["read"]).select_option("")
    page.get_by_label(said["other"]).select_option("unit_price")
    page.get_by_role("button", name=said["again"]).click()
    expect(page.locator(".story .sum")).to_contain_text("11", timeout=20_000)
    look()
    assert imports(fresh.shop) == ()
    page.locator("button[value=import]").click()
    page.wait_for_url("**/imports/jobs/*")
    expect(page.get_by_role("heading", name=said["in"])).to_be_visible(timeout=20_000)
    look()
    assert shop_net(fresh.shop) == "11.00"
    watch.visit("/imports")
    look()
    page.get_by_role("link", name="marzo.csv").click()
    page.get_by_text(said["back"]).click()
    look()
    page.get_by_role("button", name=said["yes"]).click()
    expect(page.get_by_text(said["gone"])).to_be_visible(timeout=20_000)
    assert shop_net(fresh.shop) == "0.00"
    assert found == []
    assert watch.complaints == []


def test_it_works_without_javascript(opened: Any, fresh: Served, tmp_path: Path) -> None:
    march = tmp_path / "marzo.csv"
    march.write_text(MARCH, encoding="utf-8")
    page = opened.new_context(java_script_enabled=False, locale="en-IE").new_page()
    page.goto(fresh.link())
    page.goto(fresh.address + "/imports")
    page.locator("#files").set_input_files(str(march))
    page.get_by_role("button", name="See what they hold").click()
    page.get_by_label("The day comes first").check(timeout=20_000)
    page.get_by_role("button", name="Go on").click()
    page.locator("button[value=import]").click(timeout=20_000)
    expect(page.get_by_role("heading", name="It is in")).to_be_visible(timeout=20_000)
    assert shop_net(fresh.shop) == "25.25"


def test_a_file_that_is_refused_is_told_on_the_page_where_it_was_chosen(
    opened: Any, fresh: Served, tmp_path: Path
) -> None:
    (tmp_path / "factura.pdf").write_bytes(b"%PDF-1.4 and more")
    watch = inside(opened, fresh, lang="es")
    watch.visit("/imports")
    watch.page.locator("#files").set_input_files(str(tmp_path / "factura.pdf"))
    watch.page.get_by_role("button", name="Ver qué contienen").click()
    expect(watch.page.locator(".chosen")).to_contain_text("factura.pdf es un PDF, no una tabla.")
    assert watch.page.url.endswith("/imports")
    assert [each for each in watch.complaints if "400" not in each] == []
