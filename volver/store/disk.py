"""Making sure that bytes are on the disk: the libraries write, we fsync; and locks that a dying process lets go of."""

import fcntl
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import IO


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


class FileLock:
    """A lock between threads and processes: one holder at a time, re-entrant in its thread, free when it dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mine = threading.RLock()
        self._held = 0
        self._file: IO[bytes] | None = None

    def __enter__(self) -> None:
        self._mine.acquire()
        try:
            if not self._held:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = open(self.path, "ab")
                fcntl.flock(self._file, fcntl.LOCK_EX)
            self._held += 1
        except BaseException:
            self._mine.release()
            raise

    def __exit__(self, *_: object) -> None:
        self._held -= 1
        if not self._held and self._file is not None:
            self._file.close()
            self._file = None
        self._mine.release()

    def is_held(self) -> bool:
        """Whether somebody, in this process or another, holds it at this moment."""
        if not self.path.exists():
            return False
        with open(self.path, "ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False
