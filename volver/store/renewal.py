"""What a derived table was made from, and the functions that renew it: behind is behind whatever the clock says.

A table's newest commit carries the versions of what it rests on, a digest of the settings that it obeys, the day that
it is as of and a number that names its model. Nothing is written but with the table's own rows.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from volver.core import Section, Settings, Words
from volver.core.room import found

if TYPE_CHECKING:
    from volver.store.shop import Shop

Progress = Callable[[Words], None]

_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a derived table rests on: lake tables, settings by their section, and the `form` of its rows.

    `form` is counted up when a release makes other rows of the same ledger, so that every shop makes them again.
    """

    tables: tuple[str, ...]
    settings: Mapping[type[Section], tuple[str, ...]] = field(default_factory=dict)
    form: int = 1

    def marks(self, shop: "Shop", day: date | None, model: int = 0) -> dict[str, int]:
        """The numbers to commit with rows that are as of a day. Take them before the inputs are read."""
        versions = {f"of_{table}": shop.lake.snapshot(table).version for table in self.tables}
        as_of = (day - _EPOCH).days if day else 0
        return versions | {"form": self.form, "settings": self._digest(shop), "as_of": as_of, "model": model}

    def behind(self, shop: "Shop", table: str, day: date | None) -> frozenset[str]:
        """What changed since the table was made: `missing`, `form`, `settings`, `day`, or the tables that it rests on.

        Compacting an input changes nothing. Empty: the table is as it would be made now.
        """
        names = ("form", "settings", "as_of", *(f"of_{each}" for each in self.tables))
        held = shop.lake.seen(table, names)
        if len(held) < len(names):
            return frozenset({"missing"})
        now = self.marks(shop, day)
        told = {"form": "form", "settings": "settings", "as_of": "day"}
        changed = {said for name, said in told.items() if held[name] != now[name]}
        changed |= {each for each in self.tables if shop.lake.since(each, held[f"of_{each}"]) != "same"}
        return frozenset(changed)

    def _digest(self, shop: "Shop") -> int:
        said = [
            f"{name}={getattr(shop.settings if section is Settings else shop.settings.of(section), name)!r}"
            for section, names in self.settings.items()
            for name in names
        ]
        return zlib.crc32("\n".join(said).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """How fresh a derived table is: the day it is as of, the number of its model (0: none), when it was committed."""

    day: date | None
    model: int
    committed_ms: int


def stamp(shop: "Shop", table: str) -> Stamp | None:
    """The freshness of a derived table; None where it was never made, or by a release that did not say."""
    held = shop.lake.seen(table, ("as_of", "model"))
    if len(held) < 2:
        return None
    day = _EPOCH + timedelta(days=held["as_of"]) if held["as_of"] else None
    return Stamp(day=day, model=held["model"], committed_ms=shop.lake.committed_ms(table))


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """Derived tables that are made together. `due` and `renew` name `f(shop) -> bool` and `f(shop, progress) -> None`.

    A `costly` one takes minutes in a large shop: an import does not wait for it.
    """

    name: str
    tables: tuple[str, ...]
    says: Words
    due: str
    renew: str
    costly: bool = False

    def is_due(self, shop: "Shop") -> bool:
        """Whether what the tables were made from has changed, or they are older than they may be."""
        return bool(found(self.due)(shop))

    def run(self, shop: "Shop", progress: Progress | None = None) -> Any:
        """Make the tables anew; what the room reports of it."""
        return found(self.renew)(shop, progress)
