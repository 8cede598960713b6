"""`volver token`: tokens with which programs ask the API."""

import click

from volver.cli.tell import Context, tell_json, tell_story, tell_table

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")


@click.group(name="token")
def group() -> None:
    """Tokens with which programs ask the API."""


@group.command(name="create")
@click.argument("name")
@_JSON
@click.pass_obj
def create_command(context: Context, name: str, as_json: bool) -> None:
    """Make a token and show it, once; only a hash of it is kept.

    Example: volver token create reporting
    """
    from volver.server import create_token

    with context.open_shop() as shop:
        made = create_token(shop, name)
    if as_json:
        tell_json({"name": made.name, "token": made.secret})
        return
    tell_story(f"Token {made.name}; it is shown only now. Send it as: Authorization: Bearer TOKEN")
    click.echo(made.secret)


@group.command(name="list")
@_JSON
@click.pass_obj
def list_command(context: Context, as_json: bool) -> None:
    """List the tokens by name, with when each was made and last used.

    Example: volver token list
    """
    from volver.core.days import EPOCH
    from volver.server import list_tokens

    with context.open_shop() as shop:
        found = list_tokens(shop)
        zone = shop.settings.timezone
    if as_json:
        tell_json({"tokens": [{"name": e.name, "created_us": e.created_us, "used_us": e.used_us} for e in found]})
        return

    def at(us: int | None) -> str:
        from datetime import timedelta

        from volver.core import zone_named

        return f"{(EPOCH + timedelta(microseconds=us)).astimezone(zone_named(zone)):%Y-%m-%d %H:%M}" if us else "never"

    tell_table(["name", "made", "last used"], [[each.name, at(each.created_us), at(each.used_us)] for each in found])


@group.command(name="revoke")
@click.argument("name")
@_JSON
@click.pass_obj
def revoke_command(context: Context, name: str, as_json: bool) -> None:
    """Take a token back; it opens nothing from now on.

    Example: volver token revoke reporting
    """
    from volver.server import revoke_token

    with context.open_shop() as shop:
        revoke_token(shop, name)
    if as_json:
        tell_json({"name": name, "revoked": True})
        return
    tell_story(f"Token {name} is revoked.")
