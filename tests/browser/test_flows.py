"""What people do: come in, look for someone, filter, change language and theme, use the keyboard."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.console import PASSWORD, Served, inside, needs_chromium, watched
from volver import know, predict

pytestmark = [pytest.mark.browser, needs_chromium]


def somebody(where: Served) -> know.CustomerRow:
    """A customer with a name, among the valuable ones."""
    return next(row for row in know.customers(where.shop, limit=50).rows if row.name)


def test_a_login_link_opens_once(opened: Any, where: Served) -> None:
    link = where.link()
    page = watched(opened, where)
    page.page.goto(link)
    assert page.page.url == where.address + "/"
    other = watched(opened, where)
    other.page.goto(link)
    assert other.page.get_by_role("alert").is_visible()


def test_a_password_opens_and_a_wrong_one_does_not(opened: Any, where: Served) -> None:
    page = watched(opened, where).page
    page.goto(where.address + "/value")
    page.get_by_label("Name or email").fill("owner")
    page.get_by_label("Password").fill("not-the-password")
    page.get_by_role("button", name="Log in").click()
    assert page.get_by_role("alert").is_visible()
    page.get_by_label("Name or email").fill("owner")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/value")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")


def test_a_person_is_searched_and_opened_and_the_term_stays_out_of_the_address(opened: Any, where: Served) -> None:
    wanted = somebody(where)
    watch = inside(opened, where)
    page = watch.page
    watch.visit("/customers")
    page.locator("#term").press_sequentially(wanted.name or "", delay=5)
    expect(page.locator("#people tbody tr").nth(5)).to_have_count(0)
    expect(page.locator("#people tbody tr").first).to_contain_text(wanted.name or "")
    assert page.url == where.address + "/customers"
    page.locator("#people tbody a").first.click()
    page.wait_for_url("**/customers/*")
    assert page.locator("h1").inner_text() == wanted.name
    assert watch.complaints == []


def test_filters_and_columns_change_the_list_and_the_address(opened: Any, where: Served) -> None:
    watch = inside(opened, where)
    page = watch.page
    watch.visit("/customers")
    page.get_by_label("Stage", exact=True).select_option("lost")
    page.wait_for_url("**/customers?stage=lost")
    expect(page.locator("#people .stage", has_text="Champion")).to_have_count(0)
    page.get_by_role("link", name="Spent").click()
    page.wait_for_url("**/customers?stage=lost&sort=net")
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Spent")
    page.go_back()
    page.wait_for_url("**/customers?stage=lost")
    assert watch.complaints == []


def test_the_story_is_filtered_in_place(opened: Any, where: Served) -> None:
    watch = inside(opened, where)
    row = know.customers(where.shop, sort="orders", limit=1).rows[0]
    watch.visit(f"/customers/{row.customer_id}")
    watch.page.locator(".chips a", has_text="Orders").click()
    watch.page.wait_for_url("**?kind=order")
    expect(watch.page.locator("#story li.browse, #story li.message")).to_have_count(0)
    watch.page.locator("#story summary").first.click()
    assert watch.page.locator("#story table.lines").first.is_visible()
    assert watch.complaints == []


def test_the_horizon_is_switched(opened: Any, where: Served) -> None:
    watch = inside(opened, where)
    watch.visit("/value")
    watch.page.get_by_role("link", name="5 years").click()
    watch.page.wait_for_url("**/value?years=5")
    expect(watch.page.locator(".stats")).to_contain_text("next 60 months")
    assert watch.complaints == []


def test_an_older_model_is_published_again(opened: Any, where: Served) -> None:
    older = predict.published(where.shop)
    predict.fit(where.shop, older.data_until - timedelta(days=60))
    watch = inside(opened, where)
    watch.visit("/value")
    watch.page.locator("#models button").first.click()
    watch.page.wait_for_url("**/value#models")
    expect(watch.page.locator("#models tr.ours")).to_contain_text("published")
    assert predict.published(where.shop).id == older.id
    assert watch.complaints == []


def test_language_and_theme_are_kept(opened: Any, where: Served) -> None:
    watch = inside(opened, where)
    page = watch.page
    watch.visit("/segments")
    page.get_by_role("button", name="Español").click()
    page.wait_for_load_state("networkidle")
    assert page.locator("h1").inner_text() == "Segmentos"
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Oscuro").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    watch.visit("/")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.locator("html").get_attribute("lang") == "es"
    page.get_by_role("button", name="English").click()
    page.wait_for_load_state("networkidle")
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="As the device").click()
    assert watch.complaints == []


def test_the_keyboard_finds_goes_and_lists(opened: Any, where: Served) -> None:
    wanted = somebody(where)
    watch = inside(opened, where)
    page = watch.page
    watch.visit("/")
    page.keyboard.press("g")
    page.keyboard.press("v")
    page.wait_for_url("**/value")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.locator("#want").press_sequentially(wanted.name or "", delay=5)
    page.wait_for_selector("#found a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/*")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert watch.complaints == []


def test_it_works_without_javascript(opened: Any, where: Served) -> None:
    wanted = somebody(where)
    context = opened.new_context(java_script_enabled=False, locale="en-IE")
    page = context.new_page()
    page.goto(where.link())
    page.get_by_role("link", name="Customers").first.click()
    page.locator("#term").fill(wanted.name or "")
    page.get_by_role("button", name="Show").click()
    page.locator("#people tbody a").first.click()
    assert page.locator("h1").inner_text() == wanted.name


def test_a_phone_has_its_rooms_at_the_bottom(opened: Any, where: Served) -> None:
    watch = inside(opened, where, width=390, height=844)
    watch.visit("/")
    place = watch.page.locator(".rooms a", has_text="Segments")
    assert place.bounding_box()["y"] > 700
    place.click()
    watch.page.wait_for_url("**/segments")
    assert watch.complaints == []
