"""Making sure that bytes are on the disk: the libraries write, we fsync; and locks that a dying process lets go of."""

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Final

_FOLDER: Final = 0o700
_FILE: Final = 0o600
_OTHERS: Final = 0o007


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


def keep_private(folder: Path) -> None:
    """Close a new shop's folder, and the files in it that hold secrets, to everybody else on this machine."""
    folder.chmod(_FOLDER)
    for each in _secret_files(folder):
        each.chmod(_FILE)


def close_to_others(folder: Path) -> None:
    """Close an older shop's files to strangers; a group that shares them keeps what it has."""
    for each in (*_secret_files(folder), folder):
        mode = each.stat().st_mode
        if os.name == "posix" and mode & _OTHERS and each.stat().st_uid == os.getuid():
            each.chmod(mode & ~_OTHERS & 0o7777)


def open_to_others(folder: Path) -> bool:
    """Whether strangers on this machine may read what a shop's folder holds; never where modes say nothing."""
    if os.name != "posix" or not folder.stat().st_mode & _OTHERS:
        return False
    return any(each.stat().st_mode & _OTHERS for each in _secret_files(folder))


def _secret_files(folder: Path) -> list[Path]:
    return [each for pattern in ("volver.toml", "*.db", "*.db-*") for each in folder.glob(pattern)]


def write_synced(path: Path, body: bytes) -> None:
    """Write a file and wait until it and its name are on the disk."""
    path.write_bytes(body)
    sync_all((path, path.parent))


_SEALED = re.compile(r"\.([0-9a-f]{32})\.parquet$")


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return digest_of_stream(file)


def digest_of_stream(file: IO[bytes]) -> str:
    """SHA-256 of what is left to read."""
    found = hashlib.sha256()
    while part := file.read(1 << 20):
        found.update(part)
    return found.hexdigest()


def seal(path: Path) -> Path:
    """Put the digest of a Parquet file that is written for good into its name; where it is now.

    So the name says what the file must hold: in the log, in a commit, in a bucket, in a copy.
    """
    sealed = path.with_suffix(f".{digest_of(path)[:32]}.parquet")
    path.rename(sealed)
    return sealed


def is_sealed(path: Path) -> bool:
    """Whether a file's name says what it must hold; those of older releases do not."""
    return _SEALED.search(path.name) is not None


def is_sound(path: Path) -> bool:
    """Whether a file holds what its name says; True where the name says nothing."""
    told = _SEALED.search(path.name)
    return told is None or digest_of(path).startswith(told[1])
