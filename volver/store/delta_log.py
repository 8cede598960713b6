"""A Delta table's log on local disk: which version is the newest, what a commit says, what a power cut left torn."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from volver.core import log as log_of
from volver.store.disk import sync, sync_all

_NEAR = 64  # so many commits are looked for by name before the folder is listed

_LAST = 8  # beyond so many, opening the table reads less than its commits are


def commit_name(version: int) -> str:
    """The file of a commit."""
    return f"{version:020}.json"


def newest_version(folder: Path, known: int = -1) -> int:
    """The highest committed version of the table in a folder; -1 where there is no table.

    Commits are numbered without a gap, so who knows a version asks for the next one by name: what is `known` costs two
    looks, however long the log. Where the known commit is gone the folder is listed.
    """
    log = folder / "_delta_log"
    if known >= 0 and (log / commit_name(known)).exists():
        for version in range(known, known + _NEAR):
            if not (log / commit_name(version + 1)).exists():
                return version
    return max((int(name[:20]) for name in log_names(folder) if _is_commit(name)), default=-1)


def log_names(folder: Path) -> frozenset[str]:
    """The files of a table's log."""
    try:
        return frozenset(each.name for each in os.scandir(folder / "_delta_log"))
    except FileNotFoundError:
        return frozenset()


def commits_since_checkpoint(folder: Path) -> int:
    """How many commits opening the table reads one by one."""
    names = log_names(folder)
    last = max((name[:20] for name in names if ".checkpoint" in name), default="")
    return sum(1 for name in names if _is_commit(name) and name[:20] > last)


def actions(text: str) -> list[dict[str, Any]]:
    """What a commit's file says, line by line."""
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def last_marks(folder: Path, newest: int, names: Sequence[str]) -> dict[str, int] | None:
    """Numbers that the last commits carry under these names, each as the newest says that has it.

    Goes back to the newest that carries the first name. None where it is not among the last few and the log is longer.
    """
    found: dict[str, int] = {}
    for version in range(newest, max(-1, newest - _LAST), -1):
        try:
            text = (folder / "_delta_log" / commit_name(version)).read_text(encoding="utf-8")
            told = [json.loads(line)["txn"] for line in text.splitlines() if line.startswith('{"txn"')]
        except (OSError, ValueError, KeyError):
            return None
        for each in told:
            if each["appId"] in names:
                found.setdefault(each["appId"], int(each["version"]))
        if names[0] in found or version == 0:
            return found
    return None


def is_torn(commit: Path) -> bool:
    """Whether a commit is not the JSON lines that it was written as: only a power cut does that."""
    try:
        lines = commit.read_bytes().split(b"\n")
        return not any(json.loads(line) for line in lines if line.strip())
    except ValueError:
        return True
    except FileNotFoundError:
        return False


def drop_torn(folder: Path) -> None:
    """Drop the newest commit if it is torn."""
    newest = folder / "_delta_log" / commit_name(newest_version(folder))
    if is_torn(newest):
        log_of("store").warning("dropped a torn commit", extra={"table": folder.name, "commit": newest.name})
        newest.unlink()
        sync(newest.parent)


def drop_torn_checkpoint(folder: Path) -> bool:
    """Drop the newest checkpoint if it cannot be read; the commits that it sums up may still be there."""
    from pyarrow import ArrowException, parquet

    names = sorted(name for name in log_names(folder) if ".checkpoint" in name and name.endswith(".parquet"))
    if not names:
        return False
    log = folder / "_delta_log"
    try:
        parquet.read_metadata(log / names[-1])
    except (ArrowException, OSError):
        log_of("store").warning("dropped a torn checkpoint", extra={"table": folder.name, "checkpoint": names[-1]})
        (log / names[-1]).unlink()
        (log / "_last_checkpoint").unlink(missing_ok=True)
        sync(log)
        return True
    return False


def sync_log(folder: Path, before: frozenset[str]) -> None:
    """Bring to disk what was written into a table's log since these names were all."""
    log, names = folder / "_delta_log", log_names(folder)
    new = (names - before) | ({"_last_checkpoint"} & names)
    sync_all([*(log / name for name in sorted(new)), log, folder, folder.parent])


def _is_commit(name: str) -> bool:
    return len(name) == 25 and name.endswith(".json") and name[:20].isdigit()
