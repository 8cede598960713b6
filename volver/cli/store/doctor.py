"""`volver doctor`: whether a shop is healthy."""

import sys
from typing import TYPE_CHECKING

import click

from volver.cli.output import NOT_HEALTHY, Context, say, tell_json, tell_story

if TYPE_CHECKING:
    from volver.app import Mended


@click.command(name="doctor")
@click.option("--deep", is_flag=True, help="Read all that the shop holds and compare it with what was once written.")
@click.option("--accept-loss", is_flag=True, help="Go on with what is there, where a part of the shop is lost.")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
@click.pass_obj
def command(context: Context, deep: bool, accept_loss: bool, as_json: bool) -> None:
    """Check the log, the state, the lake, the disk and the settings of a shop. Exit code 3 means not healthy.

    It opens a shop whose parts do not belong together too, and says which. With --accept-loss it then goes on without
    what is lost: restore a backup instead, if there is one.

    Example: volver --shop myshop doctor
    """
    from volver.app import examine, mend, open_to_examine

    with open_to_examine(context.shop_path, context.rooms) as shop:
        mended = mend(shop) if accept_loss else None
        checks = examine(shop, context.rooms, deep=deep)
    if mended is not None:
        _tell(mended)
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


def _tell(mended: "Mended") -> None:
    if mended.goes_on is not None:
        tell_story(f"The log goes on above {mended.goes_on}; what its lost entries said is in the lake or nowhere.")
    for each in mended.given_up:
        tell_story(f"Import {each.number} is given up. Import again: {', '.join(each.files) or 'what it brought'}")
    if mended.goes_on is None and not mended.given_up:
        tell_story("Nothing had to be given up.")
