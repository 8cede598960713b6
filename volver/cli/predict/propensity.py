"""`volver predict propensity`: who is likely to buy from a category, to use a discount, to send goods back."""

from typing import TYPE_CHECKING, Any

import click

from volver.cli.output import Context, say, tell_json, tell_story, tell_table

if TYPE_CHECKING:
    from volver.predict import Chance


@click.command(name="propensity")
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="As of the end of this day (default: the shop's day).")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
@click.pass_obj
def propensity_command(context: Context, at: Any, as_json: bool) -> None:
    """Learn who is likely to do what within 30 and 90 days, check it on held-out time, publish a chance for everyone.

    Example: volver predict propensity
    """
    from volver import predict

    with context.open_shop() as shop:
        report = predict.learn_propensities(shop, at.date() if at else None)
    if as_json:
        tell_json(report.to_dict())
        return
    tell_story(f"{report.customers:,} customers as of {report.at}, in {report.seconds:.1f} s.")
    told = [each for each in report.chances if each.reason is None]
    if told:
        tell_table(["what", "events", "mean %", "model", "AUC later", "came % later"], [_cells(each) for each in told])
    for each in report.chances:
        if each.reason is not None:
            say(f"{_said(each)}: {each.reason}")


def _said(chance: "Chance") -> str:
    """What may happen, in words."""
    verb = {"buy": "buys", "discount": "uses a discount", "return": "sends goods back"}.get(chance.event, chance.event)
    return f"{verb} {chance.category or ''}".strip() + f", {chance.within_days} days"


def _cells(chance: "Chance") -> list[object]:
    check, mean = chance.check, 100 * (chance.mean or 0.0)
    auc = f"{check.auc:.3f}" if check and check.auc is not None else "–"
    came = f"{100 * check.came:.1f}" if check else "–"
    return [_said(chance), chance.events, f"{mean:.1f}", f"{chance.base}, {chance.calibrated_by}", auc, came]
