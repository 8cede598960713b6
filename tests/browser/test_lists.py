"""Lists in a real browser: the palette, the row, the order on a phone, the widths; how lists leave."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.console import Served, inside, needs_chromium
from volver import know

pytestmark = [pytest.mark.browser, needs_chromium]
PLACE = {"en": ("value", "**/value"), "es": ("clíentes", "**/customers")}


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_palette_filters_pages_and_enter_opens_the_first(opened: Any, where: Served, lang: str) -> None:
    term, address = PLACE[lang]
    watch = inside(opened, where, lang=lang)
    page = watch.page
    watch.visit("/segments")
    page.keyboard.press("Control+k")
    page.locator("#want").press_sequentially(term, delay=5)
    expect(page.locator("#palette .places li:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(address)
    assert watch.complaints == []


def test_one_escape_closes_the_palette(opened: Any, where: Served) -> None:
    watch = inside(opened, where)
    watch.visit("/segments")
    watch.page.keyboard.press("Control+k")
    watch.page.locator("#want").fill("value")
    watch.page.keyboard.press("Escape")
    expect(watch.page.locator("#palette")).not_to_be_visible()


def test_a_row_opens_its_customer_wherever_it_is_clicked(opened: Any, where: Served) -> None:
    watch = inside(opened, where)
    watch.visit("/customers")
    first = know.customers(where.shop, limit=1).rows[0]
    watch.page.locator("#people tbody tr").first.locator("td.stage").click(force=True)  # the link lies over it
    watch.page.wait_for_url(f"**/customers/{first.customer_id}")
    assert watch.complaints == []


def test_a_phone_sorts_and_turns_the_order(opened: Any, where: Served) -> None:
    watch = inside(opened, where, width=390, height=844, lang="es")
    page = watch.page
    watch.visit("/customers?stage=lost")
    page.get_by_label("Ordenar por").select_option("net")
    page.wait_for_url("**/customers?stage=lost&sort=net")
    lost = know.customers(where.shop, stage="lost", sort="net", limit=1).rows[0]
    expect(page.locator("#people tbody a").first).to_have_attribute("href", f"/customers/{lost.customer_id}")
    page.locator(".order a").click()
    page.wait_for_url("**/customers?stage=lost&sort=net&up=1")
    page.get_by_label("Etapa").select_option("")
    page.wait_for_url("**/customers?sort=net&up=1")
    page.get_by_label("Ordenar por").select_option("name")
    page.wait_for_url("**/customers?sort=name&up=1")
    assert watch.complaints == []


@pytest.mark.parametrize("width", [390, 768, 1024, 1440])
def test_no_column_of_the_customers_is_cut_off(opened: Any, where: Served, width: int) -> None:
    watch = inside(opened, where, width=width, lang="es")
    watch.visit("/customers")
    table = watch.page.locator("#people .scroll")
    assert table.evaluate("each => each.scrollWidth <= each.clientWidth")
