"""How commands answer: JSON on stdout when asked, else words and tables; the story on stderr."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from volver.app import ROOMS
from volver.core import Room, VolverError

if TYPE_CHECKING:
    from volver.store import Shop

NOT_HEALTHY = 3


@dataclass(frozen=True, slots=True)
class Context:
    """What the root command hands to every other: the shop that was named, and the rooms there are."""

    shop_path: str | None
    rooms: Sequence[Room] = ROOMS

    def open_shop(self, **flags: Any) -> "Shop":
        """Open the named shop, `VOLVER_SHOP` or the current directory; finish what a crash left half done."""
        from volver.app import open_recovered

        return open_recovered(self.shop_path, flags, self.rooms)


def tell_json(answer: Any) -> None:
    """One JSON object on stdout."""
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2, default=str))


def tell_story(words: str) -> None:
    """A line for the person who watches, on stderr."""
    click.echo(words, err=True)


def tell_error(problem: VolverError, *, as_json: bool) -> None:
    """An error of ours: the envelope on stdout when JSON was asked, else sentence, hint and code on stderr."""
    if as_json:
        tell_json(problem.envelope())
        return
    click.echo(f"{problem}\n{problem.advice}\n({problem.code})", err=True)


def tell_table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A plain table on stdout; numbers to the right, every cell as wide as its column."""
    cells = [[_cell(value) for value in row] for row in rows]
    numeric = [all(_is_number(row[i]) for row in cells if row[i]) for i in range(len(names))]
    widths = [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(names)]
    for row in [list(names), *cells]:
        line = (text.rjust(w) if right else text.ljust(w) for text, w, right in zip(row, widths, numeric, strict=True))
        click.echo("  ".join(line).rstrip())


def instant(us: int | None, zone: str) -> str:
    """An instant as people read it in the shop's zone; `never` for none."""
    from datetime import timedelta

    from volver.core.days import EPOCH, zone_named

    return f"{(EPOCH + timedelta(microseconds=us)).astimezone(zone_named(zone)):%Y-%m-%d %H:%M}" if us else "never"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").replace("%", "").replace("-", "").isdigit()
