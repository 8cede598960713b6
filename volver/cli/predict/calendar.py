"""`volver predict calendar`: the months in which everyone buys more, learned from the shop's orders or imported."""

from calendar import month_name
from typing import TYPE_CHECKING

import click

from volver.cli.output import Context, say, tell_json, tell_story, tell_table

if TYPE_CHECKING:
    from volver.predict import CalendarReport

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")


@click.group(name="calendar", invoke_without_command=True)
@_JSON
@click.pass_context
def calendar_group(asked: click.Context, as_json: bool) -> None:
    """Show the calendar that forecasts count by: the months in which everyone buys more, learned or imported.

    Example: volver predict calendar
    """
    if asked.invoked_subcommand is not None:
        return
    from volver import predict

    with asked.obj.open_shop() as shop:
        report = predict.calendar_report(shop)
    if as_json:
        tell_json(report.to_dict())
        return
    _tell(report)


@calendar_group.command(name="import")
@click.argument("file", type=click.Path(dir_okay=False))
@_JSON
@click.pass_obj
def calendar_import_command(context: Context, file: str, as_json: bool) -> None:
    """Bring in what the store sold before, by day, week or month: orders, sales or an index. It replaces the last one.

    Example: volver predict calendar import monthly.csv
    """
    from volver import predict

    with context.open_shop() as shop:
        report = predict.import_calendar(shop, file)
    if as_json:
        tell_json(report.to_dict())
        return
    _tell_imported(report)
    for row, why in report.aside:
        tell_story(f"Row {row} was not read: {why}.")
    tell_story("The next `volver predict fit` tries it and says whether forecasts count by it.")


@calendar_group.command(name="forget")
@_JSON
@click.pass_obj
def calendar_forget_command(context: Context, as_json: bool) -> None:
    """Take the imported calendar out of the shop; forecasts change with the next fit.

    Example: volver predict calendar forget
    """
    from volver import predict

    with context.open_shop() as shop:
        rows = predict.forget_calendar(shop)
    if as_json:
        tell_json({"forgotten_rows": rows})
    else:
        say(f"Forgotten: {rows:,} rows." if rows else "There was no imported calendar.")


def _tell(report: "CalendarReport") -> None:
    words = {
        "imported": "Forecasts count by the imported calendar.",
        "learned": "Forecasts count by the calendar learned from the shop's orders.",
        "none": "Forecasts count every day alike.",
        None: "No forecast was made yet: `volver predict fit` chooses the calendar.",
    }
    say(words[report.used])
    if report.best and report.worst:
        say(f"Best month: {month_name[report.best]}. Worst month: {month_name[report.worst]}.")
    for why in report.why:
        say(f"Why: {why}")
    if report.imported is None:
        say("Nothing was imported: `volver predict calendar import FILE.csv` brings in what the store sold before.")
    _tell_imported(report)
    if report.stale:
        say("Note: what was imported has changed since the last fit: volver predict fit.")


def _tell_imported(report: "CalendarReport") -> None:
    imported = report.imported
    if imported:
        span = f" from {imported.first_day} to {imported.last_day}" if imported.first_day else " of every year"
        grown = imported.growth_per_year
        left = f", growth of {100 * grown:+.0f} % a year left out" if grown is not None else ""
        say(f"Imported: {imported.kind}, {imported.rows:,} rows{span}{left}.")
        if imported.unknown:
            names = ", ".join(month_name[month] for month in imported.unknown)
            say(f"Note: it tells nothing of {names}.")
    columns = {"used": report.months, "imported": imported.months if imported else None}
    shown = {name: months for name, months in columns.items() if months is not None}
    if shown:
        say("\nOrders of each month beside those of the mean month (1.00):")
        rows = [[month_name[i + 1], *(months[i] for months in shown.values())] for i in range(12)]
        tell_table(["month", *shown], rows)
