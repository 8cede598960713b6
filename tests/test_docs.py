"""Code in README and docs runs: ```python blocks by exec, ```console blocks line by line in one shop."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
PAGES = [HOUSE / "README.md", HOUSE / "README.es.md", *sorted((HOUSE / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

ORDERS = """order_id,ordered_at,customer_id,sku,name,quantity,unit_price
1001,2025-01-07 10:00,7,TAZA-1,Taza de cerámica,2,9.50
1002,2025-02-11 18:30,7,MANTEL-2,Mantel de lino,1,39.90
1003,2025-02-12 09:15,8,TAZA-1,Taza de cerámica,1,9.50
1004,2025-03-15 12:00,9,VELA-3,Vela de cera,4,6.25
1005,2025-04-02 20:45,7,VELA-3,Vela de cera,2,6.25
1006,2025-05-20 08:10,8,MANTEL-2,Mantel de lino,1,39.90
"""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_on_a_page_runs(page: Path, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    env.pop("VOLVER_SHOP", None)
    scope: dict[str, object] = {}
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        for kind, body in BLOCK.findall(page.read_text(encoding="utf-8")):
            if kind == "python":
                exec(compile(body, page.name, "exec"), scope)
                continue
            for line in body.splitlines():
                if line.startswith("$ ") and "serve" not in line and not line.startswith("$ make"):
                    ran = subprocess.run(shlex.split(line[2:]), env=env, capture_output=True, text=True, cwd=tmp_path)
                    assert ran.returncode in (0, 3), f"{line}\n{ran.stdout}\n{ran.stderr}"
    finally:
        os.chdir(here)
