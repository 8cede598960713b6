"""`volver jobs`, `volver work` and `volver collect replay`."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from volver.cli.main import root
from volver.store import NoSuchJob, NoSuchProjection, UnknownWork, create_shop


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    create_shop(tmp_path / "shop").close()
    return tmp_path / "shop"


def told(shop: Path, *words: str) -> Any:
    ran = CliRunner().invoke(root, ["--shop", str(shop), *words, "--json"])
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return json.loads(ran.stdout)


def test_work_is_started_done_and_listed(shop: Path) -> None:
    made = told(shop, "jobs", "start", "store.upkeep")
    assert [each["status"] for each in told(shop, "jobs", "list")["jobs"]] == ["waiting"]
    ran = CliRunner().invoke(root, ["--shop", str(shop), "work", "--once"])
    assert (ran.exit_code, ran.stderr) == (0, "Jobs done: 9.\n")  # what comes back by itself, and what comes after it
    found = {each["id"]: each for each in told(shop, "jobs", "list", "--status", "done")["jobs"]}
    assert found[made["id"]]["result"] == {"compacted": 0, "removed": 0}
    plain = CliRunner().invoke(root, ["--shop", str(shop), "jobs", "list"])
    assert "store.retention" in plain.stdout
    assert "5 wait, 0 run, 0 failed." in plain.stderr


def test_work_is_cancelled_and_tried_again(shop: Path) -> None:
    made = str(told(shop, "jobs", "start", "know.refresh")["id"])
    assert told(shop, "jobs", "cancel", made)["status"] == "cancelled"
    assert told(shop, "jobs", "retry", made)["status"] == "waiting"
    with pytest.raises(NoSuchJob):
        told(shop, "jobs", "retry", made)
    with pytest.raises(UnknownWork):
        told(shop, "jobs", "start", "make.coffee")


def test_replay_names_what_it_read(shop: Path) -> None:
    assert told(shop, "collect", "replay") == {"taken": {"collect.batches": 0}}
    assert told(shop, "collect", "replay", "collect.batches") == {"taken": {"collect.batches": 0}}
    with pytest.raises(NoSuchProjection):
        told(shop, "collect", "replay", "nothing")
