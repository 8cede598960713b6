"""Making sure that bytes are on the disk: the libraries write, we fsync."""

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
