"""A process that reads one input after the other; whatever is not ours that it raises is told as JSON.

Each line on stdin is `seed folder`; each answer is one line on stdout: what came of it, and the memory at its worst.
"""

import contextlib
import io
import json
import os
import resource
import shutil
import sys
import traceback
from datetime import date
from pathlib import Path
from typing import Any

from tests.fuzz.cases import Case, case
from volver.core import VolverError
from volver.store import Shop, create_shop

_INPUTS_PER_SHOP = 40
_CEILING = 12 << 30  # of addresses, so that a mistake ends this process and not the machine
_LONGEST_WORDS = 3_000


def main() -> None:
    """Answer until stdin ends."""
    resource.setrlimit(resource.RLIMIT_AS, (_CEILING, _CEILING))
    talk = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    home, shop = Path(sys.argv[1]), None
    for count, line in enumerate(sys.stdin):
        seed, folder = line.split(" ", 1)
        if count % _INPUTS_PER_SHOP == 0 or shop is None:
            if shop is not None:
                shop.close()
            shutil.rmtree(home / "shop", ignore_errors=True)
            shop = create_shop(home / "shop", currency="EUR", timezone="Europe/Madrid")
        made = case(int(seed), Path(folder.strip()))
        talk.write("made\n")
        talk.flush()
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
        found = outcome(shop, made)
        left = sorted(each.name for each in (home / "shop" / "spill").glob("*-import-*"))
        if left and not found["problem"]:
            found["problem"] = f"left behind: {left}"
        talk.write(json.dumps({**found, "how": made.how, "made": made.made, "memory": _worst()}) + "\n")
        talk.flush()


def outcome(shop: Shop, made: Case) -> dict[str, Any]:
    """What came of an input: `code` is ours, `problem` is everything that must not be."""
    try:
        return {"code": "", "problem": _bring(shop, made)}
    except VolverError as ours:
        return {"code": ours.code, "problem": _unfit(json.dumps(ours.envelope(), ensure_ascii=False))}
    except Exception:
        return {"code": "", "problem": traceback.format_exc()[-4_000:]}


def _bring(shop: Shop, made: Case) -> str:
    from volver.collect import ImportOptions, import_files, import_frame, read_costs, read_index_file, try_import

    match made.how:
        case "costs":
            return _unfit(repr(read_costs(made.paths[0], made.options["by"]).aside[:5]))
        case "index":
            return _unfit(repr(read_index_file(made.paths[0], date(2026, 6, 1)).aside[:5]))
        case "try":
            found = try_import(shop, made.paths, ImportOptions(**made.options))
            return _unfit(json.dumps([ask.envelope() for ask in found.preview.asks], ensure_ascii=False), most=20_000)
        case "import":
            told = import_files(shop, made.paths, ImportOptions(**made.options)).to_json()
            return _unfit(json.dumps(told, ensure_ascii=False), most=200_000)
        case "frame":
            frame = _frame(made)
            if frame is not None:
                import_frame(shop, frame, **made.options)
            return ""
        case _:
            return _command(shop, made)


def _frame(made: Case) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(made.paths[0])
    except (pa.ArrowException, OSError):
        return None


def _command(shop: Shop, made: Case) -> str:
    """The same by the command line, without its edge: what it prints must be fit for a terminal."""
    from volver.app import ROOMS
    from volver.cli.main import root_of

    words = ["--shop", str(shop.path), "collect", "import", "--dry-run", *map(str, made.paths)]
    words += ["--json"] if len(made.options) % 2 else []
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        root_of(ROOMS).main(args=words, prog_name="volver", standalone_mode=False)
    return _unfit(out.getvalue() + err.getvalue(), most=400_000)


def _unfit(words: str, most: int = _LONGEST_WORDS) -> str:
    """Why people cannot be shown these words; nothing where they can."""
    if len(words) > most:
        return f"{len(words)} characters are told: {words[:200]!r}"
    try:
        words.encode()
    except UnicodeEncodeError as broken:
        return f"what is told is no text: {broken}"
    bad = sorted({char for char in words if ord(char) < 32 and char not in "\n\t"} | ({"\x7f", "\x9b"} & set(words)))
    return f"control characters are told: {bad} in {words[:300]!r}" if bad else ""


def _worst() -> int:
    """The most memory since the input began, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


if __name__ == "__main__":
    main()
