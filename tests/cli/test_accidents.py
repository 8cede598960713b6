"""What goes wrong around Volver is told in a sentence with a way out, and no name can steer the terminal."""

import errno
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.collect.ledger_world import EXPORT, write_csv
from tests.world import new_shop
from volver.cli.accidents import accident
from volver.cli.main import main

HOUSE = Path(__file__).parent.parent.parent
UGLY = "\x1b[31m\x1b]8;;https://example.org\x07\r\x9b31m\u202egpj.exe\u2066"
UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def run(*words: str, before: Any = None, code: str = "from volver.cli import main; main()") -> Any:
    """The command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=HOUSE, capture_output=True, preexec_fn=before, timeout=120
    )


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code and output of a command in this process."""
    try:
        main(list(words))
        ended = 0
    except SystemExit as leaving:
        ended = int(leaving.code or 0)
    said = capsys.readouterr()
    return ended, said.out, said.err


@pytest.fixture
def shop(tmp_path: Path) -> str:
    new_shop(tmp_path / "shop", currency="GBP").close()
    return str(tmp_path / "shop")


def test_nothing_is_printed_but_through_the_one_place_that_cleans() -> None:
    found = [
        str(path.relative_to(HOUSE))
        for path in (HOUSE / "volver/cli").rglob("*.py")
        if path.name != "output.py" and re.search(r"click\.(echo|secho|style)\(|\bprint\(", path.read_text())
    ]
    assert not found


def test_no_name_from_a_file_steers_the_terminal(shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(*row[:2], f"{UGLY} {row[2]}", *row[3:]) for row in EXPORT]
    path = write_csv(tmp_path / f"a{UGLY.replace('/', '')}.csv", rows)
    for words in (
        ("collect", "import", str(path), "--dry-run"),
        ("collect", "import", str(path), "--dry-run", "--json"),
        ("collect", "import", str(path), "--no-refresh"),
        ("collect", "imports"),
        ("collect", "set-aside"),
        ("collect", "import", str(path), "--map", f"date={UGLY}"),
        ("collect", "import", f"/nowhere/{UGLY}"),
        ("collect", UGLY),
    ):
        _, out, err = told(capsys, "--shop", shop, *words)
        assert out + err
        assert not UNFIT.search(out + err), words
        if "--json" in words:
            json.loads(out)


def test_a_path_is_told_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = str(tmp_path / "no" / "where")
    ended, _, err = told(capsys, "--shop", nowhere, "doctor")
    assert ended == 1
    assert f"volver init {nowhere}" in err


@pytest.mark.parametrize(
    ("words", "meant"),
    [(["impor"], "volver collect import"), (["colect"], "volver collect"), (["know", "custmers"], "customers")],
)
def test_a_command_that_is_misspelt_is_guessed(
    words: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, _, err = told(capsys, *words)
    assert ended == 2
    assert meant in err


def test_a_word_that_is_like_no_command_is_not_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Did you mean" not in told(capsys, "xyzzy")[2]


@pytest.mark.parametrize("currency", ["ZZZ", "euro", "€", "EU"])
def test_a_currency_that_does_not_exist_makes_no_shop(
    currency: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, _, err = told(capsys, "init", str(tmp_path / "s"), "--currency", currency)
    assert ended == 1
    assert "currency" in err
    assert not (tmp_path / "s" / "volver.toml").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("collect", "imports", "--limit"),
        ("collect", "set-aside", "--limit"),
        ("jobs", "list", "--limit"),
        ("collect", "undo"),
        ("jobs", "show"),
    ],
)
def test_a_number_beyond_any_database_is_refused(
    shop: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    for number in ("9" * 30, "9" * 5_000):
        ended, _, err = told(capsys, "--shop", shop, *words, number)
        assert ended == 2
        assert "Traceback" not in err


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "cli.disk_full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "cli.disk_full"),
        (OSError("Generic error: No space left on device (os error 28)"), "cli.disk_full"),
        (sqlite3.OperationalError("database or disk is full"), "cli.disk_full"),
        (duckdb.IOException("IO Error: Could not write: No space left on device"), "cli.disk_full"),
        (sqlite3.OperationalError("database is locked"), "cli.locked"),
        (PermissionError(errno.EACCES, "Permission denied"), "cli.not_permitted"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "cli.not_permitted"),
        (MemoryError(), "cli.out_of_memory"),
        (duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate"), "cli.out_of_memory"),
        (sqlite3.DatabaseError("database disk image is malformed"), "cli.disk_fails"),
        (OSError(errno.EIO, "Input/output error"), "cli.disk_fails"),
    ],
)
def test_every_accident_of_the_machine_has_its_sentence(problem: Exception, code: str) -> None:
    found = accident(problem)
    assert found is not None
    assert found.code == code
    assert found.advice
    wrapped = RuntimeError("around")
    wrapped.__cause__ = problem
    assert getattr(accident(wrapped), "code", None) == code


