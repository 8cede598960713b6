"""`volver token`: tokens with which programs ask the API."""

import click

from volver.cli.output import Context, instant, say, tell_json, tell_story, tell_table

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")


@click.group(name="token")
def group() -> None:
    """Tokens with which programs ask the API."""


@group.command(name="create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=["read"],
    show_default=True,
    help="What it may: read, customers, bring, learn; may be given again.",
)
@_JSON
@click.pass_obj
def create_command(context: Context, name: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make a token and show it, once; only a hash of it is kept.

    Example: volver token create reporting --scope read --scope customers
    """
    from volver.server import create_token

    with context.open_shop() as shop:
        made = create_token(shop, name, scopes)
    if as_json:
        tell_json({"name": made.name, "scopes": made.scopes, "token": made.secret})
        return
    tell_story(f"Token {made.name}; it is shown only now. Send it as: Authorization: Bearer TOKEN")
    say(made.secret)


@group.command(name="list")
@_JSON
@click.pass_obj
def list_command(context: Context, as_json: bool) -> None:
    """List the tokens by name, with what each may, when it was made and last used.

    Example: volver token list
    """
    from volver.server import list_tokens

    with context.open_shop() as shop:
        found, zone = list_tokens(shop), shop.settings.timezone
    if as_json:
        names = ("name", "scopes", "created_us", "used_us")
        tell_json({"tokens": [{name: getattr(each, name) for name in names} for each in found]})
        return
    tell_table(
        ["name", "may", "made", "last used"],
        [[e.name, " ".join(e.scopes), instant(e.created_us, zone), instant(e.used_us, zone)] for e in found],
    )


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
