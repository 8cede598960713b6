from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.postgres import cluster, server_folder
from tests.world import new_shop
from volver.store import Shop


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """An empty database; whoever writes to it empties it again."""
    programs = server_folder()
    if programs is None:
        pytest.skip("no PostgreSQL server on this machine")
    pytest.importorskip("psycopg")
    with cluster(programs) as url:
        yield url


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with new_shop(tmp_path / "shop", name="Test") as made:
        yield made
