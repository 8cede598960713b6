"""Which files a person means: paths looked up, folders walked, packed files unpacked."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from volver.collect.reading.files import NoFiles, RawFile, is_table
from volver.collect.reading.packed import unpacked
from volver.core import VolverError, one_line


def expand(
    paths: Sequence[str | Path], workdir: Path, most_bytes: int, skipped: list[tuple[str, str]], sheet: str = ""
) -> Iterator[RawFile]:
    """Every file that the paths mean, in a stable order. Packed files are unpacked into `workdir`.

    What cannot be unpacked in a folder is added to `skipped` with the reason; a file that was named raises it, as
    `packed.unpacked` does. Raises `collect.no_files` for a path that does not exist and for paths that hold nothing
    to read. `most_bytes` is what a packed file may hold (0: what its size makes likely), `sheet` the one of workbooks.
    """
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
                for raw in unpacked(file, workdir, named=file is path, most_bytes=most_bytes, sheet=sheet):
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
