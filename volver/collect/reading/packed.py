"""gz and zip unpacked into the work folder, and never more of it than a table can hold or the disk has room for.

A stream is counted before a byte of it is written, so that a small file that swells to gigabytes costs no disk.
"""

import gzip
import lzma
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, Final

from volver.collect.reading.files import CannotRead, NoFiles, RawFile, fresh, is_table, kind_of
from volver.collect.reading.workbooks import is_workbook, open_workbook
from volver.core import VolverError, one_line

_CHUNK: Final = 1 << 20
_ALWAYS: Final = 128 << 20  # bytes; so much any packed file may hold
_LIKELY: Final = 50  # times its packed size; tables pack to a tenth, JSON that repeats its keys to a thirtieth
_SPARE: Final = 200 << 20  # bytes that stay free on the disk
_MOST_FILES: Final = 10_000
_DEEPEST: Final = 4  # packed files within packed files
_GZ: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_OLD_BOOK: Final = b"\xd0\xcf\x11\xe0"
_DAMAGE: Final = (OSError, EOFError, zlib.error, lzma.LZMAError, RuntimeError, ValueError, KeyError, zipfile.BadZipFile)

Opening = Callable[[], AbstractContextManager[Any]]


class TooLarge(VolverError):
    """A packed file holds more than a table of its size does, or more than the disk has room for."""

    code = "collect.too_large"
    says = "{file} has {packed} MB and unpacks to more than {most} MB, {why}."
    hint = (
        "If it is a table all the same, unpack it yourself, or allow it by `unpack_limit_mb` under [collect] in "
        "volver.toml or by VOLVER_COLLECT_UNPACK_LIMIT_MB."
    )
    status = 413


def unpacked(
    path: Path, workdir: Path, *, named: bool, most_bytes: int = 0, sheet: str = "", label: str = "", depth: int = 0
) -> Iterator[RawFile]:
    """The tables in a file: itself, or what is packed in it; of a workbook the named sheet, or its first.

    Raises `collect.cannot_read`, `collect.too_large`, and what `workbooks.open_workbook` does.
    """
    label = label or one_line(path.name)
    try:
        with path.open("rb") as opened:
            magic = opened.read(8)
    except PermissionError as problem:
        raise CannotRead(file=label, why="it may not be opened by who runs Volver") from problem
    if magic.startswith(_OLD_BOOK) or (magic.startswith(_ZIP) and is_workbook(_sizes(path, label))):
        size = sum(_sizes(path, label).values()) if magic.startswith(_ZIP) else 0
        _check_size(label, path.stat().st_size, size, most_bytes or max(_ALWAYS, _LIKELY * path.stat().st_size))
        yield open_workbook(path, workdir, label, named=named, sheet=sheet)
        return
    if not magic.startswith((_GZ, _ZIP)):
        yield RawFile(label=label, path=_plain_path(path, workdir), kind=kind_of(path, magic), named=named)
        return
    if depth >= _DEEPEST:
        raise CannotRead(file=label, why="it is packed in packed files too many times")
    most = most_bytes or max(_ALWAYS, _LIKELY * path.stat().st_size)
    for inner, opening in _gz(path, label) if magic.startswith(_GZ) else _zip(path, label):
        target = _copied(opening, workdir, inner, path.stat().st_size, most)
        yield from unpacked(
            target, workdir, named=named, most_bytes=most_bytes, sheet=sheet, label=inner, depth=depth + 1
        )


def _plain_path(path: Path, workdir: Path) -> Path:
    """The path, or a link to it where the engine would take its name for a pattern or cannot spell it."""
    if str(path).isprintable() and not set("*?[]{}") & set(str(path)):
        return path
    link = fresh(workdir, path.suffix if path.suffix.isprintable() else "")
    link.symlink_to(path.absolute())
    return link


def _gz(path: Path, label: str) -> Iterator[tuple[str, Opening]]:
    yield label.removesuffix(".gz"), lambda: gzip.open(path)  # noqa: SIM115  # `_chunks` closes it


def _zip(path: Path, label: str) -> Iterator[tuple[str, Opening]]:
    """The tables in a zip, with their labels. Raises `collect.no_files` where there are none."""
    names = [name for name in sorted(_sizes(path, label)) if is_table(Path(name))]
    with zipfile.ZipFile(path) as archive:
        if not names:
            raise NoFiles(where=label)
        if len(names) > _MOST_FILES:
            raise CannotRead(file=label, why=f"it holds more than {_MOST_FILES:,} files")
        for name in names:
            yield f"{label}/{one_line(Path(name).name)}", lambda name=name: archive.open(name)  # type: ignore[misc]


def _sizes(path: Path, label: str) -> dict[str, int]:
    """The files in a zip by name, with their unpacked sizes. Raises `collect.cannot_read`."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {each.filename: each.file_size for each in archive.infolist() if not each.is_dir()}
    except _DAMAGE as problem:
        raise CannotRead(file=label, why="it is damaged") from problem


def _copied(opening: Opening, workdir: Path, label: str, packed: int, most: int) -> Path:
    """What a packed file holds, written out. Raises `collect.too_large` before anything is written."""
    workdir.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(workdir).free - _SPARE
    size = 0
    for chunk in _chunks(opening, label):
        size += len(chunk)
        _check_size(label, packed, size, most, free)
    target = fresh(workdir, Path(label).suffix)
    with target.open("wb") as out:
        for chunk in _chunks(opening, label):
            out.write(chunk)
    return target


def _check_size(label: str, packed: int, size: int, most: int, free: int | None = None) -> None:
    """Raise `collect.too_large` where an unpacked size is more than a table holds, or than the disk has room for."""
    room = most if free is None else min(most, max(free, 0))
    if size > room:
        why = "which no table of its size holds" if size > most else "for which the disk has no room"
        raise TooLarge(file=label, packed=f"{packed / 1e6:.1f}", most=room // 1_000_000, why=why)


def _chunks(opening: Opening, label: str) -> Iterator[bytes]:
    """The bytes of a packed file; whatever goes wrong while it is read is damage of it."""
    try:
        with opening() as stream:
            reading: IO[bytes] = stream
            while chunk := reading.read(_CHUNK):
                yield chunk
    except _DAMAGE as problem:
        raise CannotRead(file=label, why="it is damaged or locked by a password") from problem
