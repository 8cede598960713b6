"""`volver settings`: every setting, its value and its origin."""

import click

from volver.cli.output import Context, tell_json, tell_story, tell_table


@click.command(name="settings")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
@click.pass_obj
def command(context: Context, as_json: bool) -> None:
    """Show every setting, its value and where it comes from. Passwords are not shown.

    Example: volver --shop myshop settings
    """
    from volver.app import settings_of

    with context.open_shop() as shop:
        found = settings_of(shop, context.rooms)
    if as_json:
        tell_json({each.name: {"value": each.value, "origin": each.origin, "doc": each.doc} for each in found})
    else:
        rows = [(each.name, str(each.value), each.origin, each.doc) for each in found]
        tell_table(["setting", "value", "origin", "what it is for"], rows)
    for each in found:
        if each.hint:
            tell_story(f"{each.name}: {each.hint}")
