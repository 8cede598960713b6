"""`volver predict`: what the forecasts mean for money: new customers, what one may cost, levers, who is worth what."""

from typing import TYPE_CHECKING

import click

from volver.cli.output import Context, say, tell_json, tell_story, tell_table

if TYPE_CHECKING:
    from volver.core import Words
    from volver.predict import CeilingRow, Estimate

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
_HORIZON = click.option(
    "--horizon",
    default="365d",
    metavar="SPAN",
    help="How far ahead: 365d, 52 weeks, 12 months or a date (default 365d).",
)
_SURE = ("90 % from", "to")
_MOST = 25  # groups in a table; --json has them all
_LONGEST = 60  # characters of a name in a table


@click.command(name="newcomers")
@click.option(
    "--by",
    type=click.Choice(["channel", "campaign", "first-product", "first-category", "basket", "price", "discount"]),
    default="channel",
    help="What parts new customers (default channel).",
)
@_HORIZON
@_JSON
@click.pass_obj
def newcomers_command(context: Context, by: str, horizon: str, as_json: bool) -> None:
    """What the next new customer of each channel, campaign, product, basket, price or discount will bring.

    Example: volver predict newcomers --by first-category
    """
    from volver import predict

    with context.open_shop() as shop:
        report = predict.newcomers(shop, by, horizon)
    if as_json:
        tell_json(report.to_dict())
        return
    say(
        f"A new customer brings {_spoken(report.value, report.currency)} within {report.horizon_days:.0f} days, "
        f"{report.first.expected:,.2f} of it with the first order."
    )
    names = [by, "customers", "came back %", "first order", "value", *_SURE, "note"]
    rows = [
        [
            _short(str(each.label)),
            each.customers,
            100 * each.came_back,
            each.first.expected,
            each.value.expected,
            each.value.low,
            each.value.high,
            str(each.note or ""),
        ]
        for each in report.groups[:_MOST]
    ]
    tell_table(names, rows)
    _tell_rest(len(report.groups))
    _tell_remarks(report.remarks)


@click.command(name="leads")
@_HORIZON
@_JSON
@click.pass_obj
def leads_command(context: Context, horizon: str, as_json: bool) -> None:
    """What people are worth who are known and have not ordered yet.

    Example: volver predict leads --horizon 90d
    """
    from volver import predict

    with context.open_shop() as shop:
        report = predict.value_of_lead(shop, horizon)
    if as_json:
        tell_json(report.to_dict())
        return
    if report.value is None or report.total is None:
        say(f"Cannot say: {report.cannot}")
        return
    say(f"{report.leads:,} leads, {_spoken(report.value, report.currency)} each.")
    rows = [
        [str(each.label), each.leads, 100 * each.p_order.expected, each.value.expected, each.value.low, each.value.high]
        for each in report.groups
    ]
    tell_table(["channel", "leads", "order %", "value", *_SURE], rows)


@click.command(name="spend-ceiling")
@click.option(
    "--by",
    type=click.Choice(["channel", "campaign", "first-product", "first-category"]),
    default="channel",
    help="What parts new customers and costs (default channel).",
)
@click.option(
    "--costs",
    type=click.Path(exists=True, dir_okay=False),
    help="A CSV with channel or campaign, cost, and where known month, customers; it stays in the shop.",
)
@_HORIZON
@_JSON
@click.pass_obj
def spend_ceiling_command(context: Context, by: str, costs: str | None, horizon: str, as_json: bool) -> None:
    """What winning a customer may cost, and whether what you spend comes back, by channel, campaign or product.

    Example: volver predict spend-ceiling --costs ads.csv --horizon 365d
    """
    from volver import predict

    with context.open_shop() as shop:
        report = predict.spend_ceiling(shop, by, costs, horizon)
    if as_json:
        tell_json(report.to_dict())
        return
    if report.shop.ceiling:
        say(
            f"A new customer leaves a margin of {_spoken(report.shop.ceiling, report.currency)} within "
            f"{report.horizon_days:.0f} days: that is what winning one may cost."
        )
    names = [by, "won", "cost each", "may cost", *_SURE, "verdict", "note"]
    tell_table(names, [_ceiling_cells(each) for each in report.rows[:_MOST]])
    _tell_rest(len(report.rows))
    if report.campaigns:
        say("")
        tell_table(["campaign", *names[1:]], [_ceiling_cells(each) for each in report.campaigns[:_MOST]])
        _tell_rest(len(report.campaigns))
    _tell_remarks(report.remarks)
    for row, why in report.aside:
        tell_story(f"Row {row} of the costs was not read: {why}.")


