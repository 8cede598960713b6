"""A console that is really served, and a real browser to look at it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from volver.app import web
from volver.server import create_owner, login_link
from volver.store import Shop

CHROMIUM = Path("/usr/bin/chromium")
ARGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PASSWORD = "a-calm-password"
needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}")


@dataclass(frozen=True)
class Served:
    """A shop behind an address; `link` makes a fresh login link."""

    shop: Shop
    address: str

    def link(self) -> str:
        return login_link(self.shop, self.address)


@contextmanager
def served(shop: Shop) -> Iterator[Served]:
    """Serve a shop's console on a free port of this machine."""
    import uvicorn

    create_owner(shop, password=PASSWORD)
    config = uvicorn.Config(
        web(shop), host="127.0.0.1", port=0, log_level="warning", lifespan="off", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield Served(shop, f"http://127.0.0.1:{listening.getsockname()[1]}")
    finally:
        server.should_exit = True
        thread.join()  # a thread left running would keep the shop open, and DuckDB report leaks after the result


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium, without anything that talks to the outside."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGS))
        try:
            yield opened
        finally:
            opened.close()


class Watched:
    """A page that remembers every complaint: console errors, policy violations, failed and foreign requests."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text))
        page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        page.on("requestfailed", self._failed)
        page.on("request", self._own)

    def _failed(self, asked: Any) -> None:
        if asked.failure != "net::ERR_ABORTED":  # the next page was opened before this one was whole
            self.complaints.append(f"failed: {asked.url} {asked.failure}")

    def _own(self, asked: Any) -> None:
        if not asked.url.startswith((self.address, "data:")):
            self.complaints.append(f"foreign: {asked.url}")

    def visit(self, path: str) -> None:
        """Open a page and wait until it is quiet."""
        self.page.goto(self.address + path)
        self.page.wait_for_load_state("networkidle")


def watched(
    opened: Any, where: Served, *, width: int = 1440, height: int = 900, dark: bool = False, lang: str = "en"
) -> Watched:
    """A new visitor, not logged in."""
    context = opened.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        locale={"en": "en-IE", "es": "es-ES"}[lang],
        device_scale_factor=1,
        reduced_motion="reduce",
    )
    return Watched(context.new_page(), where.address)


def inside(opened: Any, where: Served, *, lang: str = "en", **look: Any) -> Watched:
    """A visitor who came in by a login link; the account speaks the wanted language whatever it spoke before."""
    found = watched(opened, where, lang=lang, **look)
    found.page.goto(where.link())
    if found.page.locator("html").get_attribute("lang") != lang:
        found.page.get_by_role("button", name={"en": "English", "es": "Español"}[lang]).click()
        found.page.wait_for_load_state("networkidle")
    return found