@pytest.mark.parametrize("fault", [KeyError("x"), ValueError("x"), RuntimeError("disk is full of x"), AssertionError()])
def test_a_fault_of_ours_is_no_accident(fault: Exception) -> None:
    assert accident(fault) is None


def test_a_full_disk_is_told_without_a_traceback_and_the_import_goes_on_afterwards(shop: str, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "orders.csv", [*EXPORT] * 40)
    full = (
        "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "import os, errno\nresource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "from volver.cli import main\nmain()"
    )
    ran = run("--shop", shop, "collect", "import", str(path), code=full)
    assert ran.returncode == 1, ran.stderr
    assert b"Traceback" not in ran.stderr
    assert re.search(rb"\((cli|store)\.\w+\)\s*$", ran.stderr)
    assert run("--shop", shop, "collect", "import", str(path), "--no-refresh").returncode == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_shop_that_may_not_be_written_is_told(shop: str) -> None:
    (Path(shop) / "state.db").chmod(0o400)
    ran = run("--shop", shop, "jobs", "list")
    assert b"Traceback" not in ran.stderr


@pytest.mark.slow
def test_a_locked_state_is_told(shop: str, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "orders.csv", EXPORT)
    holder = sqlite3.connect(Path(shop) / "log.db", isolation_level=None)
    holder.execute("begin exclusive")
    ran = run("--shop", shop, "collect", "import", str(path))
    holder.execute("rollback")
    holder.close()
    assert ran.returncode == 1
    assert b"Traceback" not in ran.stderr
    assert re.search(rb"\((cli.locked|store.log_not_written)\)", ran.stderr)


def test_who_hears_no_more_costs_no_traceback(shop: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [sys.executable, "-c", "from volver.cli import main; main()", "--shop", shop, "settings"],
        cwd=HOUSE,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    os.close(writing)
    assert ran.returncode == 1
    assert ran.stderr == b""


def test_a_command_that_is_stopped_says_so(shop: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "from volver.cli import main; main()", "--shop", shop, "serve", "--port", "0"],
        cwd=HOUSE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as serving:
        time.sleep(4)
        serving.send_signal(signal.SIGINT)
        _, err = serving.communicate(timeout=60)
    assert b"Traceback" not in err


def test_names_that_are_no_text_are_printed_all_the_same(shop: str, tmp_path: Path) -> None:
    path = write_csv(tmp_path / os.fsdecode(b"caf\xe9.csv"), EXPORT)
    for words in (("--json",), ()):
        ran = run("--shop", shop, "collect", "import", str(path), "--no-refresh", *words)
        assert ran.returncode == 0, ran.stderr
        assert "caf�.csv" in run("--shop", shop, "collect", "imports", *words).stdout.decode() or words
    assert run("--shop", shop, "collect", "import", "/nope/" + os.fsdecode(b"\xff.csv")).returncode == 1


def test_what_is_done_is_said_when_the_rest_fails(shop: str, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "orders.csv", EXPORT)
    code = (
        "import volver.app, errno\n"
        "def full(*said, **more): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "volver.app.refresh = full\nfrom volver.cli import main\nmain()"
    )
    ran = run("--shop", shop, "collect", "import", str(path), code=code)
    assert ran.returncode == 1
    assert b"cli.disk_full" in ran.stderr
    assert b"The ledger is right" in ran.stderr


def test_output_in_a_narrow_encoding_is_escaped(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", narrow)
    main(["--shop", shop, "settings"])
    narrow.flush()
