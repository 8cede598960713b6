"""Lets processes read fuzzed inputs and watches time, memory and disk; what must not be is a finding with its seed."""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).parent.parent.parent
MOST_SECONDS = 30.0  # of CPU: a busy machine is no hang
MOST_MEMORY = 1_536 << 20
SPARE_DISK = 200 << 20


@dataclass(slots=True)
class Told:
    """What a run found: how inputs ended, the worst of memory, disk and time, and findings by seed."""

    ends: Counter[str] = field(default_factory=Counter)
    findings: dict[int, str] = field(default_factory=dict)
    memory: int = 0
    disk: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        n = self.ends.total()
        worst = (
            f"memory {self.memory >> 20:,} MiB, disk {self.disk >> 20:,} MiB beside the input, {self.seconds:.1f} CPU-s"
        )
        return f"{n:,} inputs, {len(self.findings)} findings; at worst {worst}"


class Reader:
    """One worker process, begun again whenever it dies."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.process: subprocess.Popen[str] | None = None
        self.heard = b""

    def begun(self) -> subprocess.Popen[str]:
        """The process."""
        if self.process is None or self.process.poll() is not None:
            shutil.rmtree(self.home, ignore_errors=True)
            self.home.mkdir(parents=True)
            self.heard = b""
            command = [sys.executable, "-m", "tests.fuzz.worker", str(self.home)]
            with open(self.home.with_suffix(".err"), "a") as err:
                self.process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, text=True, cwd=HOUSE
                )
        return self.process

    def end(self) -> None:
        """Stop the process."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def read(self, seed: int, folder: Path) -> tuple[dict[str, Any], int, float]:
        """What came of a seed, the most disk it took beside its files, and its CPU time."""
        process = self.begun()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{seed} {folder}\n")
            process.stdin.flush()
        except BrokenPipeError:
            return {"problem": "the process died before", "code": ""}, 0, 0.0
        made, most, began, before = False, 0, _cpu_s(process.pid), _size(self.home)
        since = time.monotonic()
        while True:
            line = self._line(process.stdout.fileno())
            if line == b"":
                return {"problem": f"the process died ({process.wait()})", "code": ""}, most, 0.0
            if line == b"made":
                made, began, before, since = True, _cpu_s(process.pid), _size(self.home), time.monotonic()
            elif line is not None:
                return json.loads(line), most, _cpu_s(process.pid) - began
            elif made:
                most = max(most, _size(self.home) - before)
            if _cpu_s(process.pid) - began > MOST_SECONDS * (1 if made else 4) or time.monotonic() - since > 600:
                self.end()
                return {"problem": f"it took more than {MOST_SECONDS:.0f} s", "code": ""}, most, MOST_SECONDS

    def _line(self, pipe: int) -> bytes | None:
        """The next line that the process says; None if it is silent for a moment, empty if it is gone."""
        if b"\n" not in self.heard and select.select([pipe], [], [], 0.05)[0]:
            more = os.read(pipe, 1 << 16)
            if not more:
                return b""
            self.heard += more
        line, ended, rest = self.heard.partition(b"\n")
        if not ended:
            return None
        self.heard = rest
        return line


def watch(seeds: Sequence[int], folder: Path, *, report: bool = False) -> Told:
    """Read the inputs of these seeds; those of findings stay in `folder`."""
    told, reader, began = Told(), Reader(folder / "reader"), time.monotonic()
    try:
        for seed in seeds:
            inputs = folder / f"seed-{seed}"
            found, disk, seconds = reader.read(seed, inputs)
            given = _size(inputs)
            problem = found["problem"] or beyond(found, disk, given)
            told.ends[problem and "finding" or found["code"] or "read"] += 1
            told.memory, told.disk = max(told.memory, found.get("memory", 0)), max(told.disk, disk)
            told.seconds = max(told.seconds, seconds)
            if problem:
                told.findings[seed] = f"{found.get('how')} {found.get('made')}: {problem}"
                (inputs / "finding.txt").write_text(told.findings[seed])
            else:
                shutil.rmtree(inputs, ignore_errors=True)
            if report and (problem or (seed + 1) % 100 == 0):
                last = problem.strip().splitlines()[-1][:300] if problem else ""
                print(f"{time.monotonic() - began:.0f} s, seed {seed}: {last or told}", flush=True)
    finally:
        reader.end()
        shutil.rmtree(folder / "reader", ignore_errors=True)
    return told


def beyond(found: dict[str, Any], disk: int, given: int) -> str:
    """What an input took too much of; nothing where it is within bounds."""
    if found.get("memory", 0) > MOST_MEMORY:
        return f"it took {found['memory'] >> 20} MiB of memory"
    if disk > 3 * given + SPARE_DISK:
        return f"it took {disk >> 20} MiB of disk for {given >> 10} KiB"
    return ""


def _size(folder: Path) -> int:
    total = 0
    for at, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(at) / name).lstat().st_blocks * 512
            except OSError:
                continue
    return total


def _cpu_s(pid: int) -> float:
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")
