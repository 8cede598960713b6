"""One served shop and one browser for all browser tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.console import Served, browser, served
from tests.ui.world import busy, empty


@pytest.fixture(scope="session")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with busy(tmp_path_factory) as shop, served(shop) as found:
        yield found


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with empty(tmp_path_factory.mktemp("bare") / "shop") as shop, served(shop) as found:
        yield found


@pytest.fixture(scope="session")
def opened() -> Iterator[Any]:
    with browser() as found:
        yield found
