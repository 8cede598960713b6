"""`volver collect`: bring in order lines, products and customers, and see what could not be read."""

from typing import TYPE_CHECKING, Any

import click

from volver.cli.collect.asking import asked, is_person_there
from volver.cli.collect.options import options_of, progress, reading
from volver.cli.collect.previews import tell_dry_run
from volver.cli.collect.reports import tell_advice, tell_report
from volver.cli.leaving import csv_option, save_csv
from volver.cli.output import LISTED, NUMBER, Context, say, tell_json, tell_story, tell_table

if TYPE_CHECKING:
    from volver.store import Shop

_HOLDS = "The ledger is right: only customers and forecasts are not up to date. Importing again renews them."


@click.group(name="collect")
def group() -> None:
    """Bring in what the shop knows: orders, products, customers.

    Example: volver collect import orders.csv --dry-run
    """


@group.command(name="import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--as", "as_", type=click.Choice(["orders", "products", "customers"]), help="What the files hold.")
@reading
@click.option("--drop-identical", is_flag=True, help="Keep one of several identical lines of an order.")
@click.option("--dry-run", is_flag=True, help="Show how the files are understood, and change nothing.")
@click.option("--refresh/--no-refresh", default=True, help="Also bring customers, segments and forecasts up to date.")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
@click.pass_obj
def import_(
    context: Context,
    /,
    paths: tuple[str, ...],
    as_: str | None,
    drop_identical: bool,
    dry_run: bool,
    refresh: bool,
    as_json: bool,
    **said: Any,
) -> None:
    """Import files or folders: CSV, TSV, JSON lines, Parquet or Arrow, plain or packed.

    Importing again changes nothing. What cannot be read is set aside, never dropped. What only you can say is asked on
    a terminal, and refused elsewhere; it is remembered for the next file with these columns.

    Example: volver collect import orders.csv --currency GBP --timezone Europe/London
    """
    from volver.collect import import_files, try_import

    options = options_of(as_=as_, drop_identical=drop_identical, **said)
    with context.open_shop() as shop:
        if dry_run:
            tell_dry_run(try_import(shop, paths, options), shop.settings.timezone, as_json=as_json)
            return
        if not as_json and is_person_there():
            options = asked(shop, paths, options)
        with progress() as step:
            report = import_files(shop, paths, options, step)
        context.done.append(_HOLDS)
        if refresh:
            _bring_up_to_date(shop)
    if as_json:
        tell_json(report.to_json())
    else:
        tell_report(report)
    tell_advice(report)


@group.command(name="imports")
@click.option("--limit", default=50, show_default=True, type=LISTED, help="How many to list.")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON list.")
@click.pass_obj
def imports(context: Context, /, limit: int, as_json: bool) -> None:
    """List what was imported, the newest first, and what of it was taken back.

    Example: volver collect imports
    """
    from volver.collect import imports as all_imports

    with context.open_shop() as shop:
        found = all_imports(shop)[:limit]
    if as_json:
        tell_json([each.to_json() for each in found])
        return
    if not found:
        tell_story("Nothing was imported yet.")
        return
    head = ("import", "at", "files", "rows added", "orders new", "orders changed", "net", "undone by")
    tell_table(
        head,
        [
            (
                each.number,
                each.at,
                ", ".join(each.files) or each.source,
                each.rows,
                each.new,
                each.changed,
                each.net,
                each.undone_by if each.undone_by is not None else "",
            )
            for each in found
        ],
    )


@group.command(name="undo")
@click.argument("number", type=NUMBER, metavar="IMPORT")
@click.option("--refresh/--no-refresh", default=True, help="Also bring customers, segments and forecasts up to date.")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
@click.pass_obj
def undo(context: Context, /, number: int, refresh: bool, as_json: bool) -> None:
    """Take an import back: the ledger becomes what it would be without it. `imports` gives the number.

    Example: volver collect undo 3
    """
    from volver.collect import undo as take_back

    with context.open_shop() as shop:
        done = take_back(shop, number)
        context.done.append(_HOLDS)
        if refresh:
            _bring_up_to_date(shop)
    if as_json:
        tell_json(done.to_json())
        return
    tell_story(f"Import {done.undoes} is taken back: {done.gone:,} orders are gone, {done.changed:,} are as before.")
    tell_table(("ledger: what counts as revenue", "net"), [("before", done.before), ("now", done.after)])


