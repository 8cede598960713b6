"""Which export of which platform a file is, by the headings that only it has together.

Each platform's exports stand in a TOML file beside this one. `has` are those headings; `fields` says what to read where
a heading means something else than it says ("" is: none of them; of several names the first that is there); `ignore` is
money that other columns hold already. An export that is no list of orders, products or customers is `refused`, by a
word of `WHAT`. A layout that nobody wrote is read by the words of its headings and by what adds up.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from volver.collect.reading.names import key
from volver.collect.reading.options import FIELDS, Kind
from volver.core import VolverError, Words

WHAT: Final[Mapping[str, Words]] = {
    "payouts": Words("a list of payouts to your bank"),
    "balance": Words("a list of movements of an account: payments, fees and payouts together"),
    "settlement": Words("a settlement report: sales, fees and payouts together"),
    "stock": Words("a list of what is in stock"),
    "campaigns": Words("a report on campaigns"),
    "nested": Words("a bulk export, in which orders and their lines stand apart"),
}
INSTEAD: Final[Mapping[str, Words]] = {
    "payouts": Words("Export the orders, or the payments, instead."),
    "balance": Words("Export the payments instead."),
    "settlement": Words("Export the report of all orders instead."),
    "stock": Words("Export the products instead."),
    "campaigns": Words("Export the contacts instead."),
    "nested": Words("Export the orders as CSV instead."),
}


class OtherFile(VolverError):
    """A file that is known, and that holds neither orders nor products nor customers."""

    code = "collect.other_file"
    says = "{file} is {what} ({layout})."
    hint = "{instead}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """An export of a platform: `holds` is None for one that is refused, for what it is (`refused`).

    `has` are keys of headings that together are only its, `fields` go from a field to keys of headings.
    """

    id: str
    name: str
    holds: Kind | None
    has: frozenset[str]
    headings: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]
    refused: str = ""
    ignored: frozenset[str] = frozenset()


@cache
def known_layouts() -> tuple[Layout, ...]:
    """Every layout that is known, by its id."""
    found = []
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        platform = tomllib.loads(path.read_text(encoding="utf-8"))
        found += [_layout(platform["platform"], each) for each in platform["layout"]]
    return tuple(sorted(found, key=lambda each: each.id))


def _layout(platform: str, told: Mapping[str, Any]) -> Layout:
    fields = told.get("fields", {})
    assert told.get("refused", "") in ("", *WHAT)
    assert all(field in FIELDS[told["holds"]] for field in fields)
    return Layout(
        id=told["id"],
        name=f"{platform}: {told['name']}",
        holds=told.get("holds"),
        has=frozenset(key(each) for each in told["has"]),
        headings=tuple(told["has"]),
        fields={
            field: tuple(key(each) for each in ([names] if isinstance(names, str) else names))
            for field, names in fields.items()
        },
        refused=told.get("refused", ""),
        ignored=frozenset(key(each) for each in told.get("ignore", ())),
    )


def layout_of(headings: Iterable[str]) -> Layout | None:
    """The layout whose headings are all there, the one that asks for most of them; None where none is."""
    there = {key(each) for each in headings}
    found = [each for each in known_layouts() if each.has <= there]
    return max(found, key=lambda each: len(each.has), default=None)


def refusal(layout: Layout, file: str) -> OtherFile:
    """Why a file of a layout without orders, products or customers is not read, and what to take instead."""
    return OtherFile(file=file, layout=layout.name, what=WHAT[layout.refused], instead=INSTEAD[layout.refused])
