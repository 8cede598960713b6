"""Every page in a real browser: no complaint in the console, no violation of the policy or of accessibility."""

from typing import Any

import pytest

from tests.browser.console import Served, Watched, inside, needs_chromium, watched
from tests.browser.shots import pages

pytestmark = [pytest.mark.browser, needs_chromium]


def violations(page: Watched) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page.page).response["violations"]
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:200]}" for each in found for node in each["nodes"]
    ]


LOOKS = [
    pytest.param("en", False, id="en-light"),
    pytest.param("es", True, id="es-dark"),
    pytest.param("en", True, id="en-dark", marks=pytest.mark.slow),
    pytest.param("es", False, id="es-light", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("lang", "dark"), LOOKS)
def test_every_page_opens_without_a_complaint_and_axe_finds_nothing(
    opened: Any, where: Served, lang: str, dark: bool
) -> None:
    outside = watched(opened, where, lang=lang, dark=dark)
    outside.visit("/login")
    found = violations(outside)
    page = inside(opened, where, lang=lang, dark=dark)
    for name, path in {**pages(where.shop), "cohorts": "/value?cohorts=value"}.items():
        page.visit(path)
        assert page.page.locator("html").get_attribute("lang") == lang
        if name == "missing":
            page.complaints = [said for said in page.complaints if "404" not in said]
        found += violations(page)
    assert found == []
    assert outside.complaints == page.complaints == []


def test_axe_finds_nothing_on_a_phone(opened: Any, where: Served) -> None:
    page, found = inside(opened, where, width=390, height=844), []
    for path in pages(where.shop).values():
        page.visit(path)
        found += violations(page)
        assert page.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert found == []


def test_an_empty_shop_is_as_accessible(opened: Any, bare: Served) -> None:
    page, found = inside(opened, bare), []
    for path in ("/", "/customers", "/segments", "/value", "/imports", "/imports/aside"):
        page.visit(path)
        found += violations(page)
    assert found == []
    assert page.complaints == []
