"""`volver predict`: what customers will be worth, and how sure that is."""

from typing import TYPE_CHECKING, Any

import click

from volver.cli.tell import Context, tell_json, tell_story, tell_table

if TYPE_CHECKING:
    from volver.predict import CheckReport

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
_MODEL = click.option(
    "--model",
    type=click.Choice(["MBG/NBD", "BG/NBD", "Pareto/NBD"], case_sensitive=False),
    default="MBG/NBD",
    help="The law of coming back (default MBG/NBD).",
)
_HORIZON = click.option(
    "--horizon",
    default="365d",
    metavar="SPAN",
    help="How far ahead: 365d, 52 weeks, 12 months or a date (default 365d).",
)


@click.group(name="predict")
def group() -> None:
    """What customers will be worth, and how sure that is."""


@group.command(name="fit")
@click.option(
    "--at", type=click.DateTime(["%Y-%m-%d"]), help="Learn as of the end of this day (default: the last order)."
)
@_HORIZON
@_MODEL
@_JSON
@click.pass_obj
def fit_command(context: Context, at: Any, horizon: str, model: str, as_json: bool) -> None:
    """Learn from the shop's orders, check against its own past, publish a score for every customer.

    Example: volver predict fit --at 2017-12-31
    """
    from volver import predict

    with context.open_shop() as shop:
        report = predict.fit(shop, at.date() if at else None, horizon, model=model)
        currency = shop.settings.currency
    if as_json:
        tell_json(report.to_dict())
        return
    tell_story(
        f"{report.model} learned from {report.customers:,} customers until {report.at} in {report.seconds:.1f} s."
    )
    total = report.total
    click.echo(
        f"The next {report.horizon_days:.0f} days: {total.expected:,.0f} {currency} "
        f"(90 %: {total.low:,.0f} to {total.high:,.0f})"
    )
    if report.check:
        click.echo(_told(report.check, currency))
    for remark in report.remarks:
        click.echo(f"Note: {remark}")


@group.command(name="value")
@_HORIZON
@click.option("--top", default=10, show_default=True, help="How many of the most valuable customers to list.")
@_JSON
@click.pass_obj
def value_command(context: Context, horizon: str, top: int, as_json: bool) -> None:
    """What the customers will be worth within a horizon, by the published model.

    Example: volver predict value --horizon "12 months"
    """
    from volver import predict

    with context.open_shop() as shop:
        report = predict.value(shop, horizon)
    if as_json:
        tell_json(report.to_dict(top))
        return
    total = report.total
    click.echo(
        f"{report.customers:,} customers, {report.horizon_days:.0f} days from {report.at}: "
        f"{total.expected:,.0f} {report.currency} (90 %: {total.low:,.0f} to {total.high:,.0f})"
    )
    rows = [[each.decile, each.customers, each.value, 100 * each.share] for each in report.deciles]
    tell_table(["decile", "customers", f"value {report.currency}", "share %"], rows)
    found = report.answer.table.slice(0, top).to_pylist()
    if found:
        click.echo("")
        tell_table(list(found[0]), [list(row.values()) for row in found])


@group.command(name="check")
@click.option("--calibrate-until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Learn until this day.")
@click.option("--holdout-until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Compare until this day.")
@_MODEL
@_JSON
@click.pass_obj
def check_command(context: Context, calibrate_until: Any, holdout_until: Any, model: str, as_json: bool) -> None:
    """Fit on what was known at one day and compare with what came until another. Changes nothing.

    Example: volver predict check --calibrate-until 2017-09-30 --holdout-until 2017-12-31
    """
    from volver import predict

    with context.open_shop() as shop:
        report = predict.check(shop, calibrate_until.date(), holdout_until.date(), model=model)
        currency = shop.settings.currency
    if as_json:
        tell_json(report.to_dict())
        return
    click.echo(_told(report, currency))
    names = list(report.money.customer)
    rows = [[currency, *report.money.customer.values()], ["orders", *report.orders.customer.values()]]
    tell_table(["by customer", *names], rows)


def _told(report: "CheckReport", currency: str) -> str:
    money, orders = report.money, report.orders
    share = f"{100 * money.ratio:.0f} % of" if money.ratio is not None else "against"
    return (
        f"Held out {report.calibration_until} to {report.holdout_until}, {report.customers:,} customers: foresaw "
        f"{money.predicted:,.0f} {currency}, {share} the {money.actual:,.0f} that came "
        f"({orders.predicted:,.0f} of {orders.actual:,.0f} orders)."
    )
