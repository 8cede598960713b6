"""`volver backup` and `volver restore`: the whole shop in one file, and back."""

import sys
from pathlib import Path

import click

from volver.cli.output import NOT_HEALTHY, Context, instant, tell_json, tell_story

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")


@click.command(name="backup")
@click.argument("to", metavar="[TO]", default=".", type=click.Path(path_type=Path))
@_JSON
@click.pass_obj
def backup(context: Context, to: Path, as_json: bool) -> None:
    """Write log, state, lake, models and settings of this moment into one file; the shop goes on meanwhile.

    TO is a file, or a folder in which the backup gets a name of its own (default: here). It holds personal data,
    password hashes and keys: only its owner may read it. Everything is read again before the file gets its name.

    Example: volver --shop myshop backup /backups
    """
    from volver.store import back_up

    with context.open_shop() as shop:
        done = back_up(shop, to)
        when = instant(done.made_us, shop.settings.timezone)
    if as_json:
        tell_json(done.to_dict())
    else:
        tell_story(f"The shop of {when}, up to entry {done.offset:,} of its log: {done.size:,} bytes in {done.path}.")
    if done.damaged:
        tell_story(f"{len(done.damaged)} files of the lake were changed since they were written: volver doctor --deep")
        sys.exit(NOT_HEALTHY)


@click.command(name="restore")
@click.argument("backup_file", metavar="FROM", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Where there is a shop: move it aside, into a folder inside its own.")
@_JSON
@click.pass_obj
def restore(context: Context, backup_file: Path, replace: bool, as_json: bool) -> None:
    """Make the shop of a backup in the directory that --shop names: all of it or nothing.

    The backup is compared with its manifest first. Stop whoever works on a shop that is there.

    Example: volver --shop myshop restore /backups/myshop-20260101T030000Z.volver.tar
    """
    import os

    from volver.store import restore as unpack

    done = unpack(backup_file, Path(context.shop_path or os.environ.get("VOLVER_SHOP") or "."), replace=replace)
    with context.open_shop() as shop:
        when = instant(done.made_us, shop.settings.timezone)
    if as_json:
        tell_json(done.to_dict())
        return
    tell_story(f"The shop of {when} is in {done.path}, up to entry {done.offset:,} of its log.")
    if done.aside:
        tell_story(f"What was there is in {done.aside} inside it; delete that when you need it no more.")
    if done.own_lake:
        tell_story("Its lake rested elsewhere; it is in the shop's own folder now, and volver.toml says so.")
