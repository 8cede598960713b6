"""The drill: a shop at work is backed up, killed, deleted and restored; it is the shop of that moment, and goes on."""

import os
import shutil
import subprocess
import sys
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.collect.ledger_world import imported, ledger
from tests.server.serving import Served, served
from volver import know, predict
from volver.app import open_recovered, refresh
from volver.collect import imports
from volver.server import create_owner, list_accounts
from volver.store import Entry, Shop, create_shop, people

MAIN = [sys.executable, "-m", "volver"]


def write_orders(path: Path, first: int, n: int) -> Path:
    rows = ["order_id,ordered_at,customer_id,sku,quantity,unit_price"]
    for order in range(first, first + n):
        customer = order * 7919 % 83
        rows += [
            f"{order},{date(2025, 1, 1) + timedelta(days=order % 300)},c{customer},S{order % 9},{1 + order % 3},9.5"
        ]
    path.write_text("\n".join(rows) + "\n")
    return path


def told(shop: Shop) -> dict[str, Any]:
    """What must be as it was: ledger, people, models with their scores, accounts, the log up to where it went."""
    with shop.state.read() as rows:
        names = rows.exec_driver_sql("select type, value, customer_id from identifiers order by 1, 2").fetchall()
        known = people.newest(rows)
    return {
        "ledger": ledger(shop),
        "people": (known, [tuple(each) for each in names]),
        "shelf": [each.to_dict() for each in predict.shelf(shop)],
        "scores": shop.compute.relation("select * from scores order by all").to_pylist(),
        "accounts": [(each.email, each.role) for each in list_accounts(shop)],
        "imports": [each.to_json() for each in imports(shop)],
    }


class Load:
    """Imports, events and page views until it is stopped; what was acknowledged, in order."""

    def __init__(self, shop: Path, server: Served, files: list[Path]) -> None:
        self.stop = threading.Event()
        self.shop, self.server, self.files = shop, server, files
        self.imported, self.events, self.pages = 0, 0, 0
        self.threads = [threading.Thread(target=each) for each in (self.bring, self.happen, self.view)]
        for each in self.threads:
            each.start()

    def bring(self) -> None:
        with open_recovered(self.shop) as shop:
            for each in self.files:
                if self.stop.is_set():
                    return
                imported(shop, each)
                self.imported += 1

    def happen(self) -> None:
        with open_recovered(self.shop) as shop:
            while not self.stop.wait(0.002):
                shop.log.append([Entry(source="page", message_id=f"e{self.events}", kind="view", body=b"{}")])
                self.events += 1

    def view(self) -> None:
        while not self.stop.is_set():
            assert self.server.ask("GET", "/healthz").status == 200
            self.pages += self.server.ask("GET", "/login").status == 200

    def end(self) -> None:
        self.stop.set()
        for each in self.threads:
            each.join()


def drill(folder: Path, n_files: int, orders: int) -> None:
    create_shop(folder / "shop", timezone="UTC").close()
    first = write_orders(folder / "first.csv", 0, 600)
    files = [write_orders(folder / f"{n}.csv", 600 + n * orders, orders) for n in range(n_files)]
    with open_recovered(folder / "shop") as shop:
        create_owner(shop, "owner", "a calm password")
        imported(shop, first)
        refresh(shop)
        settled = told(shop)
    with served(folder / "shop") as server:
        load = Load(folder / "shop", server, files)
        while load.imported < 1 or load.pages < 2:
            pass
        acknowledged = load.imported, load.events
        asked = [*MAIN, "--shop", str(folder / "shop"), "backup", str(folder / "kept.tar"), "--json"]
        subprocess.run(asked, check=True, capture_output=True, env=dict(os.environ))
        by_then = load.imported + 1, load.events + 1
        load.end()
    shutil.rmtree(folder / "shop")
    asked = [*MAIN, "--shop", str(folder / "shop"), "restore", str(folder / "kept.tar")]
    subprocess.run(asked, check=True, capture_output=True, env=dict(os.environ))
    with open_recovered(folder / "shop") as shop:
        now = told(shop)
        n_imports = len(now["imports"]) - 1
        n_events = len(shop.log.read(0, 1_000_000, ("view",)))
        assert acknowledged[0] <= n_imports <= by_then[0]
        assert acknowledged[1] <= n_events <= by_then[1]
        with open_recovered(alone(folder, [first, *files[:n_imports]])) as oracle:
            assert now["ledger"] == ledger(oracle)
        assert {name: now[name] for name in ("shelf", "scores", "accounts")} == {
            name: settled[name] for name in ("shelf", "scores", "accounts")
        }
        known = [each for each in now["people"][1] if each in settled["people"][1]]
        assert known == settled["people"][1], "nobody lost the number that they had"
        for each in [first, *files]:
            imported(shop, each)
        know.refresh(shop)
        with open_recovered(alone(folder, [first, *files], "all")) as oracle:
            assert ledger(shop) == ledger(oracle)
            know.refresh(oracle)
            assert know.kpi(shop, "month").table.to_pylist() == know.kpi(oracle, "month").table.to_pylist()


def alone(folder: Path, files: list[Path], name: str = "oracle") -> Path:
    """A shop that took these files in peace."""
    with create_shop(folder / name, timezone="UTC") as shop:
        for each in files:
            imported(shop, each)
    return folder / name


def test_a_shop_at_work_is_restored_as_it_was_and_goes_on(tmp_path: Path) -> None:
    drill(tmp_path, 4, 200)


@pytest.mark.slow
@pytest.mark.parametrize("again", range(5))
def test_a_large_shop_at_work_is_restored_as_it_was(again: int, tmp_path: Path) -> None:
    drill(tmp_path, 12, 3000 + 500 * again)
