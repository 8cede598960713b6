"""`volver know segments`: the segments, built in and saved; saving, renaming and deleting them."""

from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from volver.cli.leaving import csv_option, save_csv
from volver.cli.output import Context, say, tell_json, tell_story, tell_table

if TYPE_CHECKING:
    from volver.know import SavedSegment

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")


@click.group(name="segments", invoke_without_command=True)
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="As of this day (default: the last refresh).")
@csv_option
@_JSON
@click.pass_context
def group(asked: click.Context, at: datetime | None, csv_path: str | None, as_json: bool) -> None:
    """The segments with their rules in words: built-in ones, and those that were saved.

    Example: volver know segments --at 2026-06-01
    """
    if asked.invoked_subcommand is not None:
        return
    if csv_path is not None:
        if at is not None:
            raise click.UsageError("--csv writes them as of the last refresh; leave --at out.")
        from volver.ui import segments_file

        with asked.obj.open_shop() as shop:
            save_csv(
                shop,
                csv_path,
                lambda target, spoken: segments_file(shop, spoken).write(shop, target, spoken.csv_marks),
                what="segments",
                as_json=as_json,
            )
    else:
        _list(asked.obj, None if at is None else at.date(), as_json)


def _list(context: Context, at: date | None, as_json: bool) -> None:
    from volver import know

    with context.open_shop() as shop:
        found, own = know.segments(shop, at), know.saved_summaries(shop, know.groups(shop, at))
    if as_json:
        tell_json({"segments": [know.plain(each) for each in found], "saved": [know.plain(each) for each in own]})
        return
    tell_table(
        ["segment", "members", "net", "next 365 days", "rule"],
        [
            (
                each.key,
                each.members,
                _rounded(each.net_e4),
                _rounded(each.value_e4),
                f"waits for {each.waiting_for}" if each.waiting_for else know.filled(each.rule),
            )
            for each in found
        ],
    )
    if own:
        say()
        tell_table(
            ["saved", "name", "members", "net", "next 365 days", "rule"],
            [
                (each.key, each.name, each.members, _rounded(each.net_e4), _rounded(each.value_e4), str(each.rule))
                for each in own
            ],
        )


@group.command(name="save")
@click.argument("name")
@click.option("--stage", help="Whoever is in this stage.")
@click.option("--segment", help="Whoever is in this segment, built in or saved.")
@_JSON
@click.pass_obj
def save(context: Context, name: str, stage: str | None, segment: str | None, as_json: bool) -> None:
    """Save a stage, a segment or both at once under a name; it is counted anew with every order.

    Example: volver know segments save "VIPs about to leave" --stage slipping --segment vip
    """
    from volver import know

    with context.open_shop() as shop:
        made = know.save_segment(shop, name, stage=stage, segment=segment)
    _tell(made, f"{made.key} is saved. List it: volver know customers --segment {made.key}", as_json)


@group.command(name="rename")
@click.argument("key")
@click.argument("name")
@_JSON
@click.pass_obj
def rename(context: Context, key: str, name: str, as_json: bool) -> None:
    """Give a saved segment another name.

    Example: volver know segments rename saved-1 "VIPs to win back"
    """
    from volver import know

    with context.open_shop() as shop:
        found = know.rename_segment(shop, key, name)
    _tell(found, f"{found.key} is called {found.name}.", as_json)


@group.command(name="delete")
@click.argument("key")
@_JSON
@click.pass_obj
def delete(context: Context, key: str, as_json: bool) -> None:
    """Delete a saved segment; its customers stay.

    Example: volver know segments delete saved-1
    """
    from volver import know

    with context.open_shop() as shop:
        found = know.delete_segment(shop, key)
    _tell(found, f"{found.name} is deleted.", as_json)


def _tell(found: "SavedSegment", says: str, as_json: bool) -> None:
    if as_json:
        tell_json({"key": found.key, "name": found.name, "kind": found.kind, "rule": str(found.rule)})
    else:
        tell_story(says)


def _rounded(e4: int | None) -> float | None:
    return None if e4 is None else e4 / 10_000
