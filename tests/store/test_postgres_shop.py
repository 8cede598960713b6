"""A whole shop with its state on PostgreSQL: files in by a job, refresh, fit, pages; locks between processes."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.store.postgres import cluster, server_folder
from tests.ui.world import visitor
from volver import app, know, predict
from volver.core.settings import BadSetting
from volver.store import Busy, Jobs, Shop, create_shop, one_at_a_time, open_shop


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    programs = server_folder()
    if programs is None:
        pytest.skip("no PostgreSQL server on this machine")
    pytest.importorskip("psycopg")
    with cluster(programs) as url:
        yield url.replace("+psycopg", "")


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with create_shop(tmp_path / "shop", name="North", state=url or None) as made:
        yield made
        if url:
            with made.state.begin() as rows:
                rows.execute(sa.text("drop schema public cascade"))
                rows.execute(sa.text("create schema public"))


def orders(file: Path) -> None:
    rows = ["order_id,ordered_at,customer_id,sku,quantity,unit_price"]
    for n in range(80):
        days = [n % 150 + step * (20 + n % 7) for step in range(1 + n % 4)]
        rows += [f"{n}-{day},{date(2025, 1, 1) + timedelta(days=day)},{n + 1},A,1,9.50" for day in days]
    file.write_text("\n".join(rows) + "\n")


def test_a_file_becomes_pages_by_jobs_alone(shop: Shop) -> None:
    (shop.path / "incoming").mkdir()
    file = shop.path / "incoming" / "orders.csv"
    orders(file)
    jobs = Jobs(shop.state)
    job_id = app.start_job(shop, "collect.import", {"files": ["orders.csv"], "options": {"timezone": "UTC"}})
    app.runner(shop).drain()
    assert [each.to_dict()["problem"] for each in jobs.listed("failed")] == []
    imported = jobs.get(job_id)
    assert imported.result["rows"]["added"] == 200
    assert not file.exists()
    ended = {each.name: each for each in jobs.listed("done")}
    assert {"collect.import", "collect.sweep", "know.refresh", "predict.fit", "store.upkeep"} <= set(ended)
    assert ended["know.refresh"].result["customers"] == 80
    assert ended["predict.fit"].result["renewed"]
    assert know.home(shop).orders_30d
    assert predict.published(shop).customers == 80
    assert "North" in visitor(shop).get("/").text
    app.start_job(shop, "know.refresh", {})
    app.runner(shop).drain()
    again = [each.result for each in jobs.listed("done") if each.name == "know.refresh"]
    assert again[0] is None  # nothing was behind, so nothing was fitted again
    assert len([each for each in jobs.listed("done") if each.name == "predict.fit"]) == 1
    assert app.refresh(shop).fitted
    assert app.replay_log(shop)["collect.batches"] == 1
    assert shop.compute.relation("select count(*) as n from order_lines").to_pylist() == [{"n": 200}]


def test_an_import_may_not_lead_out_of_its_folder(shop: Shop) -> None:
    jobs = Jobs(shop.state)
    for names in (["../volver.toml"], ["/etc/passwd"], [".."], [], ["gone.csv"]):
        job_id = app.start_job(shop, "collect.import", {"files": names})
        app.runner(shop).drain()
        assert (jobs.get(job_id).problem or {})["code"] == "collect.not_incoming"
    assert (shop.path / "volver.toml").exists()


def test_locks_hold_between_processes_and_go_with_their_holder(shop: Shop) -> None:
    code = (
        "import sys\nfrom volver.store import open_shop\n"
        "with open_shop(sys.argv[1]) as shop, shop.locks.held('learning'), shop.lake.writing():\n"
        "    print('in', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(shop.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "in\n"
        assert shop.lake.writing().is_held()
        with pytest.raises(Busy), one_at_a_time(shop):
            pass
        other.kill()
    with shop.lake.writing(), shop.lake.writing(), one_at_a_time(shop):
        assert shop.lake.writing().is_held()
        assert shop.locks.is_held("learning")
    assert not shop.lake.writing().is_held()
    with one_at_a_time(shop):
        pass


def test_a_state_on_something_else_is_refused_by_name(tmp_path: Path) -> None:
    create_shop(tmp_path / "shop").close()
    with pytest.raises(BadSetting, match="state"):
        open_shop(tmp_path / "shop", {"state": "mysql://shop:secret@db/north"})
