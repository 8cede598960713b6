from collections.abc import Iterator
from pathlib import Path

import pytest

from volver.store import Shop, create_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with create_shop(tmp_path / "shop", name="Test") as made:
        yield made
