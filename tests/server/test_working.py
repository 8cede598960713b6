"""The server works while it serves: its runner begins and ends with it, and programs see the jobs and the figures."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.store.test_worker import done, until
from tests.store.working import HEARD, ONE
from tests.world import new_shop
from volver.app import web
from volver.server import create_token
from volver.store import Entry, Jobs, Runner, Shop, catch_up


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with new_shop(tmp_path / "shop", name="Test") as made:
        yield made


def program(shop: Shop) -> TestClient:
    return TestClient(web(shop), headers={"authorization": f"Bearer {create_token(shop, 'watch').secret}"})


def test_the_runner_works_as_long_as_the_server_serves(shop: Shop) -> None:
    jobs = Jobs(shop.state)
    runner = Runner(shop, (ONE,), poll_s=0.02)
    jobs.put(ONE, {"n": 1})
    with TestClient(web(shop, runner=runner)) as client:
        until(lambda: done(shop) == [1])
        assert client.get("/healthz").status_code == 200
    jobs.put(ONE, {"n": 2})
    assert not any(each.is_alive() for each in runner._threads)
    assert jobs.counts().waiting == 1


def test_programs_see_the_jobs(shop: Shop) -> None:
    jobs, asking = Jobs(shop.state), program(shop)
    first, second = jobs.put(ONE, {"n": "a secret"}), jobs.put(ONE)
    jobs.finish(jobs.claim("a")[0], {"rows": 3})
    found = asking.get("/api/v1/jobs").json()
    assert {each["id"]: each["status"] for each in found["jobs"]} == {first: "done", second: "waiting"}
    assert found["counts"]["waiting"] == 1
    assert "a secret" not in asking.get("/api/v1/jobs").text
    assert asking.get(f"/api/v1/jobs/{first}").json()["result"] == {"rows": 3}
    assert [each["id"] for each in asking.get("/api/v1/jobs?status=waiting").json()["jobs"]] == [second]
    assert asking.get("/api/v1/jobs/999").json()["code"] == "store.no_such_job"


def test_figures_are_for_those_who_may_see_them(shop: Shop) -> None:
    shop.log.append([Entry(source="t", message_id=str(n), kind="news", body=b"x") for n in range(3)])
    catch_up(shop, HEARD)
    assert TestClient(web(shop)).get("/metrics").status_code == 401
    answer = program(shop).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "volver_log_offset 3\n" in answer.text
    assert 'volver_lag_entries{projection="heard"} 0\n' in answer.text
