"""The command line keeps its manners: answers on stdout, stories on stderr, exit codes that mean one thing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from volver.cli import main

ORDERS = """order_id,ordered_at,customer_id,sku,name,quantity,unit_price
1001,2025-01-07 10:00,7,TAZA-1,Taza de cerámica,2,9.50
1002,2025-02-11 18:30,7,MANTEL-2,Mantel de lino,1,39.90
1003,2025-02-12 09:15,8,TAZA-1,Taza de cerámica,1,9.50
"""


def volver(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "volver", *map(str, words)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    (folder / "orders.csv").write_text(ORDERS, encoding="utf-8")
    made = volver("init", folder / "shop", "--currency", "eur", "--timezone", "Europe/Madrid", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["currency"] == "EUR"
    brought = volver("collect", "import", folder / "orders.csv", "--shop", folder / "shop", "--json")
    assert brought.returncode == 0, brought.stderr
    assert json.loads(brought.stdout)["rows"]["added"] == 3
    return folder / "shop"


@pytest.mark.parametrize(
    "words",
    [
        ("settings",),
        ("doctor",),
        ("know", "customers"),
        ("know", "customer", "7"),
        ("know", "segments"),
        ("know", "stages"),
        ("know", "kpi"),
        ("know", "cohorts"),
        ("collect", "set-aside"),
    ],
    ids=" ".join,
)
def test_a_command_answers_one_json_object(
    shop: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    said, codes = [], set()
    for asked in ([*words, "--json", "--shop", str(shop)], ["--shop", str(shop), *words]):
        try:
            main(asked)
        except SystemExit as left:
            codes.add(left.code)
        said.append(capsys.readouterr())
    assert codes <= {0, 3}
    assert isinstance(json.loads(said[0].out), dict)
    assert (said[1].out + said[1].err).strip()


def test_a_missing_shop_is_one_error_in_both_voices(tmp_path: Path) -> None:
    spoken = volver("doctor", "--shop", tmp_path / "nowhere")
    assert (spoken.returncode, spoken.stdout) == (1, "")
    assert "store.not_a_shop" in spoken.stderr
    told = volver("doctor", "--json", "--shop", tmp_path / "nowhere")
    assert told.returncode == 1
    assert json.loads(told.stdout)["code"] == "store.not_a_shop"


def test_a_shop_is_not_made_twice(shop: Path) -> None:
    again = volver("init", shop)
    assert again.returncode == 1
    assert "store.shop_exists" in again.stderr


def test_wrong_use_exits_with_two() -> None:
    assert volver("know", "nonsense").returncode == 2
    assert volver("init").returncode == 2


def test_an_unknown_setting_names_its_nearest(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "volver.toml").write_text('curency = "EUR"\n', encoding="utf-8")
    ran = volver("settings", "--json", "--shop", tmp_path)
    assert ran.returncode == 1
    assert "currency" in json.loads(ran.stdout)["hint"]


def test_value_without_history_says_what_is_missing(shop: Path) -> None:
    ran = volver("predict", "fit", "--json", "--shop", shop)
    answer = json.loads(ran.stdout)
    assert ran.returncode in (0, 1)
    assert answer.get("hint") or answer.get("customers")