@click.command(name="levers")
@_HORIZON
@_JSON
@click.pass_obj
def levers_command(context: Context, horizon: str, as_json: bool) -> None:
    """Which lever is worth most here: retention, order value, frequency, new customers, the discount rate.

    Example: volver predict levers --horizon "2 years"
    """
    from volver import predict

    with context.open_shop() as shop:
        report = predict.levers(shop, horizon)
    if as_json:
        tell_json(report.to_dict())
        return
    coming = f", {report.coming:,.0f} of it from new ones" if report.coming is not None else ""
    say(
        f"Expected within {report.horizon_days:.0f} days from {report.at}: "
        f"{report.value:,.0f} {report.currency}{coming}."
    )
    if report.retention is not None:
        say(f"Of today's living customers {100 * report.retention:.1f} % will still be customers in a year.")
    rows = [
        [str(each.label), each.gain.expected, each.gain.low, each.gain.high, each.margin.expected, ""]
        if each.gain and each.margin
        else [str(each.label), None, None, None, None, f"cannot say: {each.cannot}"]
        for each in report.levers
    ]
    tell_table(["lever", f"gain {report.currency}", *_SURE, "as margin", ""], rows)
    _tell_remarks(report.remarks)


@click.command(name="benchmark")
@click.option(
    "--by",
    type=click.Choice(["segment", "cohort", "channel", "campaign", "stage"]),
    default="segment",
    help="What to compare (default segment).",
)
@_HORIZON
@_JSON
@click.pass_obj
def benchmark_command(context: Context, by: str, horizon: str, as_json: bool) -> None:
    """What each segment, cohort, channel, campaign or stage will bring, in all and per customer.

    Example: volver predict benchmark --by cohort
    """
    from volver import predict

    with context.open_shop() as shop:
        report = predict.benchmark(shop, by, horizon)
    if as_json:
        tell_json(report.to_dict())
        return
    rows = [
        [
            _short(str(each.label)),
            each.customers,
            None if each.p_alive is None else 100 * each.p_alive,
            each.each,
            each.total.expected if each.total else None,
            each.total.low if each.total else None,
            each.total.high if each.total else None,
            None if each.share is None else 100 * each.share,
            f"waits for {each.waits_for}" if each.waits_for else "",
        ]
        for each in (*report.rows, report.shop)
    ]
    say(f"Expected within {report.horizon_days:.0f} days from {report.at}, by {by}:")
    names = [by, "customers", "still customer %", "each", f"total {report.currency}", *_SURE, "share %", ""]
    tell_table(names, rows)


def _ceiling_cells(row: "CeilingRow") -> list[object]:
    told = row.to_dict()
    may = [None, None, None] if row.ceiling is None else [row.ceiling.expected, row.ceiling.low, row.ceiling.high]
    name = f"{_short(row.campaign)} ({_short(row.key)})" if row.campaign else _short(str(row.label))
    return [name, row.customers, row.cost_each, *may, told["verdict"], str(row.note or "")]


def _short(name: str) -> str:
    """A shop's own name on one line, no longer than a table can take."""
    line = " ".join(name.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _spoken(found: "Estimate", currency: str) -> str:
    return f"{found.expected:,.2f} {currency} (90 %: {found.low:,.2f} to {found.high:,.2f})"


def _tell_remarks(remarks: "tuple[Words, ...]") -> None:
    for each in remarks:
        tell_story(f"Note: {each}")


def _tell_rest(n: int) -> None:
    if n > _MOST:
        tell_story(f"{n - _MOST:,} more with --json.")
