"""Making sure that bytes are on the disk: the libraries write, we fsync; and locks that a dying process lets go of."""

import os
from collections.abc import Iterable
from pathlib import Path


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all(paths: Iterable[Path]) -> None:
    """`sync` for each path once, in order."""
    for path in dict.fromkeys(paths):
        sync(path)


def write_synced(path: Path, body: bytes) -> None:
    """Write a file and wait until it and its name are on the disk."""
    path.write_bytes(body)
    sync_all((path, path.parent))
