"""`volver settings`: every setting, its value and its origin."""

import click

from volver.cli.tell import Context, tell_json, tell_table


@click.command(name="settings")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
@click.pass_obj
def command(context: Context, as_json: bool) -> None:
    """Show every setting, its value and where it comes from.

    Example: volver --shop myshop settings
    """
    with context.open_shop() as shop:
        if as_json:
            tell_json(
                {each.name: {"value": each.value, "origin": each.origin, "doc": each.doc} for each in shop.origins}
            )
            return
        tell_table(
            ["setting", "value", "origin", "what it is for"],
            [(each.name, str(each.value), each.origin, each.doc) for each in shop.origins],
        )
