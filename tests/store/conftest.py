from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import new_shop
from volver.store import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with new_shop(tmp_path / "shop", name="Test") as made:
        yield made
