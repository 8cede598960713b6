"""Code in README and docs runs: ```python blocks by exec, ```console blocks line by line in one shop.

The README's commands are started as a reader starts them; those of the chapters are called in this process, which
spares each of them the second in which Python and its libraries load.
"""

import logging
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from volver.cli import main

HOUSE = Path(__file__).parent.parent
PAGES = [HOUSE / "README.md", HOUSE / "README.es.md", *sorted((HOUSE / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

NOT_INSTALLED = ("polars",)  # what the tests have and the environment that README builds has not

ORDERS = """order_id,ordered_at,customer_id,sku,name,quantity,unit_price
1001,2025-01-07 10:00,7,TAZA-1,Taza de cerámica,2,9.50
1002,2025-02-11 18:30,7,MANTEL-2,Mantel de lino,1,39.90
1003,2025-02-12 09:15,8,TAZA-1,Taza de cerámica,1,9.50
1004,2025-03-15 12:00,9,VELA-3,Vela de cera,4,6.25
1005,2025-04-02 20:45,7,VELA-3,Vela de cera,2,6.25
1006,2025-05-20 08:10,8,MANTEL-2,Mantel de lino,1,39.90
"""


class Missing:
    """Importing what is not installed fails, although it is."""

    def find_spec(self, name: str, *_: object) -> None:
        if name in NOT_INSTALLED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_what_the_pages_must_do_without_is_not_in_their_environment() -> None:
    there = (HOUSE / "requirements" / "run.txt").read_text(encoding="utf-8")
    assert not [name for name in NOT_INSTALLED if f"\n{name}==" in there]
    assert "\npandas==" in there


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_on_a_page_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    for name in NOT_INSTALLED:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("VOLVER_SHOP", raising=False)
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    for kind, body in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "python":
            exec(compile(body, page.name, "exec"), scope)
            continue
        for line in body.splitlines():
            if line.startswith("$ ") and "serve" not in line and not line.startswith("$ make"):
                words = shlex.split(line[2:])
                code = called(words[1:]) if words[0] == "volver" and page.name != "README.md" else started(words)
                said = capsys.readouterr()
                assert code in (0, 3), f"{line}\n{said.out}\n{said.err}"


SECURITY = HOUSE / "docs" / "security.md"
SHOWN = re.compile(r"`((?:tests|volver)/[\w/.]+)(?:::(\w+))?`")
CALLS_OUT = re.compile(
    r"\b(urllib\.request|http\.client|smtplib|ftplib|xmlrpc|requests|httpx2?|aiohttp|create_connection|urlopen)\b"
)


def test_every_line_on_security_names_what_shows_it() -> None:
    rows = [line for line in SECURITY.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    told = [row for row in rows if not row.startswith(("|---", "| threat", "| what |"))]
    assert len(told) > 25
    for row in told:
        shown = SHOWN.findall(row.rsplit("|", 2)[1])
        assert shown, row
        for file, name in shown:
            body = (HOUSE / file).read_text(encoding="utf-8")
            assert not name or re.search(rf"^def {name}\(", body, re.MULTILINE), f"{file}::{name}"


def test_the_page_on_security_is_linked_from_both_readmes() -> None:
    assert all(
        "docs/security.md" in (HOUSE / name).read_text(encoding="utf-8") for name in ("README.md", "README.es.md")
    )


def test_no_part_of_volver_can_call_out() -> None:
    for path in (HOUSE / "volver").rglob("*.py"):
        text = path.read_text(encoding="utf-8").replace("starlette.requests", "")
        found = [line for line in text.splitlines() if "import" in line and CALLS_OUT.search(line)]
        assert not found, f"{path.relative_to(HOUSE)}: {found}"
    for path in (HOUSE / "volver" / "ui").rglob("*.html"):
        assert not re.search(r"(?:src|href|action)=[\"'](?:https?:)?//", path.read_text(encoding="utf-8")), path.name


def test_passwords_are_hashed_as_the_page_on_security_says() -> None:
    from volver.server.accounts import _hasher

    hasher = _hasher()
    assert (hasher.memory_cost, hasher.time_cost, hasher.parallelism) == (64 * 1024, 3, 4)


def test_a_fault_is_logged_without_what_was_sent() -> None:
    from volver.server.running import _without_values

    try:
        int("ana@example.com")
    except ValueError as problem:
        record = logging.LogRecord(
            "uvicorn.error", 40, "", 1, "broke", (), (ValueError, problem, problem.__traceback__)
        )
    assert _without_values(record)
    told = logging.Formatter().format(record)
    assert "ValueError" in told
    assert "test_docs.py" in told
    assert "ana@" not in told


def called(words: list[str]) -> int:
    """Volver's command line in this process; its exit code."""
    try:
        main(words)
    except SystemExit as left:
        return int(left.code or 0)
    return 0


def started(words: list[str]) -> int:
    """A program of its own; its exit code."""
    ran = subprocess.run(words, capture_output=True, text=True)
    print(ran.stdout, ran.stderr)
    return ran.returncode
