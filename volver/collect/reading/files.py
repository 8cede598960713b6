"""A file that may hold a table: what it is made of, and how we say that it cannot be read."""

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from volver.core import VolverError, Words

_TABLES = {".csv", ".tsv", ".tab", ".txt", ".psv", ".json", ".jsonl", ".ndjson", ".parquet", ".pq"}
_ARROW = {".arrow", ".feather", ".ipc", ".arrows"}
_PACKED = {".gz", ".zip"}
_WORKBOOKS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}


class NoFiles(VolverError):
    """Nothing to read was named or found."""

    code = "collect.no_files"
    says = "There is no file to read in {where}."
    hint = "Name CSV, TSV, JSONL, Parquet, Arrow or spreadsheet files (also gz or zip), or a folder that holds some."


class CannotRead(VolverError):
    """A file is not a table that we know, or it is damaged."""

    code = "collect.cannot_read"
    says = "{file} cannot be read: {why}."
    hint = "Save it as CSV (UTF-8), JSONL or Parquet and import it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFile:
    """A file on disk that holds one table. `named` is True if the person named it, not only its folder.

    `notes` say to people how it was taken out of what they named.
    """

    label: str
    path: Path
    kind: str
    named: bool
    notes: tuple[Words, ...] = ()


def is_table(path: Path) -> bool:
    """Whether a name is one of a table, plain or packed, and not hidden."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not hidden and path.suffix.lower() in _TABLES | _ARROW | _PACKED | _WORKBOOKS


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
