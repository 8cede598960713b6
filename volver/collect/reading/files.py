"""Which files a person means: folders walked, packed files unpacked, and what each file is made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from volver.core import VolverError, one_line

_TABLES = {".csv", ".tsv", ".tab", ".txt", ".psv", ".json", ".jsonl", ".ndjson", ".parquet", ".pq"}
_ARROW = {".arrow", ".feather", ".ipc", ".arrows"}
_PACKED = {".gz", ".zip"}


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


def expand(
    paths: Sequence[str | Path], workdir: Path, most_bytes: int, skipped: list[tuple[str, str]]
) -> Iterator[RawFile]:
    """Every file that the paths mean, in a stable order. Packed files are unpacked into `workdir`.

    What cannot be unpacked in a folder is added to `skipped` with the reason; a file that was named raises it, as
    `packed.unpacked` does. Raises `collect.no_files` for a path that does not exist and for paths that hold nothing
    to read. `most_bytes` is what a packed file may hold (0: what its size makes likely).
    """
    from volver.collect.reading.packed import unpacked

    found = 0
    for given in paths:
        path = Path(given)
        if not str(given).strip():
            raise NoFiles(where="a path without a name")
        if not path.is_dir() and not path.is_file():
            raise NoFiles(where=one_line(path.name) or "the path")
        files = _in_folder(path) if path.is_dir() else [path]
        for file in files:
            try:
                for raw in unpacked(file, workdir, named=file is path, most_bytes=most_bytes):
                    found += 1
                    yield raw
            except VolverError as problem:
                if file is path:
                    raise
                skipped.append((one_line(file.name), str(problem)))
    if not found and not skipped:
        raise NoFiles(where=", ".join(one_line(Path(path).name) for path in paths) or "no path at all")


def _in_folder(folder: Path) -> list[Path]:
    """The tables of a folder and of those inside it; what a shop of ours keeps there is not among them."""
    shops = {each.parent for each in folder.rglob("volver.toml")}
    return [
        each
        for each in sorted(folder.rglob("*"))
        if is_table(each.relative_to(folder)) and each.is_file() and shops.isdisjoint(each.parents)
    ]


def is_table(path: Path) -> bool:
    """Whether a name is one of a table, plain or packed, and not hidden."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not hidden and path.suffix.lower() in _TABLES | _ARROW | _PACKED


def fresh(workdir: Path, suffix: str) -> Path:
    """A path in `workdir` that nobody uses yet."""
    workdir.mkdir(parents=True, exist_ok=True)
    return workdir / f"unpacked-{uuid4().hex[:16]}{suffix[:10]}"


def kind_of(path: Path, magic: bytes) -> str:
    """What a file is made of: parquet, arrow, jsonl or csv."""
    if magic.startswith(b"PAR1"):
        return "parquet"
    if magic.startswith(b"ARROW1") or (path.suffix.lower() in _ARROW):
        return "arrow"
    with path.open("rb") as opened:
        head = opened.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{") or (head.startswith(b"[") and path.suffix.lower() == ".json"):
        return "jsonl"
    return "csv"
