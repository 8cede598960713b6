"""The shape of a file, and what a person said of files of that shape: said once, it holds for the next one.

A shape is the normalised headings, in any order: March and April of one export share it, as CSV or as a spreadsheet.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final

from volver.collect.reading.names import key
from volver.collect.reading.options import ReadOptions
from volver.core import Words

_NAMELESS: Final = re.compile(r"column_?\d+|v\d+|col_?\d+|\d+")
_APART: Final = {"answers", "remembered", "mapping", "currency", "sheet"}  # what is no plain word about one shape


def shape_of(columns: Sequence[str]) -> str:
    """A short name for headings; empty for a file without headings, which has no shape to know it by.

    >>> shape_of(["Order #", "Total"]) == shape_of(["total", "ORDER_NUMBER"]), shape_of(["1", "2"])
    (True, '')
    """
    nameless = sum(_NAMELESS.fullmatch(each.strip().lower()) is not None for each in columns)
    if not columns or nameless > len(columns) / 2:
        return ""
    return hashlib.sha256("\n".join(sorted(key(each) for each in columns)).encode()).hexdigest()[:32]


def answered(options: ReadOptions, columns: Sequence[str]) -> tuple[ReadOptions, Words | None]:
    """The options that hold for files of these columns, and a note where something was said of their like before.

    What is said of this shape counts before what is said of all files, and both before what is remembered.
    """
    shape = shape_of(columns)
    chosen = with_sets(options, options.answers.get(shape, {}))
    memory = options.remembered.get(shape) if shape else None
    if memory is None or (chosen.as_ and memory.sets.get("as_", chosen.as_) != chosen.as_):
        return chosen, None
    taken = {column for column in chosen.mapping.values() if column}
    old = {field: column for field, column in memory.sets.get("mapping", {}).items() if column not in taken}
    missing = {
        name: _typed(getattr(chosen, name), value)
        for name, value in memory.sets.items()
        if name != "mapping" and getattr(chosen, name, 0) in (None, ())
    }
    mapping = {**old, **chosen.mapping}
    if not missing and mapping == chosen.mapping:
        return chosen, None
    note = Words("Read as you said for {file} on {day}.", {"file": memory.file, "day": memory.said_on})
    return replace(chosen, mapping=mapping, **missing), note


def with_sets(options: ReadOptions, sets: Mapping[str, Any]) -> ReadOptions:
    """Options with more of them set; a mapping adds to what was said, and a column is of one field only."""
    known = {each.name for each in fields(options)} - _APART
    plain = {name: _typed(getattr(options, name), value) for name, value in sets.items() if name in known}
    return replace(options, mapping=merged(options.mapping, sets.get("mapping", {})), **plain)


def _typed(old: Any, new: Any) -> Any:
    """A new value for an option; of a tuple, what stood there and what comes, for answers that stand together."""
    return tuple(dict.fromkeys((*old, *new))) if isinstance(old, tuple) else new


def merged(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Two mappings, the newer first; a column that the newer one moves is no longer where the older one had it."""
    moved = {column for column in new.values() if column}
    return {**{field: column for field, column in old.items() if column not in moved}, **new}


def said_of(options: ReadOptions, columns: Sequence[str]) -> dict[str, Any]:
    """What a person said this time that concerns files of these columns, as `Remembered.sets`; currencies are not."""
    chosen = with_sets(options, options.answers.get(shape_of(columns), {}))
    known = {key(each) for each in columns}
    found: dict[str, Any] = {
        each.name: value
        for each in fields(chosen)
        if each.name not in _APART and (value := getattr(chosen, each.name)) not in (None, ())
    }
    named = {
        field: column
        for field, column in chosen.mapping.items()
        if not column or all(key(part) in known for part in ([column] if key(column) in known else column.split(" + ")))
    }
    return {**found, "mapping": named} if named else found
