"""A backup: log, state, lake, models and settings of one moment in one file, made while the shop goes on.

A backup is what a power cut would leave at that moment, and every opening of a shop mends that. For the time it takes
to note what there is, no batch is between log and lake (`AT_ONE_POINT`) and nobody commits to the lake; then the state,
the log and the names of the lake's files are held as they are, and copied while everybody works on. Upkeep removes no
file meanwhile (`BACKUP`). The log is held last, so that it knows at least what the others have taken.

The file is a plain tar: a manifest of sizes and SHA-256 stands at its end, and everything is read again before the file
gets its name.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, TYPE_CHECKING, Any, Final

from volver.core import VERSION, VolverError, clock
from volver.store import delta_log
from volver.store.disk import digest_of_stream, is_sealed, sync
from volver.store.tables import TABLES

if TYPE_CHECKING:
    from volver.store.shop import Shop

AT_ONE_POINT: Final = "point"  # held from a batch's entry in the log until lake and state have taken it
BACKUP: Final = "backup"  # held while a backup copies: nobody removes a file of the lake
MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
SUFFIX: Final = ".volver.tar"
_CHUNK: Final = 1 << 20
_DRAFT: Final = ".volver-backup-"
_NEVER: Final = ("log.db", "state.db", "lake", "spill")  # copied in their own way, or needed for a moment only


class BackupElsewhere(VolverError):
    """A part of the shop rests where a backup does not reach."""

    code = "store.backup_elsewhere"
    says = "The {part} rests in {place}, which a backup of this shop does not reach."
    hint = "Back it up with its own tools; docs/scale.md says in which order."
    status = 409


class BackupExists(VolverError):
    """There is something where the backup would be written."""

    code = "store.backup_exists"
    says = "{path} is there already."
    hint = "Name another file, or a folder: the backup then gets a name of its own."


class BackupFailed(VolverError):
    """What was written is not what was read."""

    code = "store.backup_failed"
    says = "The backup was written, but {file} could not be read back as it was; nothing was kept."
    hint = "Look at the disk that it was written to, or write it to another."
    status = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """A backup that was made: its file, how large, of how many files, and up to which entry of the log.

    `damaged` names files of the lake that do not hold what was once written to them; they are in it as they are.
    """

    path: str
    size: int
    files: int
    offset: int
    made_us: int
    damaged: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class _Point:
    """What there is at the moment of the backup: files by their name in it, databases that are held as they are."""

    files: list[tuple[str, Path]] = field(default_factory=list)
    held: list[tuple[str, IO[bytes]]] = field(default_factory=list)
    databases: dict[str, sqlite3.Connection] = field(default_factory=dict)
    offset: int = 0


def back_up(shop: "Shop", to: Path) -> BackedUp:
    """Write a backup of the shop to a file, or under a name of its own into a folder; only its owner may read it.

    Raises `store.backup_exists`, `store.backup_elsewhere`, `store.backup_failed`.
    """
    made_us = clock.real_us()
    target = to / f"{shop.path.resolve().name}-{_stamp(made_us)}{SUFFIX}" if to.is_dir() else to
    if target.exists():
        raise BackupExists(path=target.name)
    _see_reach(shop)
    with _drafts(target.parent.resolve()) as draft, shop.lake.alone(BACKUP), ExitStack() as open_:
        point = _pinned(shop, draft, open_)
        archive = draft / "archive"
        contents = _written(archive, point, draft, made_us, shop.log.identity)
        broken = _misread(archive, contents)
        if broken:
            raise BackupFailed(file=broken)
        sync(archive)
        archive.rename(target)
        sync(target.parent.resolve())
    damaged = tuple(name for name, (_, digest) in contents.items() if _is_damaged(name, digest))
    size = target.stat().st_size
    return BackedUp(
        path=str(target), size=size, files=len(contents), offset=point.offset, made_us=made_us, damaged=damaged
    )


def _see_reach(shop: "Shop") -> None:
    if not shop.state.is_sqlite:
        raise BackupElsewhere(part="state", place="PostgreSQL")
    if shop.lake.bucket is not None:
        raise BackupElsewhere(part="lake", place="a bucket")


def _pinned(shop: "Shop", draft: Path, open_: ExitStack) -> _Point:
    """Note and hold what there is. Nobody commits meanwhile: no longer than copying the tables' small logs takes."""
    point = _Point()
    with shop.lake.alone(AT_ONE_POINT), shop.lake.writing():
        for table in TABLES:
            folder = shop.lake.path(table)
            if shop.lake.version(table) < 0:
                continue
            point.files += [
                (f"lake/{table}/{Path(each).relative_to(folder)}", Path(each))
                for each in shop.lake.snapshot(table).files
            ]
            for name in sorted(delta_log.log_names(folder)):
                copy = draft / "lake" / table / "_delta_log" / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / "_delta_log" / name, copy)
                point.files.append((f"lake/{table}/_delta_log/{name}", copy))
        for name in ("state.db", "log.db"):
            point.databases[name] = open_.enter_context(closing(_held(shop.path / name)))
        row = point.databases["log.db"].execute("select seq from sqlite_sequence where name = 'log'").fetchone()
        point.offset = int(row[0]) if row else 0
        for name, path in _besides(shop):
            with suppress(FileNotFoundError):  # taken in or given up since it was listed
                point.held.append((name, open_.enter_context(path.open("rb"))))
    return point


