"""`volver key`: write keys with which the shop's pages and platforms send what happened."""

import click

from volver.cli.output import Context, instant, say, tell_json, tell_story, tell_table

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")


@click.group(name="key")
def group() -> None:
    """Write keys with which pages send events; they can read nothing."""


@group.command(name="create")
@click.argument("name")
@_JSON
@click.pass_obj
def create_command(context: Context, name: str, as_json: bool) -> None:
    """Make a key and show it, once; only a hash of it is kept.

    Example: volver key create website
    """
    from volver.server import create_key

    with context.open_shop() as shop:
        made = create_key(shop, name)
    if as_json:
        tell_json({"name": made.name, "key": made.secret})
        return
    tell_story(f"Key {made.name}; it is shown only now. Send it as the name of basic authentication.")
    say(made.secret)


@group.command(name="list")
@_JSON
@click.pass_obj
def list_command(context: Context, as_json: bool) -> None:
    """List the keys by name, with when each was made and last used.

    Example: volver key list
    """
    from volver.server import list_keys

    with context.open_shop() as shop:
        found, zone = list_keys(shop), shop.settings.timezone
    if as_json:
        names = ("name", "created_us", "used_us")
        tell_json({"keys": [{name: getattr(each, name) for name in names} for each in found]})
        return
    rows = [[each.name, instant(each.created_us, zone), instant(each.used_us, zone)] for each in found]
    tell_table(["name", "made", "last used"], rows)


@group.command(name="revoke")
@click.argument("name")
@_JSON
@click.pass_obj
def revoke_command(context: Context, name: str, as_json: bool) -> None:
    """Take a key back; it writes nothing from now on.

    Example: volver key revoke website
    """
    from volver.server import revoke_key

    with context.open_shop() as shop:
        revoke_key(shop, name)
    if as_json:
        tell_json({"name": name, "revoked": True})
        return
    tell_story(f"Key {name} is revoked.")
