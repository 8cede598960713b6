"""From the form of a preview to the options of an import: what the reader changed, file by file.

Only what differs from what was shown is said: what Volver found by itself stays its own finding.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from volver.collect import FIELDS, merged

NOTHING: Final = ""  # the choice "not used" of a column
_KINDS: Final = tuple(FIELDS)


def corrected(told: Mapping[str, Any], options: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """The options that hold once the form is applied to what was shown (`told`) under `options`."""
    chosen = json.loads(json.dumps(dict(options)))
    answers: dict[str, dict[str, Any]] = chosen.get("answers", {})
    for number, file in enumerate(told["files"]):
        sets = _changed(number, file, form)
        if sets:
            answers[file["shape"]] = _added(answers.get(file["shape"], {}), sets)
    for number, ask in enumerate(told["asks"]):
        picked = form.get(f"ask-{number}", "")
        if not picked.isdecimal() or int(picked) >= len(ask["choices"]):
            continue
        sets = ask["choices"][int(picked)]["sets"]
        of = [file["shape"] for file in told["files"] if any(each == ask for each in file["asks"])]
        for shape in dict.fromkeys(of):
            answers[shape] = _added(answers.get(shape, {}), sets)
        if not of:
            chosen = {**chosen, **_added(chosen, sets)}
    return {**chosen, "answers": answers} if answers else chosen


def _changed(number: int, file: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """What the form says of one file that is not so already."""
    found: dict[str, Any] = {}
    kind = form.get(f"kind-{number}", file["as"])
    if kind != file["as"] and kind in _KINDS:
        return {"as_": kind}  # its columns are looked at anew before any of them is corrected
    shown = field_by_column(file)
    wanted = {
        column: field
        for place, column in enumerate(file["columns"])
        if (field := form.get(f"column-{number}-{place}")) is not None and field != shown.get(column, NOTHING)
    }
    wanted = {column: field for column, field in wanted.items() if field == NOTHING or field in FIELDS[file["as"]]}
    left = {shown[column]: "" for column in wanted if shown.get(column)}
    mapping = {**left, **{field: column for column, field in wanted.items() if field}}
    if mapping:
        found["mapping"] = mapping
    return found


def field_by_column(file: Mapping[str, Any]) -> dict[str, str]:
    """Which field a column is read as; of several columns of one field each names it."""
    columns = set(file["columns"])
    found: dict[str, str] = {}
    for field, text in file["mapping"].items():
        for column in [text] if text in columns else text.split(" + "):
            found[column] = field
    return found


def _added(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    found = {**old, **new}
    for name, value in new.items():
        if isinstance(value, list | tuple):
            found[name] = list(dict.fromkeys((*old.get(name, ()), *value)))
    if "mapping" in new:
        found["mapping"] = merged(old.get("mapping", {}), new["mapping"])
    return found
