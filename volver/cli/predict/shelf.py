"""`volver predict drift` and `shelf`: whether the forecast still holds, which models were kept."""

import sys
from typing import Any

import click

from volver.cli.output import NOT_HEALTHY, NUMBER, Context, say, tell_json, tell_story, tell_table

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")


@click.command(name="drift")
@_JSON
@click.pass_obj
def drift_command(context: Context, as_json: bool) -> None:
    """Compare what came since the published model was fitted with what it foresaw. Exit code 3 means it left the band.

    Example: volver predict drift
    """
    from volver import predict

    with context.open_shop() as shop:
        found = predict.drift(shop)
    if as_json:
        tell_json(found.to_dict() if found else {"alarm": False, "says": "Too early to say: wait for two whole weeks."})
    elif found is None:
        say("Too early to say: two whole weeks of orders after the fit are needed.")
    else:
        told = found.to_dict()
        say(told["says"])
        if told["hint"]:
            say(told["hint"])
        rows = [[each.day.isoformat(), each.came, each.expected, each.low, each.high] for each in found.orders]
        tell_table(["until", "orders", "expected", "low", "high"], rows)
    if found is not None and found.alarm:
        sys.exit(NOT_HEALTHY)


@click.command(name="shelf")
@click.option("--publish", type=NUMBER, metavar="ID", help="Publish this model again: score today's customers with it.")
@_JSON
@click.pass_obj
def shelf_command(context: Context, publish: int | None, as_json: bool) -> None:
    """List the models that were fitted, newest first, with where each came from; or publish an older one again.

    Example: volver predict shelf --publish 3
    """
    from volver import predict

    with context.open_shop() as shop:
        if publish is not None:
            model = predict.republish(shop, publish)
            if as_json:
                tell_json(model.to_dict())
                return
            tell_story(
                f"{model.model} of {model.learned_until} is published again, for customers as of {model.data_until}."
            )
        found = predict.shelf(shop)
    if as_json:
        tell_json({"models": [each.to_dict() for each in found]})
        return
    tell_table(
        ["id", "model", "learned until", "customers", "expected", "held-out total off %", "80 % held", "published"],
        [_cells(each.to_dict()) for each in found],
    )


def _cells(told: dict[str, Any]) -> list[Any]:
    check = told["check"] or {}
    ratio = (check.get("total") or {}).get("ratio")
    held = check.get("covers")
    return [
        told["id"],
        told["model"],
        told["learned_until"],
        told["customers"],
        (told["total"] or {}).get("value"),
        None if ratio is None else 100 * (ratio - 1),
        "" if held is None else "yes" if held else "no",
        "published" if told["published"] else "",
    ]
