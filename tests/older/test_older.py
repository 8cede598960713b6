"""A shop that an older release made opens today: its state is brought up to date and every figure is found again."""

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.older.make import HERE, PASSWORD, figures
from volver import know, predict
from volver.app import examine, open_recovered, web
from volver.store import Shop
from volver.store.state import head

KEPT = sorted(path.name.removesuffix(".tar.xz") for path in HERE.glob("*.tar.xz"))
RENEWED = 1e-3  # a law is fitted again by numerics that may have changed, to a thousandth
DATED = {"next_from_day", "next_to_day"}


@dataclass(frozen=True)
class Older:
    """A shop as it was found, what its release told of it, and what is told before and after a refresh."""

    shop: Shop
    kept: dict[str, Any]
    found: dict[str, Any]
    refreshed: dict[str, Any]


@pytest.fixture(scope="module", params=KEPT)
def older(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Older]:
    folder = tmp_path_factory.mktemp("older")
    with tarfile.open(HERE / f"{request.param}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    kept = json.loads((HERE / f"{request.param}.json").read_text(encoding="utf-8"))
    with open_recovered(folder / "shop") as shop:
        found = figures(shop)
        day = date.fromisoformat(kept["figures"]["forecast"]["at"])  # as of which day the release told it
        know.refresh(shop, day)
        predict.fit(shop, day)
        yield Older(shop, kept, found, figures(shop))


def differences(kept: Any, told: Any, near: float, where: str = "") -> list[str]:
    """Where two trees of figures differ; a number may be off by the share `near`, a forecast day by as little."""
    if isinstance(kept, dict):
        return [each for name in kept for each in differences(kept[name], told.get(name), near, f"{where}/{name}")]
    if isinstance(kept, list) and isinstance(told, list) and len(kept) == len(told):
        pairs = enumerate(zip(kept, told, strict=True))
        return [each for n, (old, new) in pairs for each in differences(old, new, near, f"{where}/{n}")]
    if isinstance(kept, int | float) and isinstance(told, int | float):
        return [] if told == pytest.approx(kept, rel=near) else [f"{where}: {kept} is now {told}"]
    if near == RENEWED and kept and told and DATED & set(where.split("/")):
        off = abs((date.fromisoformat(kept) - date.fromisoformat(told)).days)
        return [] if off <= 1 else [f"{where}: {kept} is now {told}"]
    return [] if kept == told else [f"{where}: {kept} is now {told}"]


def past(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in figures.items() if name != "forecast"}


def test_the_shops_kept_begin_with_the_first_migration() -> None:
    assert KEPT[:2] == ["0001", "0002"]
    assert KEPT[-1] <= head()


def test_an_older_shop_is_brought_up_to_date_and_is_well(older: Older) -> None:
    assert older.shop.state.version() == head()
    assert [check.name for check in examine(older.shop) if not check.ok] == []


def test_an_older_shop_tells_every_figure_as_its_release_told_it(older: Older) -> None:
    assert differences(older.kept["figures"], older.found, 1e-9) == []


def test_a_refresh_finds_the_same_past(older: Older) -> None:
    assert differences(past(older.kept["figures"]), older.refreshed, 1e-9) == []


def test_a_refresh_foresees_what_the_release_foresaw_or_what_is_written_down_since(older: Older) -> None:
    forecast = older.kept.get("renewed", older.kept["figures"]["forecast"])
    assert differences(forecast, older.refreshed["forecast"], RENEWED) == []


def test_the_keys_of_an_older_shop_still_open_it(older: Older) -> None:
    app = web(older.shop)
    visitor = TestClient(app, follow_redirects=False)
    csrf = visitor.get("/login").text.split('name="csrf" value="')[1].split('"')[0]
    form = {"email": "owner", "password": PASSWORD, "csrf": csrf}
    assert visitor.post("/login", data=form).headers["location"] == "/"
    for secret in older.kept["secrets"].values():
        asked = TestClient(app, headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/predict/value")
        assert asked.json()["total"]["value"] == pytest.approx(older.refreshed["forecast"]["total"])


def test_a_figure_told_otherwise_is_seen() -> None:
    kept = {"months": [{"net_e4": 1_000_000, "day": "2025-01-01"}], "gone": None}
    told = {"months": [{"net_e4": 1_000_001, "day": "2025-01-02"}], "gone": 0}
    assert len(differences(kept, told, 1e-9)) == 3
    assert differences(kept, kept, 1e-9) == []


def test_no_older_shop_names_a_person(older: Older) -> None:
    rows = older.shop.compute.relation("select count(*) from customers where name is not null or email is not null")
    assert rows.column(0)[0].as_py() == 0


def test_the_kept_shops_are_small() -> None:
    assert all(Path(HERE / f"{name}.tar.xz").stat().st_size < 150_000 for name in KEPT)