def _besides(shop: "Shop") -> Iterator[tuple[str, Path]]:
    """Everything else of the shop's folder, and the work that a crash left pending between log and lake."""
    for part in sorted(shop.path.iterdir()):
        if part.name.startswith((".", *_NEVER)) or part.name.endswith((SUFFIX, ".part")):
            continue
        for path in sorted(part.rglob("*")) if part.is_dir() else [part]:
            if path.is_file() and not path.name.startswith(".") and not path.name.endswith(".part"):
                yield str(path.relative_to(shop.path)), path
    pending = shop.path / "lake" / ".pending"
    if pending.is_dir() and any(pending.glob("*.json")):
        yield from ((f"lake/.pending/{path.name}", path) for path in sorted(pending.iterdir()))


def _held(path: Path) -> sqlite3.Connection:
    """A connection that sees the database as it is now, whatever is written from here on."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=60, check_same_thread=False)
    connection.execute("begin")
    connection.execute("select count(*) from sqlite_master").fetchone()
    return connection


def _written(archive: Path, point: _Point, draft: Path, made_us: int, identity: int) -> dict[str, tuple[int, str]]:
    """Write the archive; size and digest of each file in it."""
    contents: dict[str, tuple[int, str]] = {}
    archive.touch(mode=0o600)
    with tarfile.open(archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, file in point.held:
            contents[name] = _add(tar, name, file, made_us)
        for name, connection in point.databases.items():
            with open(_copied(connection, draft / name), "rb") as file:
                contents[name] = _add(tar, name, file, made_us)
            (draft / name).unlink()
        for name, path in point.files:
            with open(path, "rb") as file:
                contents[name] = _add(tar, name, file, made_us)
        told = {
            "format": FORMAT,
            "volver": VERSION,
            "made_us": made_us,
            "log": identity,
            "offset": point.offset,
            "files": {name: list(each) for name, each in contents.items()},
        }
        body = json.dumps(told, indent=0).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(body), 0o600
        tar.addfile(info, BytesIO(body))
    return contents


def _copied(connection: sqlite3.Connection, path: Path) -> Path:
    """The database as its connection sees it, in a file of its own; see that it is whole."""
    with closing(sqlite3.connect(path)) as target:
        connection.backup(target)
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as copy:
        found = str(copy.execute("pragma integrity_check(1)").fetchone()[0])
    if found != "ok":
        raise BackupFailed(file=path.name)
    return path


class _Digested:
    """A file that is read once, and the digest of what was read of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        found = self._file.read(size)
        self.digest.update(found)
        return found


def _add(tar: tarfile.TarFile, name: str, file: IO[bytes], made_us: int) -> tuple[int, str]:
    info = tarfile.TarInfo(name)
    told = os.fstat(file.fileno())
    info.size, info.mode, info.mtime = told.st_size, 0o600, made_us // 1_000_000
    digested = _Digested(file)
    tar.addfile(info, digested)
    return info.size, digested.digest.hexdigest()


def _misread(archive: Path, contents: dict[str, tuple[int, str]]) -> str:
    """The first file of an archive that cannot be read back as it was; empty where all can."""
    seen = set()
    with tarfile.open(archive, mode="r:") as tar:
        for member in tar:
            file = tar.extractfile(member)
            if member.name == MANIFEST or file is None:
                continue
            if (member.size, digest_of_stream(file)) != contents.get(member.name):
                return member.name
            seen.add(member.name)
    return next(iter(sorted(contents.keys() - seen)), "")


def _is_damaged(name: str, digest: str) -> bool:
    return is_sealed(Path(name)) and not name.endswith(f".{digest[:32]}.parquet")


@contextmanager
def _drafts(beside: Path) -> Iterator[Path]:
    """A folder that only we may read, on the disk of the backup; what died there before is removed."""
    for left in beside.glob(f"{_DRAFT}*"):
        pid = left.name.removeprefix(_DRAFT).split("-")[0]
        if not Path(f"/proc/{pid}").exists():
            shutil.rmtree(left, ignore_errors=True)
    draft = Path(mkdtemp(prefix=f"{_DRAFT}{os.getpid()}-", dir=beside))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _stamp(us: int) -> str:
    from datetime import timedelta

    from volver.core.days import EPOCH

    return f"{EPOCH + timedelta(microseconds=us):%Y%m%dT%H%M%SZ}"
