"""`volver predict`: what customers will be worth, and how sure that is."""

from typing import TYPE_CHECKING, Any

import click

from volver import predict
from volver.cli.output import Context, say, tell_json, tell_story, tell_table
from volver.cli.predict.calendar import calendar_group
from volver.cli.predict.money import (
    benchmark_command,
    leads_command,
    levers_command,
    newcomers_command,
    spend_ceiling_command,
)
from volver.cli.predict.propensity import propensity_command
from volver.cli.predict.recommend import check_recommendations
from volver.cli.predict.shelf import drift_command, shelf_command
from volver.cli.predict.value import value_command
from volver.cli.predict.when import when_command
from volver.core import Words

if TYPE_CHECKING:
    from volver.predict import CheckReport

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
_MODEL = click.option(
    "--model",
    type=click.Choice(predict.MODEL_NAMES, case_sensitive=False),
    default="auto",
    help="The law of coming back (default auto: what did best on the shop's own past).",
)
_MEASURES = {
    "mae": "mean error",
    "rmse": "root mean square error",
    "spearman": "rank correlation",
    "top10_capture": "best tenth brought",
    "top10_capture_perfect": "in hindsight",
    "ratio": "foreseen / came",
}
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
    "--at", type=click.DateTime(["%Y-%m-%d"]), help="Learn as of the end of this day (default: the shop's own)."
)
@_HORIZON
@_MODEL
@click.option("--all", "everything", is_flag=True, help="Then publish rebuys, best moments and propensities too.")
@_JSON
@click.pass_obj
def fit_command(context: Context, at: Any, horizon: str, model: str, everything: bool, as_json: bool) -> None:
    """Learn from the shop's orders, check against its own past, publish a score for every customer.

    Example: volver predict fit --all
    """
    with context.open_shop() as shop:
        report = predict.fit(shop, at.date() if at else None, horizon, model=model)
        currency = shop.settings.currency
        when = chances = None
        if everything:
            tell_story("Learning what is bought again and when; then who is likely to do what. This takes minutes.")
            when = predict.foresee_when(shop, report.at)
            chances = predict.learn_propensities(shop, report.at)
    if as_json:
        more = {"when": when.to_dict(), "propensities": chances.to_dict()} if when and chances else {}
        tell_json(report.to_dict() | more)
        return
    tell_story(
        f"{report.model} learned from {report.customers:,} customers until {report.at} in {report.seconds:.1f} s."
    )
    total = report.total
    say(
        f"The next {report.horizon_days:.0f} days: {total.expected:,.0f} {currency} "
        f"(80 %: {total.low80:,.0f} to {total.high80:,.0f}; 90 %: {total.low:,.0f} to {total.high:,.0f})"
    )
    for text, params in report.choice["why"]:
        say(f"Why: {Words(text, params)}")
    if report.check:
        say(_told(report.check, currency))
    for remark in report.remarks:
        say(f"Note: {remark}")
    if when and chances:
        say(f"When: {when.rebuys:,} rebuys and {when.moments:,} best moments published in {when.seconds:.1f} s.")
        learned = sum(each.reason is None for each in chances.chances)
        say(f"Propensities: {learned} of {len(chances.chances)} published in {chances.seconds:.1f} s.")


@group.command(name="check")
@click.option(
    "--calibrate-until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Learn until this day (default: a quarter of the history, a year at most, is held out).",
)
@click.option(
    "--holdout-until", type=click.DateTime(["%Y-%m-%d"]), help="Compare until this day (default: the last order)."
)
@click.option("--recommend", is_flag=True, help="Check recommendations instead of value.")
@_MODEL
@_JSON
@click.pass_obj
def check_command(
    context: Context, calibrate_until: Any, holdout_until: Any, recommend: bool, model: str, as_json: bool
) -> None:
    """Choose and fit on what was known at one day and compare with what came until another. Changes nothing.

    Example: volver predict check --calibrate-until 2017-09-30 --holdout-until 2017-12-31
    """
    learn_until, until = (each.date() if each else None for each in (calibrate_until, holdout_until))
    if recommend:
        check_recommendations(context, learn_until, as_json)
        return
    with context.open_shop() as shop:
        report = predict.check(shop, learn_until, until, model=model)
        currency = shop.settings.currency
    if as_json:
        tell_json(report.to_dict())
        return
    say(_told(report, currency))
    for why in report.why:
        say(f"Why: {why}")
    say("")
    names = [_MEASURES.get(name, name) for name in report.money.customer]
    rows = [[currency, *report.money.customer.values()], ["orders", *report.orders.customer.values()]]
    tell_table(["by customer", *names], rows)
    say("")
    columns = ["ratio", "deviance", "spearman", "top10_capture"]
    ways = [
        [each.name + (" *" if each.chosen else ""), *(getattr(each, column) for column in columns)]
        for each in (*report.contenders, report.baseline)
    ]
    tell_table(["contender (* chosen)", *(_MEASURES.get(each, each) for each in columns)], ways)


def _told(report: "CheckReport", currency: str) -> str:
    money, orders = report.money, report.orders
    share = f"{100 * money.ratio:.0f} % of" if money.ratio is not None else "against"
    return (
        f"Held out {report.calibration_until} to {report.holdout_until}, {report.customers:,} customers: foresaw "
        f"{money.predicted:,.0f} {currency}, {share} the {money.actual:,.0f} that came "
        f"({orders.predicted:,.0f} of {orders.actual:,.0f} orders). It said 80 %: {money.low80:,.0f} to "
        f"{money.high80:,.0f}, which {'held' if money.covers else 'did not hold'}."
    )


for _command in (
    value_command,
    newcomers_command,
    leads_command,
    spend_ceiling_command,
    levers_command,
    benchmark_command,
    when_command,
    propensity_command,
    shelf_command,
    drift_command,
    calendar_group,
):
    group.add_command(_command)
