"""Beyond one machine: the heavy queries on Spark Connect, the lake elsewhere, and the same figures."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.world import simulated
from volver.app import refresh
from volver.core.settings import BadSetting
from volver.store import Shop, open_shop
from volver.store.spark import BadComputeUrl, SparkNotReached

TABLES = ("orders", "days", "thresholds", "facts", "event_days", "ledger_health", "order_days", "scores")


@pytest.fixture(scope="module")
def sail() -> Iterator[str]:
    server = pytest.importorskip("pysail.spark").SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    host, port = server.listening_address
    yield f"sc://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop that was imported, refreshed and fitted on this machine alone."""
    with simulated(tmp_path_factory.mktemp("here") / "shop", customers=150) as shop:
        yield shop


def rows_of(shop: Shop, table: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in shop.compute.relation(f"select * from {table} order by all").to_pylist()]


def same_rows(ours: list[tuple[Any, ...]], theirs: list[tuple[Any, ...]]) -> bool:
    """Whole numbers, texts and days alike; estimates to nine digits, for engines add in another order."""
    return len(ours) == len(theirs) and all(
        left == (pytest.approx(right, rel=1e-9, abs=1e-12) if isinstance(right, float) else right)
        for one, two in zip(ours, theirs, strict=True)
        for left, right in zip(one, two, strict=True)
    )


@pytest.mark.filterwarnings("ignore")
def test_a_shop_whose_heavy_queries_are_answered_elsewhere_has_the_same_figures(
    sail: str, here: Shop, tmp_path: Path
) -> None:
    shutil.copytree(here.path, tmp_path / "shop", ignore=shutil.ignore_patterns("facts", "orders", "scores", "models"))
    (tmp_path / "shop" / "models").mkdir()
    with open_shop(tmp_path / "shop", {"compute": sail}) as there:
        assert there.lake.version("scores") == -1
        done = refresh(there)
        assert done.fitted, done.why_not
        assert {table: same_rows(rows_of(here, table), rows_of(there, table)) for table in TABLES} == dict.fromkeys(
            TABLES, True
        )
        assert rows_of(there, "scores")


def test_where_nobody_answers_it_is_said_and_nothing_is_worked_out_in_secret(here: Shop) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with open_shop(here.path, {"compute": f"sc://127.0.0.1:{port}"}) as there:
            with pytest.raises(SparkNotReached, match=str(port)):
                there.compute.query("kpi", by="month", start_day=None, end_day=None)
            assert there.compute.query("stage_counts").num_rows > 0


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "sc://", "localhost:50051"])
def test_a_compute_setting_that_is_no_endpoint_is_said_to_be_so(url: str, here: Shop) -> None:
    with pytest.raises((BadComputeUrl, BadSetting)), open_shop(here.path, {"compute": url}) as there:
        there.compute.query("ledger_health")
