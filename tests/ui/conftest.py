"""Shops shared by the tests of the console, and the golden files of its charts."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ui.world import busy, empty, one_customer
from volver.store import Shop

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.fixture(scope="session")
def empty_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with empty(tmp_path_factory.mktemp("empty") / "shop") as shop:
        yield shop


@pytest.fixture(scope="session")
def lone_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with one_customer(tmp_path_factory.mktemp("one") / "shop") as shop:
        yield shop


@pytest.fixture(scope="session")
def busy_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with busy(tmp_path_factory) as shop:
        yield shop


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare with a file of tests/golden; `VOLVER_GOLDEN=write` writes it (then look at it)."""
    import os

    def check(name: str, drawn: str) -> None:
        path = GOLDEN / name
        if os.environ.get("VOLVER_GOLDEN") == "write":
            path.parent.mkdir(exist_ok=True)
            path.write_text(drawn + "\n", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == drawn + "\n"

    return check
