"""Which files a person means: folders walked, gz and zip unpacked, and what each file is made of."""

import gzip
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from volver.core import VolverError

_TABLES = {".csv", ".tsv", ".tab", ".txt", ".psv", ".json", ".jsonl", ".ndjson", ".parquet", ".pq"}
_ARROW = {".arrow", ".feather", ".ipc", ".arrows"}
_PACKED = {".gz", ".zip"}
_CHUNK = 1 << 20


class NoFiles(VolverError):
    """Nothing to read was named or found."""

    code = "collect.no_files"
    says = "There is no file to read in {where}."
    hint = "Name CSV, TSV, JSONL, Parquet or Arrow files (also gz or zip), or a folder that holds some."


class CannotRead(VolverError):
    """A file is not a table that we know, or it is damaged."""

    code = "collect.cannot_read"
    says = "{file} cannot be read: {why}."
    hint = "Save it as CSV (UTF-8), JSONL or Parquet and import it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFile:
    """A file on disk that holds one table. `named` is True if the person named it, not only its folder."""

    label: str
    path: Path
    kind: str
    named: bool


def expand(paths: Sequence[str | Path], workdir: Path) -> Iterator[RawFile]:
    """Every file that the paths mean, in a stable order. Packed files are unpacked into `workdir`.

    Raises `collect.no_files` for a path that does not exist and for paths that hold nothing to read.
    """
    found = 0
    for given in paths:
        path = Path(given)
        if path.is_dir():
            files = [each for each in sorted(path.rglob("*")) if _is_table(each.relative_to(path)) and each.is_file()]
            opened: Iterable[RawFile] = (each for file in files for each in _unpacked(file, workdir, named=False))
        elif path.is_file():
            opened = _unpacked(path, workdir, named=True)
        else:
            raise NoFiles(where=path.name or "the path")
        for raw in opened:
            found += 1
            yield raw
    if not found:
        raise NoFiles(where=", ".join(Path(path).name for path in paths) or "no path at all")


def _is_table(path: Path) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not hidden and path.suffix.lower() in _TABLES | _ARROW | _PACKED


def _unpacked(path: Path, workdir: Path, *, named: bool, label: str | None = None) -> Iterator[RawFile]:
    label = label or path.name
    with path.open("rb") as opened:
        magic = opened.read(8)
    try:
        if magic.startswith(b"\x1f\x8b"):
            inner = label.removesuffix(".gz")
            with gzip.open(path) as stream:
                target = _copied(stream, workdir, inner)
            yield from _unpacked(target, workdir, named=named, label=inner)
        elif magic.startswith(b"PK\x03\x04"):
            yield from _zipped(path, workdir, label, named=named)
        else:
            yield RawFile(label=label, path=path, kind=_kind(path, magic), named=named)
    except (OSError, EOFError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as problem:
        raise CannotRead(file=label, why="it is damaged or locked by a password") from problem


def _zipped(path: Path, workdir: Path, label: str, *, named: bool) -> Iterator[RawFile]:
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if not name.endswith("/"))
        if "[Content_Types].xml" in names or "content.xml" in names:
            raise CannotRead(file=label, why="it is a spreadsheet")
        names = [name for name in names if _is_table(Path(name))]
        if not names:
            raise NoFiles(where=label)
        for name in names:
            with archive.open(name) as stream:
                target = _copied(stream, workdir, Path(name).name)
            yield from _unpacked(target, workdir, named=named, label=f"{label}/{Path(name).name}")


def _copied(stream: IO[bytes] | gzip.GzipFile, workdir: Path, name: str) -> Path:
    target = fresh(workdir, Path(name).suffix)
    with target.open("wb") as out:
        shutil.copyfileobj(stream, out, _CHUNK)
    return target


def fresh(workdir: Path, suffix: str) -> Path:
    """A path in `workdir` that nobody uses yet."""
    workdir.mkdir(parents=True, exist_ok=True)
    number = sum(1 for _ in workdir.iterdir())
    while (target := workdir / f"unpacked-{number:05}{suffix}").exists():
        number += 1
    return target


def _kind(path: Path, magic: bytes) -> str:
    if magic.startswith(b"PAR1"):
        return "parquet"
    if magic.startswith(b"ARROW1") or (path.suffix.lower() in _ARROW):
        return "arrow"
    with path.open("rb") as opened:
        head = opened.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{") or (head.startswith(b"[") and path.suffix.lower() == ".json"):
        return "jsonl"
    return "csv"
