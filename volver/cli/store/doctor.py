"""`volver doctor`: whether a shop is healthy."""

import sys

import click

from volver.cli.output import NOT_HEALTHY, Context, say, tell_json


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
@click.pass_obj
def command(context: Context, as_json: bool) -> None:
    """Check the log, the state, the lake, the disk and the settings of a shop. Exit code 3 means not healthy.

    Example: volver --shop myshop doctor
    """
    from volver.app import examine

    with context.open_shop() as shop:
        checks = examine(shop, context.rooms)
    healthy = all(each.ok for each in checks)
    if as_json:
        found = [{"name": each.name, "ok": each.ok, "says": str(each.says), "hint": each.hint} for each in checks]
        tell_json({"ok": healthy, "checks": found})
    else:
        for each in checks:
            say(f"{'ok  ' if each.ok else 'FAIL'}  {each.name}: {each.says}")
            if each.hint:
                say(f"      {each.hint}")
    if not healthy:
        sys.exit(NOT_HEALTHY)
