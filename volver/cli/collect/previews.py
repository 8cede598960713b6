"""A dry run on the command line: what each file is, what money is left out, what would come in; fit for the screen."""

import shutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from volver.cli.collect.reports import tell_report
from volver.cli.output import say, tell_json, tell_story, tell_table

if TYPE_CHECKING:
    from volver.collect import DryRun

_NARROWEST, _LONGEST, _GAP = 60, 28, 2
_FIRST = ("order_ref", "at", "product_name", "name", "quantity", "amount", "problem", "customer_ref", "email")
_ROWS = 6


def tell_dry_run(found: "DryRun", zone: str, *, as_json: bool) -> None:
    """Files, rows in shop time, questions with their choices, and the report that the import would give."""
    from volver.collect import columns_of, preview_json

    told = preview_json(found, zone)
    if as_json:
        tell_json(told)
        return
    width = max(_NARROWEST, shutil.get_terminal_size((100, 24)).columns)
    for each in told["files"]:
        _tell_file(each, width)
    rows = told["rows"][:_ROWS]
    if rows:
        names = fitting(columns_of(rows), rows, width)
        say()
        tell_table(names, [[_cut(row.get(name, ""), _LONGEST) for name in names] for row in rows])
    for ask in told["asks"]:
        tell_story(f"\n{ask['message']}")
        for choice in ask["choices"]:
            tell_story(f"  - {choice['label']}")
        tell_story(ask["hint"])
    if found.report is not None:
        say()
        tell_report(found.report, notes=False)  # they stand above, under each file
        if found.renamed:
            say(f"{found.renamed:,} products have several names; the most used one stands.")
        tell_story("Nothing was changed: this was a dry run.")


def _tell_file(each: Mapping[str, Any], width: int) -> None:
    say(f"{each['file']}: {each['as']}, {each['kind']}, {each['rows']:,} rows")
    for column in each["unread_money"]:
        say(f"  ! {column} holds money and is not read")
    for note in (*(each["money"] or {}).get("says", ()), *each["notes"]):
        say(_cut(f"  {note}", width))
    rows = [
        (field, _cut(column, _LONGEST), _cut(", ".join(each["samples"].get(column, ())), width - 56))
        for field, column in each["mapping"].items()
    ]
    tell_table(("  field", "column", "cells"), [(f"  {field}", *rest) for field, *rest in rows])
    if each["unused"]:
        say(_cut(f"  {len(each['unused'])} not used: {', '.join(each['unused'])}", width))


def fitting(names: Sequence[str], rows: Sequence[Mapping[str, str]], width: int) -> list[str]:
    """The columns that fit into a width, the weightiest first of all, in the order in which they stood."""
    wide = {name: max(len(name), *(min(len(row.get(name, "")), _LONGEST) for row in rows)) + _GAP for name in names}
    kept: set[str] = set()
    for name in sorted(names, key=lambda each: _FIRST.index(each) if each in _FIRST else len(_FIRST)):
        if sum(wide[each] for each in kept) + wide[name] - _GAP <= width:
            kept.add(name)
    return [name for name in names if name in kept]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: max(most, 2) - 1]}…"
