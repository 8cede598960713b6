"""Which characters a text file is written in. Whatever it is, DuckDB is given UTF-8."""

import codecs
from dataclasses import dataclass
from pathlib import Path

from volver.collect.reading.files import fresh

_CHUNK = 1 << 20
# The longer marks first: that of UTF-32 begins with one of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A UTF-8 file, the encoding that it came in, and whether its quotes can be paired."""

    path: Path
    encoding: str
    n_quotes: int


def as_utf8(path: Path, workdir: Path) -> Text:
    """The file as UTF-8: itself if it already is, otherwise a copy in `workdir`.

    The whole file is looked at. A file that is neither UTF-8 nor UTF-16 is read as Windows-1252, which holds
    Latin-1; single broken bytes in a UTF-8 file are read that way too.
    """
    encoding, good = _encoding(path)
    if encoding == "utf-8" and good:
        with path.open("rb") as opened:
            quotes = sum(chunk.count(b'"') for chunk in iter(lambda: opened.read(_CHUNK), b""))
        return Text(path, "utf-8", quotes)
    target, quotes = fresh(workdir, path.suffix), 0
    codecs.register_error("volver-1252", _as_1252)
    decode = codecs.getincrementaldecoder(encoding)("volver-1252" if encoding == "utf-8" else "replace")
    with path.open("rb") as opened, target.open("w", encoding="utf-8", newline="") as out:
        first = True
        while chunk := opened.read(_CHUNK):
            text = decode.decode(chunk)
            quotes += text.count('"')
            out.write(text.removeprefix("\ufeff") if first else text)
            first = False
        out.write(decode.decode(b"", final=True))
    return Text(target, encoding, quotes)


def _encoding(path: Path) -> tuple[str, bool]:
    with path.open("rb") as opened:
        head = opened.read(_CHUNK)
        for mark, name in _MARKS.items():
            if head.startswith(mark) and name != "utf-8":
                return name, False
        if wide := _unmarked(head):
            return wide, False
        decode = codecs.getincrementaldecoder("utf-8")()
        chunk = head
        while chunk:
            try:
                decode.decode(chunk)
            except UnicodeDecodeError:
                return _broken(chunk), False
            chunk = opened.read(_CHUNK)
        try:
            decode.decode(b"", final=True)
        except UnicodeDecodeError:
            return "utf-8", False
    return "utf-8", True


def _unmarked(head: bytes) -> str | None:
    """UTF-16 of western text has a zero in every second byte, UTF-32 three in every four."""
    quarter = max(len(head) // 4, 1)
    zeros = [head[at::4].count(0) > 0.4 * quarter for at in range(4)]
    if zeros[2] and zeros[3] and zeros[1] != zeros[0]:
        return "utf-32-le" if zeros[1] else None
    if zeros == [True, True, True, False]:
        return "utf-32-be"
    if zeros[1] and zeros[3] and not zeros[0]:
        return "utf-16-le"
    return "utf-16-be" if zeros[0] and zeros[2] and not zeros[1] else None


def _broken(chunk: bytes) -> str:
    """UTF-8 with a few broken bytes, or a one-byte encoding? What can be read as UTF-8 beside the faults decides."""
    kept = chunk.decode("utf-8", "ignore")
    n_good = sum(each > "\x7f" for each in kept)
    n_bad = len(chunk) - len(kept.encode())
    return "utf-8" if n_good > n_bad else "cp1252"


def _as_1252(problem: UnicodeError) -> tuple[str, int]:
    assert isinstance(problem, UnicodeDecodeError)
    broken = problem.object[problem.start : problem.end]
    return broken.decode("cp1252", "replace"), problem.end
