"""`volver collect` on a terminal: a preview that fits, questions that are asked, what is remembered."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.world import new_shop
from volver.cli.collect.previews import fitting
from volver.cli.main import main

ASKS = (
    "order,date,customer,product,quantity,price,order total\n"
    '1,03/02/2024,7,"Taza de cerámica esmaltada a mano, grande y muy azul",2,9.50,19.00\n'
    "2,04/02/2024,8,Vela,1,6.25,6.25\n3,05/02/2024,8,Vela,1,6.25,7.25\n"
)
GUESTS = "Pedido;Fecha;Producto;Cantidad;Precio\n1;2024-04-23;Taza;2;9,50\n2;2024-04-24;Vela;1;6,25\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with new_shop(tmp_path / "shop", timezone="Europe/Madrid"):
        pass
    (tmp_path / "marzo.csv").write_text(ASKS, encoding="utf-8")
    (tmp_path / "guests.csv").write_text(GUESTS, encoding="utf-8")
    return tmp_path


def run(folder: Path, *words: str) -> None:
    main(["--shop", str(folder / "shop"), "collect", *words])


def test_a_preview_fits_the_terminal_in_shop_time_and_says_what_matters_first(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run(folder, "import", str(folder / "marzo.csv"), "--day-first", "--dry-run")
    out = capsys.readouterr().out
    assert max(len(line) for line in out.splitlines()) <= 80
    assert "2024-02-03" in out, "the shop's day, not the day before in UTC"
    assert "UTC" not in out
    assert " 0\n" not in out, "what is zero is not printed"
    lines = out.splitlines()
    assert lines[0] == "marzo.csv: orders, csv, 3 rows"
    assert any("2 of 3 orders" in line for line in lines)


def test_guests_only_is_said_before_the_numbers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(folder, "import", str(folder / "guests.csv"), "--no-refresh")
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "All 2 orders are guests': no column says who bought."


def test_a_preview_as_json_lists_the_choices_of_its_questions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(folder, "import", str(folder / "marzo.csv"), "--dry-run", "--json")
    told = json.loads(capsys.readouterr().out)
    assert [each["sets"] for each in told["asks"][0]["choices"]] == [{"day_first": True}, {"day_first": False}]
    assert told["report"] is None
    assert told["files"][0]["samples"]["date"] == ["03/02/2024", "04/02/2024", "05/02/2024"]


def test_on_a_terminal_the_question_is_asked_and_elsewhere_it_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--shop", str(folder / "shop"), "collect", "import", str(folder / "marzo.csv"), "--no-refresh"]
    command = [sys.executable, "-m", "volver", *words]
    refused = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "collect.ambiguous_dates" in refused.stderr
    ours, theirs = pty.openpty()
    os.write(ours, b"9\n1\n")
    asked = subprocess.run(command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, text=True, timeout=60)
    os.close(theirs)
    os.close(ours)
    assert asked.returncode == 0
    assert "From 2024-02-03 to 2024-02-05." in asked.stdout
    run(folder, "mappings", "--json")
    (one,) = json.loads(capsys.readouterr().out)
    assert one["said"] == {"as_": "orders", "day_first": True}
    run(folder, "mappings", "--forget", str(one["number"]), "--json")
    assert json.loads(capsys.readouterr().out) == []


def test_the_weightiest_columns_are_kept_where_not_all_fit() -> None:
    rows = [{"order_ref": "1001", "city": "x" * 40, "at": "2024-01-01", "amount": "9.50"}]
    assert fitting(list(rows[0]), rows, 30) == ["order_ref", "at", "amount"]
    assert fitting(list(rows[0]), rows, 200) == list(rows[0])
