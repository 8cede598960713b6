"""Lists in a real browser: the palette, the row, the order on a phone, the widths; how lists leave."""

from pathlib import Path
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


WORDS = {
    "en": "Export CSV/Copy emails/Save as segment/Name of the segment/Save/Rename/Delete/Delete the segment/Yours",
    "es": "Exportar CSV/Copiar correos/Guardar como segmento/Nombre del segmento/Guardar/Cambiar nombre/Eliminar/"
    "Eliminar el segmento/Los tuyos",
}


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_list_is_exported_copied_saved_opened_renamed_and_deleted(opened: Any, where: Served, lang: str) -> None:
    export, copy, save_as, name, save, rename, delete, surely, yours = WORDS[lang].split("/")
    watch = inside(opened, where, lang=lang)
    page = watch.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    watch.visit("/customers?stage=lost&segment=repeat")
    total = know.customers(where.shop, stage="lost", segment="repeat").total
    with page.expect_download() as taken:
        page.get_by_role("button", name=export).click()
    lines = Path(taken.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == total + 1
    assert (";" in lines[0]) == (lang == "es")
    page.get_by_role("button", name=copy).click()
    expect(page.locator(".copies")).to_contain_text({"en": "copied", "es": "copiadas"}[lang])
    copied = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert copied == list(know.customer_emails(where.shop, know.Choice(stage="lost", segment="repeat")).addresses)
    page.get_by_text(save_as).click()
    page.get_by_placeholder(name).fill(f"Lost {lang}")
    page.get_by_role("button", name=save, exact=True).click()
    page.wait_for_url("**/customers?segment=saved-*")
    expect(page.locator("h1")).to_have_text(f"Lost {lang}")
    page.get_by_text(rename).click()
    page.get_by_label(name).fill(f"Gone {lang}")
    page.get_by_role("button", name=save, exact=True).click()
    watch.visit("/segments")
    row = page.locator("section", has_text=yours).locator("tr", has_text=f"Gone {lang}")
    expect(row.locator(".members")).to_have_text(str(total))
    row.locator(".rule").click(force=True)  # the link lies over it
    page.wait_for_url("**/customers?segment=saved-*")
    page.get_by_text(delete, exact=True).click()
    page.get_by_role("button", name=surely).click()
    page.wait_for_url("**/segments")
    expect(page.get_by_text(f"Gone {lang}")).to_have_count(0)
    assert watch.complaints == []


def test_a_searched_list_leaves_after_the_list_changed_in_place(opened: Any, where: Served) -> None:
    wanted = next(row for row in know.customers(where.shop, limit=50).rows if row.email)
    watch = inside(opened, where)
    watch.visit("/customers")
    watch.page.locator("#term").fill(wanted.email or "")
    expect(watch.page.locator("#people tbody tr")).to_have_count(1)
    with watch.page.expect_download() as taken:
        watch.page.get_by_role("button", name="Export CSV").click()
    assert Path(taken.value.path()).read_text(encoding="utf-8-sig").count("\n") == 2
    assert watch.complaints == []


def test_lists_leave_without_javascript(opened: Any, where: Served) -> None:
    page = opened.new_context(java_script_enabled=False, locale="es-ES").new_page()
    page.goto(where.link())
    page.goto(where.address + "/customers?stage=champion")
    page.locator(".copies button").click()
    found = page.locator("textarea").input_value().split("\n")
    assert found == list(know.customer_emails(where.shop, know.Choice(stage="champion")).addresses)