@group.command(name="set-aside")
@click.option("--retry", is_flag=True, help="Try to read the rows again, with the options given here.")
@reading
@click.option("--limit", default=50, show_default=True, type=LISTED, help="How many rows to list.")
@csv_option
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
@click.pass_obj
def set_aside(context: Context, /, retry: bool, limit: int, csv_path: str | None, as_json: bool, **said: Any) -> None:
    """List what could not be read, by file, row and reason; try it again with --retry.

    Example: volver collect set-aside --retry --map date=OrderDate --day-first
    """
    from volver.collect import retry_set_aside
    from volver.collect import set_aside as rows_set_aside

    options = options_of(as_=None, drop_identical=False, **said)
    with context.open_shop() as shop:
        if retry:
            done = retry_set_aside(shop, options)
            context.done.append(_HOLDS)
            _bring_up_to_date(shop)
            if as_json:
                tell_json(done.to_json())
            else:
                tell_story(f"Tried {done.tried:,} rows: {done.settled:,} could be read, {done.added:,} are new.")
                tell_table(("reason", "rows"), sorted(done.waiting.items()))
            return
        if csv_path is not None:
            from volver.ui import write_aside

            save_csv(
                shop,
                csv_path,
                lambda target, spoken: write_aside(shop, target, spoken, spoken.csv_marks),
                what="rows",
                as_json=as_json,
            )
            return
        found = rows_set_aside(shop, limit)
    if as_json:
        tell_json(found.to_json())
        return
    if not found.total:
        tell_story("Nothing is set aside.")
        return
    tell_table(("reason", "rows"), sorted(found.reasons.items()))
    say()
    tell_table(("file", "row", "reason"), [(each.file, each.row_no, each.reason) for each in found.rows])


@group.command(name="mappings")
@click.option("--forget", type=NUMBER, metavar="NUMBER", help="Forget what was said under this number.")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON list.")
@click.pass_obj
def mappings(context: Context, /, forget: int | None, as_json: bool) -> None:
    """List what was said of files and holds for the next ones with the same columns; forget it with --forget.

    Example: volver collect mappings
    """
    from volver.collect import forget_mapping
    from volver.collect import mappings as all_mappings

    with context.open_shop() as shop:
        if forget is not None:
            forget_mapping(shop, forget)
        found = all_mappings(shop)
    if as_json:
        tell_json([each.to_json() for each in found])
        return
    if not found:
        tell_story("Nothing is remembered.")
        return
    head = ("number", "of", "said on", "for", "what was said")
    tell_table(head, [(each.number, each.file, each.said_on, each.kind, _said(each.said)) for each in found])


@group.command(name="layouts")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
def layouts(as_json: bool) -> None:
    """List the exports that are known by name, by which headings; others are read by their words and by what adds up.

    Example: volver collect layouts
    """
    from volver.collect import known_layouts

    told = [
        {
            "id": each.id,
            "name": each.name,
            "holds": each.holds,
            "refused_as": each.refused or None,
            "headings": list(each.headings),
        }
        for each in known_layouts()
    ]
    if as_json:
        tell_json({"layouts": told})
        return
    rows = [(each["name"], each["holds"] or f"refused: {each['refused_as']}") for each in told]
    tell_table(("export", "holds"), rows)


def _said(sets: dict[str, Any]) -> str:
    plain = [f"{name.rstrip('_')}={value}" for name, value in sets.items() if name not in ("mapping", "as_")]
    return ", ".join(plain + [f"{field}={column}" for field, column in sets.get("mapping", {}).items()])


def _bring_up_to_date(shop: "Shop") -> None:
    """Renew what the import, or the days since the last one, left behind."""
    from volver.app import is_behind, refresh

    if is_behind(shop):
        tell_story("Bringing customers, segments and forecasts up to date.")
        refresh(shop)


@group.command(name="replay")
@click.argument("projection", required=False)
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
@click.pass_obj
def replay_command(context: Context, projection: str | None, as_json: bool) -> None:
    """Let a projection, or each of them, read the whole log again; what it has taken already changes nothing.

    Example: volver collect replay collect.batches
    """
    from volver.app import open_as_it_is, replay_log
    from volver.store import check_log, check_parts

    with open_as_it_is(context.shop_path, {}, context.rooms) as shop:
        check_log(shop)
        taken = replay_log(shop, projection)
        check_parts(shop)
    if as_json:
        tell_json({"taken": taken})
        return
    tell_table(("projection", "entries"), sorted(taken.items()))
