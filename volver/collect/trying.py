"""Trying files that were sent: what they are and what an import would do, kept beside them until they are imported.

Nothing of it reaches the state: cells of a shop's file are shown to whoever sent it and go with the file.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from volver.collect.jobs import TRY, start
from volver.collect.ledger.importing import ImportOptions, try_import
from volver.collect.previews import ask_json, preview_json
from volver.collect.uploads import files_of, folder_of
from volver.core import VolverError, Words
from volver.store import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from volver.store import Work

_ASKED, _FOUND = ".asked.json", ".found.json"
_AT_ONCE: Final = threading.BoundedSemaphore(2)  # each may take half a gigabyte of memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is known of an upload under its options: `told` is what `preview_json` says, `problem` why it cannot be.

    Both are None while it is being tried; `job` does that. Words in them are packed; `unpacked` reads them.
    """

    options: dict[str, Any]
    job: int | None
    told: dict[str, Any] | None
    problem: dict[str, Any] | None


def ask_trial(shop: Shop, upload: str, options: Mapping[str, Any]) -> int:
    """Let an upload be tried with these options; the job's id. Raises `collect.no_such_upload`."""
    folder = folder_of(shop, upload)
    payload = {"upload": upload, "options": dict(options)}
    job = start(shop, TRY, payload)
    _write(folder / _ASKED, {"options": dict(options), "job": job})
    return job


def trial_of(shop: Shop, upload: str) -> Trial:
    """What is known of an upload. Raises `collect.no_such_upload`."""
    folder = folder_of(shop, upload)
    asked, found = _read(folder / _ASKED), _read(folder / _FOUND)
    options = asked.get("options", {})
    fresh = found if found.get("options") == options else {}
    return Trial(options=options, job=asked.get("job"), told=fresh.get("told"), problem=fresh.get("problem"))


def try_job(work: "Work") -> None:
    """The job that tries an upload. What it finds stays beside the files."""
    upload, options = str(work.payload["upload"]), dict(work.payload.get("options", {}))
    folder = folder_of(work.shop, upload)
    work.progress(0.0, Words("Looking at the files"))
    try:
        told = {"told": tried(work.shop, upload, options, packed)}
    except VolverError as problem:
        told = {"problem": ask_json(problem, packed)}
    _write(folder / _FOUND, {"options": options, **told})


def tried(shop: Shop, upload: str, options: Mapping[str, Any], say: Callable[[Words], Any] = str) -> dict[str, Any]:
    """What an upload is and what an import of it would do, as `preview_json` says it; a few at once, others wait."""
    with _AT_ONCE:
        found = try_import(shop, files_of(shop, upload), options_of(options))
    return preview_json(found, shop.settings.timezone, say)


def options_of(plain: Mapping[str, Any]) -> ImportOptions:
    """Import options from their plain form, as jobs and forms keep it; lists become the tuples that they were."""
    typed: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in plain.items()}
    return ImportOptions(**typed)


def packed(said: Words) -> dict[str, Any]:
    """Words as plain values, also those inside their facts."""
    facts = {name: packed(each) if isinstance(each, Words) else each for name, each in said.params.items()}
    return {"text": said.text, "facts": facts}


def unpacked(kept: Mapping[str, Any]) -> Words:
    """Words from their packed form."""
    facts = {
        name: unpacked(each) if isinstance(each, dict) and set(each) == {"text", "facts"} else each
        for name, each in kept["facts"].items()
    }
    return Words(kept["text"], facts)


def _write(path: "Path", value: Any) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(value, ensure_ascii=False, default=str), encoding="utf-8")
    fresh.rename(path)


def _read(path: "Path") -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
