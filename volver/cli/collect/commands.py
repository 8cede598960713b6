"""`volver collect`: bring in order lines, products and customers, and see what could not be read."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from volver.cli.output import LISTED, NUMBER, Context, say, tell_json, tell_story, tell_table
from volver.core.days import EPOCH

if TYPE_CHECKING:
    from volver.collect import DryRun, FileMoney, ImportOptions, ImportReport
    from volver.store import Shop

_STAGES = {"understood": 10, "read": 45, "compared": 80, "written": 95, "done": 100}
_WORDS = {
    "understood": "reading the rows",
    "read": "comparing with the ledger",
    "compared": "writing",
    "written": "committing",
    "done": "done",
}
_HOLDS = "The ledger is right: only customers and forecasts are not up to date. Importing again renews them."
_HIDDEN = {
    "file_no",
    "line_ref",
    "has_time",
    "day",
    "net_exact",
    "currency",
    "raw",
    "full_key",
    "problem",
    "updated_us",
}


@click.group(name="collect")
def group() -> None:
    """Bring in what the shop knows: orders, products, customers.

    Example: volver collect import orders.csv --dry-run
    """


def _reading(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say how files are read."""
    for option in reversed(
        [
            click.option("--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help="Which column holds a field."),
            click.option("--currency", metavar="CODE", help="Currency of the files (default: the shop's)."),
            click.option("--timezone", metavar="ZONE", help="Zone of times that name none (default: the shop's)."),
            click.option("--day-first/--month-first", default=None, help="What 03/04/2024 means: 3 April or March 4."),
            click.option("--decimal", type=click.Choice(["point", "comma"]), help="What stands before the cents."),
            click.option(
                "--money", multiple=True, metavar="ANSWER", help="What was asked: before-discount, per-line, …"
            ),
        ]
    ):
        command = option(command)
    return command


@group.command(name="import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--as", "as_", type=click.Choice(["orders", "products", "customers"]), help="What the files hold.")
@_reading
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

    Importing again changes nothing. What cannot be read is set aside, never dropped.

    Example: volver collect import orders.csv --currency GBP --timezone Europe/London
    """
    from volver.collect import import_files, try_import

    options = _options(as_=as_, drop_identical=drop_identical, **said)
    with context.open_shop() as shop:
        if dry_run:
            _tell_dry_run(try_import(shop, paths, options), as_json=as_json)
            return
        with _progress() as step:
            report = import_files(shop, paths, options, step)
        context.done.append(_HOLDS)
        if refresh:
            _bring_up_to_date(shop)
    if as_json:
        tell_json(report.to_json())
    else:
        _tell_report(report)
    _tell_advice(report)


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
@_reading
@click.option("--limit", default=50, show_default=True, type=LISTED, help="How many rows to list.")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
@click.pass_obj
def set_aside(context: Context, /, retry: bool, limit: int, as_json: bool, **said: Any) -> None:
    """List what could not be read, by file, row and reason; try it again with --retry.

    Example: volver collect set-aside --retry --map date=OrderDate --day-first
    """
    from volver.collect import retry_set_aside
    from volver.collect import set_aside as rows_set_aside

    options = _options(as_=None, drop_identical=False, **said)
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


def _options(
    *,
    as_: str | None,
    mapping: Sequence[str],
    currency: str | None,
    timezone: str | None,
    day_first: bool | None,
    decimal: str | None,
    money: Sequence[str],
    drop_identical: bool,
) -> "ImportOptions":
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
        money=tuple(money),
        drop_identical=drop_identical,
    )


@contextmanager
def _progress() -> Iterator[Callable[[str], None] | None]:
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


def _tell_report(report: "ImportReport") -> None:
    said = report.to_json()
    lines = [("files", report.files)]
    lines += [(f"rows {key}", said["rows"][key]) for key in ("read", "added", "already_there", "identical")]
    lines += [(f"set aside: {reason}", count) for reason, count in sorted(report.rows.set_aside.items())]
    lines += [(f"orders {key}", count) for key, count in said["orders"].items()]
    lines += [(f"lines {key}", count) for key, count in report.lines.items()]
    lines += [("customers", report.customers), ("products", report.products)]
    tell_table(("what", "count"), lines)
    say()
    tell_table(
        ("money", report.currency),
        [
            ("net: quantity x price of every row", report.net),
            ("ledger: what of these files counts as revenue", report.ledger_net),
            ("ledger: of the whole shop, after this import", report.ledger_net_after),
        ],
    )
    _tell_documents(report)
    if report.first_at:
        say(f"\nFrom {report.first_at} to {report.last_at}.")


def _tell_documents(report: "ImportReport") -> None:
    """What became of the orders, if any was there before; those that changed with their money."""
    found = report.documents
    if not found.same + found.completed + found.changed:
        return
    say()
    words = ("new", "same", "completed", "changed")
    tell_table(("orders in the ledger", "count"), [(word, getattr(found, word)) for word in words])
    if found.changed:
        say()
        rows = [(each.order, each.before, each.after) for each in found.examples]
        tell_table(("order that changed", "before", "after"), [*rows, ("all that changed", found.before, found.after)])


def _tell_advice(report: "ImportReport") -> None:
    for label, why in report.skipped:
        tell_story(f"{label} is left out: {why}")
    if report.shared_emails:
        tell_story(
            f"{report.shared_emails:,} e-mails of the customer file are another customer's already: these people stay "
            "apart, and orders by such an e-mail are of the first who had it. `volver know merge` makes two one person."
        )
    waiting = sum(report.rows.set_aside.values())
    if waiting:
        tell_story(f"{waiting:,} rows are set aside: see `volver collect set-aside`.")


def _tell_dry_run(found: "DryRun", *, as_json: bool) -> None:
    if as_json:
        tell_json(_dry_run_json(found))
        return
    for each in found.preview.files:
        say(f"{each.label} ({each.as_}, {each.kind})")
        tell_table(("field", "column"), sorted(each.mapping.items()))
        for note in each.notes:
            say(f"  {note}")
        if each.unused:
            say(f"  not used: {', '.join(each.unused)}")
        say()
    if found.preview.rows:
        rows = [_readable(row) for row in found.preview.rows]
        names = list(dict.fromkeys(name for row in rows for name in row))  # of orders and of products beside them
        tell_table(names, [[row.get(name) for name in names] for row in rows])
        say()
    for ask in found.preview.asks:
        tell_story(f"{ask}\n{ask.advice}")
    if found.report is not None:
        _tell_report(found.report)
        if found.renamed:
            say(f"{found.renamed:,} products have several names; the most used one stands.")
        tell_story("Nothing was changed: this was a dry run.")


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """A parsed row as people read it: decimals instead of ten-thousandths, times instead of microseconds."""
    from volver.core import decimal_text

    shown: dict[str, Any] = {}
    for name, value in row.items():
        if name in _HIDDEN:
            continue
        if name == "ts_us":
            shown["at (UTC)"] = str(EPOCH + timedelta(microseconds=value))[:16] if value is not None else ""
        elif name.endswith("_e4"):
            shown[name.removesuffix("_e4")] = decimal_text(value) if value is not None else ""
        else:
            shown[name] = value
    return {**shown, "problem": row.get("problem")}


def _money_json(money: "FileMoney") -> dict[str, Any]:
    return {**asdict(money), "says": [str(words) for words in money.says]}


def _dry_run_json(found: "DryRun") -> dict[str, Any]:
    files = [
        {
            "file": each.label,
            "as": each.as_,
            "kind": each.kind,
            "mapping": dict(each.mapping),
            "unused": list(each.unused),
            "encoding": each.encoding,
            "delimiter": each.delimiter,
            "date_format": each.date_format,
            "decimal": each.decimal,
            "notes": [str(note) for note in each.notes],
            "unread_money": list(each.unread_money),
            "money": _money_json(each.money) if each.money else None,
        }
        for each in found.preview.files
    ]
    return {
        "dry_run": True,
        "files": files,
        "rows": [dict(row) for row in found.preview.rows],
        "asks": [ask.envelope() for ask in found.preview.asks],
        "renamed_products": found.renamed,
        "report": found.report.to_json() if found.report is not None else None,
    }
