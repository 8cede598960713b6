"""Files that somebody sends: streamed to the shop's disk, checked by what they hold, kept until they are imported.

Each sending has a folder of its own below `incoming/`, under an id that cannot be guessed. A file has the ending
`.part` while it comes; whatever dies in between leaves nothing else, and `tidy` removes it.
"""

import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from volver.collect.settings import CollectSettings
from volver.core import VolverError, Words, clock
from volver.store import Shop, sync_all

if TYPE_CHECKING:
    from volver.store import Work

FOLDER: Final = "incoming"
PART: Final = ".part"
_MB: Final = 1024 * 1024
_RESERVE: Final = 256 * _MB  # what a shop needs of its disk to go on working
_PARTS_LIVE_S: Final = 3600  # a file that did not grow for so long is not coming any more
_LONGEST_NAME: Final = 100
_FOREIGN: Final = re.compile(r"[^\w .()+-]")
_ID: Final = re.compile(r"[0-9a-f]{24}")
_NO_TABLES: Final = (
    (b"%PDF", Words("a PDF")),
    (b"\x89PNG", Words("a picture")),
    (b"\xff\xd8\xff", Words("a picture")),
    (b"GIF8", Words("a picture")),
    (b"\x7fELF", Words("a program")),
    (b"MZ", Words("a program")),
    (b"Rar!", Words("a RAR archive")),
    (b"7z\xbc\xaf", Words("a 7z archive")),
)
_TABLES: Final = (b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"ARROW1", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xfe\xff")


class NoSuchUpload(VolverError):
    """Files are named that are not there, or no more."""

    code = "collect.no_such_upload"
    says = "These files are not here any more."
    hint = "Send them again: files that were imported, or that waited for too long, are removed."
    status = 404


class NoTable(VolverError):
    """A file that cannot be a table, by its first bytes."""

    code = "collect.no_table"
    says = "{file} is {what}, not a table."
    hint = "Send CSV, TSV, JSON lines, Parquet or a spreadsheet; zip and gz may hold them."


class FileTooLarge(VolverError):
    """A file beyond what the shop takes."""

    code = "collect.file_too_large"
    says = "{file} is larger than {most} MB."
    hint = "Send it packed (gz or zip), cut it, or raise `largest_file_mb` in `[collect]`."
    status = 413


class DiskFull(VolverError):
    """The disk has no room for what is sent."""

    code = "collect.disk_full"
    says = "The disk of the shop has no room for {file}."
    hint = "Make room on the disk, then send the file again. What had come of it was removed."
    status = 507


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """A file that came whole."""

    name: str
    n_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Files that were sent together. `came_us` is when the last of them came."""

    id: str
    files: tuple[UploadedFile, ...]
    came_us: int


class Receiving:
    """One file that comes, piece by piece. `write`, then `keep`; or `drop`, which leaves nothing."""

    def __init__(self, shop: Shop, upload: str, name: str) -> None:
        self.folder = folder_of(shop, upload, make=True)
        self.name = _free_name(self.folder, safe_name(name))
        self.most_mb = shop.settings.of(CollectSettings).largest_file_mb
        self.path = self.folder / f"{self.name}{PART}"
        self.n_bytes = 0
        self._file: BinaryIO | None = self.path.open("xb")

    def write(self, chunk: bytes) -> None:
        """Add a piece. Raises `collect.no_table`, `collect.file_too_large`, `collect.disk_full`, all of it dropped."""
        assert self._file is not None
        try:
            if self.n_bytes == 0 and chunk:
                self._check(chunk)
            self.n_bytes += len(chunk)
            if self.n_bytes > self.most_mb * _MB:
                raise FileTooLarge(file=self.name, most=self.most_mb)
            if shutil.disk_usage(self.folder).free < _RESERVE + len(chunk):
                raise DiskFull(file=self.name)
            try:
                self._file.write(chunk)
            except OSError as problem:
                raise DiskFull(file=self.name) from problem
        except VolverError:
            self.drop()
            raise

    def keep(self) -> UploadedFile:
        """Let the file stand under its name, on the disk."""
        assert self._file is not None
        self._file.close()
        self._file = None
        sync_all((self.path,))
        self.path.rename(self.path.with_name(self.name))
        sync_all((self.folder,))
        return UploadedFile(name=self.name, n_bytes=self.n_bytes)

    def drop(self) -> None:
        """Remove what came so far."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self.path.unlink(missing_ok=True)

    def _check(self, head: bytes) -> None:
        for magic, what in _NO_TABLES:
            if head.startswith(magic):
                raise NoTable(file=self.name, what=what)
        if b"\0" in head[:4096] and not head.startswith(_TABLES) and head[1:2] != b"\0" and head[:1] != b"\0":
            raise NoTable(file=self.name, what=Words("something else"))


def take_file(shop: Shop, upload: str, path: Path, name: str) -> UploadedFile:
    """Take a file that came whole, elsewhere on the disk, into an upload. Raises what `Receiving.write` raises."""
    coming = Receiving(shop, upload, name)
    with path.open("rb") as file:
        while chunk := file.read(_MB):
            coming.write(chunk)
    return coming.keep()


def safe_name(name: str) -> str:
    r"""A file's name as it may stand on a disk and in a list: what is left of its last part.

    >>> safe_name("../../etc/passwd"), safe_name("C:\\Ventas\\pedidos <marzo>.csv"), safe_name("...")
    ('passwd', 'pedidos _marzo_.csv', 'file')
    """
    last = re.split(r"[/\\]", name)[-1]
    clean = _FOREIGN.sub("_", last).strip(" .").removesuffix(PART)
    stem, dot, ending = clean.rpartition(".")
    if len(clean) > _LONGEST_NAME:
        clean = f"{stem[: _LONGEST_NAME - 12]}{dot}{ending[:11]}" if stem else clean[:_LONGEST_NAME]
    return clean or "file"


def begin_upload(shop: Shop) -> str:
    """A new id under which files can come."""
    made = secrets.token_hex(12)
    folder_of(shop, made, make=True)
    return made


def folder_of(shop: Shop, upload: str, *, make: bool = False) -> Path:
    """The folder of an upload. Raises `collect.no_such_upload`, also for what is no id."""
    if not _ID.fullmatch(upload):
        raise NoSuchUpload
    folder = shop.path / FOLDER / upload
    if make:
        folder.mkdir(parents=True, exist_ok=True)
    elif not folder.is_dir():
        raise NoSuchUpload
    return folder


def upload_of(shop: Shop, upload: str) -> Upload:
    """What came under an id. Raises `collect.no_such_upload`, also if nothing came whole."""
    folder = folder_of(shop, upload)
    paths = sorted(each for each in folder.iterdir() if not each.name.startswith(".") and each.suffix != PART)
    if not paths:
        raise NoSuchUpload
    stats = [each.stat() for each in paths]
    return Upload(
        id=upload,
        files=tuple(UploadedFile(name=p.name, n_bytes=s.st_size) for p, s in zip(paths, stats, strict=True)),
        came_us=max(int(s.st_mtime * 1e6) for s in stats),
    )


def files_of(shop: Shop, upload: str) -> list[Path]:
    """The paths of what came. Raises `collect.no_such_upload`."""
    return [folder_of(shop, upload) / each.name for each in upload_of(shop, upload).files]


def waiting_uploads(shop: Shop) -> tuple[Upload, ...]:
    """What was sent and waits to be imported, the newest first."""
    found = []
    for folder in _folders(shop):
        try:
            found.append(upload_of(shop, folder.name))
        except (NoSuchUpload, FileNotFoundError):
            continue
    return tuple(sorted(found, key=lambda each: -each.came_us))


def forget_upload(shop: Shop, upload: str) -> None:
    """Remove files that were sent. Raises `collect.no_such_upload`."""
    shutil.rmtree(folder_of(shop, upload), ignore_errors=True)


def tidy(work: "Work") -> dict[str, int] | None:
    """The job that removes what broke off while it came, and what waited for too long."""
    keep_s = work.shop.settings.of(CollectSettings).keep_files_days * 86_400
    removed = 0
    for folder in _folders(work.shop):
        now_s = clock.real_us() / 1e6
        for part in folder.glob(f"*{PART}"):
            if now_s - part.stat().st_mtime > _PARTS_LIVE_S:
                part.unlink(missing_ok=True)
                removed += 1
        names = [each for each in folder.iterdir() if not each.name.startswith(".")]
        ages = [now_s - each.stat().st_mtime for each in (*names, folder)]
        if min(ages) > keep_s or (not names and min(ages) > _PARTS_LIVE_S):
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return {"removed": removed} if removed else None


def _folders(shop: Shop) -> Iterator[Path]:
    place = shop.path / FOLDER
    if place.is_dir():
        yield from (each for each in sorted(place.iterdir()) if each.is_dir() and _ID.fullmatch(each.name))


def _free_name(folder: Path, name: str) -> str:
    stem, dot, ending = name.partition(".")
    number, found = 2, name
    while (folder / found).exists() or (folder / f"{found}{PART}").exists():
        found, number = f"{stem} {number}{dot}{ending}", number + 1
    return found
