"""How commands answer: JSON on stdout when asked, else words and tables; the story on stderr.

Whatever is printed goes through `say`, so that no name that came from outside can steer the terminal.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from volver.app import ROOMS
from volver.core import Room, VolverError, one_line, plain_lines

if TYPE_CHECKING:
    from volver.store import Shop

NOT_HEALTHY = 3
LISTED = click.IntRange(1, 1_000_000)  # rows that a list shows at most
NUMBER = click.IntRange(0, 2**63 - 1)  # what a database can look for
_WIDEST = 200  # characters of a cell


@dataclass(frozen=True, slots=True)
class Context:
    """What the root command hands to every other: the shop that was named, and the rooms there are.

    `done` gathers what holds even if the rest of the command fails.
    """

    shop_path: str | None
    rooms: Sequence[Room] = ROOMS
    done: list[str] = field(default_factory=list)

    def open_shop(self, **flags: Any) -> "Shop":
        """Open the named shop, `VOLVER_SHOP` or the current directory; finish what a crash left half done."""
        from volver.app import open_recovered

        return open_recovered(self.shop_path, flags, self.rooms)


def say(words: Any = "", *, err: bool = False) -> None:
    """Lines for the terminal; control characters and marks of direction in them are shown, not obeyed."""
    click.echo(plain_lines(str(words)), err=err)


def tell_json(answer: Any) -> None:
    """One JSON object on stdout; what a terminal would obey is escaped."""
    text = json.dumps(answer, ensure_ascii=False, indent=2, default=str)
    fit = plain_lines(text) == text
    click.echo(text if fit else json.dumps(answer, indent=2, default=str))


def tell_story(words: str) -> None:
    """A line for the person who watches, on stderr."""
    say(words, err=True)


def tell_error(problem: VolverError, *, as_json: bool) -> None:
    """An error of ours: the envelope on stdout when JSON was asked, else sentence, hint and code on stderr."""
    if as_json:
        tell_json(problem.envelope())
        return
    say(f"{problem}\n{problem.advice}\n({problem.code})", err=True)


def tell_table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A plain table on stdout; numbers to the right, every cell as wide as its column."""
    cells = [[_cell(value) for value in row] for row in rows]
    numeric = [all(_is_number(row[i]) for row in cells if row[i]) for i in range(len(names))]
    widths = [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(names)]
    for row in [list(names), *cells]:
        line = (text.rjust(w) if right else text.ljust(w) for text, w, right in zip(row, widths, numeric, strict=True))
        say("  ".join(line).rstrip())


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
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else one_line(str(value), _WIDEST)


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").replace("%", "").replace("-", "").isdigit()
