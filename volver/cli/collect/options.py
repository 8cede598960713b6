"""The options of `volver collect` that say how files are read, and the bar that shows how far an import is."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from volver.collect import ImportOptions

_STAGES = {"understood": 10, "read": 45, "compared": 80, "written": 95, "done": 100}
_WORDS = {
    "understood": "reading the rows",
    "read": "comparing with the ledger",
    "compared": "writing",
    "written": "committing",
    "done": "done",
}


def reading(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say how files are read."""
    for option in reversed(
        [
            click.option("--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help="Which column holds a field."),
            click.option("--currency", metavar="CODE", help="Currency of the files (default: the shop's)."),
            click.option("--timezone", metavar="ZONE", help="Zone of times that name none (default: the shop's)."),
            click.option("--day-first/--month-first", default=None, help="What 03/04/2024 means: 3 April or March 4."),
            click.option("--decimal", type=click.Choice(["point", "comma"]), help="What stands before the cents."),
            click.option("--sheet", default="", metavar="NAME", help="Which sheet of a workbook (default: the first)."),
            click.option(
                "--money", multiple=True, metavar="ANSWER", help="What was asked: before-discount, per-line, …"
            ),
        ]
    ):
        command = option(command)
    return command


def options_of(
    *,
    as_: str | None,
    mapping: Sequence[str],
    currency: str | None,
    timezone: str | None,
    day_first: bool | None,
    decimal: str | None,
    sheet: str,
    money: Sequence[str],
    drop_identical: bool,
) -> "ImportOptions":
    """The options of an import from what the command was given."""
    from volver.collect import ImportOptions

    pairs: dict[str, str] = {}
    for pair in mapping:
        name, sign, column = pair.partition("=")
        if not sign:
            raise click.UsageError(f"--map takes FIELD=COLUMN, not {pair}.")
        pairs[name.strip()] = column.strip()
    chosen: Any = {"point": ".", "comma": ","}.get(decimal or "")
    kind: Any = as_
    return ImportOptions(
        as_=kind,
        mapping=pairs,
        currency=currency,
        timezone=timezone,
        day_first=day_first,
        decimal=chosen,
        sheet=sheet,
        money=tuple(money),
        drop_identical=drop_identical,
    )


@contextmanager
def progress() -> Iterator[Callable[[str], None] | None]:
    """A progress bar on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("looking at the files", total=100)

        def step(name: str) -> None:
            if name in _STAGES:
                bar.update(task, completed=_STAGES[name], description=_WORDS[name])

        yield step
