"""Long work on a shop is done one piece at a time, whichever process asks."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.world import new_shop
from volver.store import Busy, one_at_a_time, open_shop

HOLD = """
import sys
from volver.store import one_at_a_time, open_shop
with open_shop(sys.argv[1]) as shop, one_at_a_time(shop):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_second_piece_of_work_is_refused_and_the_next_one_is_not(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop") as shop, new_shop(tmp_path / "other") as other:
        with one_at_a_time(shop), one_at_a_time(other), pytest.raises(Busy), one_at_a_time(shop):
            pass
        with one_at_a_time(shop):
            pass


def test_work_in_another_process_counts_until_it_ends_or_dies(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop"):
        pass
    command = [sys.executable, "-c", HOLD, str(tmp_path / "shop")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "held\n"
        with open_shop(tmp_path / "shop") as shop:
            with pytest.raises(Busy), one_at_a_time(shop):
                pass
            worker.kill()
            worker.wait()
            with one_at_a_time(shop):
                pass
