"""`volver session`: who is in the console now."""

import click

from volver.cli.output import Context, instant, tell_json, tell_story, tell_table

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")


class OneOfThem(click.UsageError):
    """Neither or both of a session and a set of sessions were named."""

    def __init__(self) -> None:
        super().__init__("Name one session, or --account EMAIL, or --all.")


@click.group(name="session")
def group() -> None:
    """Sessions that are open in browsers."""


@group.command(name="list")
@click.option("--account", "email", help="Only those of this account.")
@_JSON
@click.pass_obj
def list_command(context: Context, email: str | None, as_json: bool) -> None:
    """List the open sessions: whose each is, when it began, was last seen and ends.

    Example: volver session list
    """
    from volver.server import list_sessions

    with context.open_shop() as shop:
        found, zone = list_sessions(shop, email), shop.settings.timezone
    if as_json:
        names = ("name", "account", "created_us", "seen_us", "expires_us")
        tell_json({"sessions": [{name: getattr(each, name) for name in names} for each in found]})
        return
    rows = [[e.name, e.account, *(instant(us, zone) for us in (e.created_us, e.seen_us, e.expires_us))] for e in found]
    tell_table(["session", "account", "began", "last seen", "ends"], rows)


@group.command(name="revoke")
@click.argument("name", required=False)
@click.option("--account", "email", help="Every session of this account.")
@click.option("--all", "everybody", is_flag=True, help="Every session there is.")
@_JSON
@click.pass_obj
def revoke_command(context: Context, name: str | None, email: str | None, everybody: bool, as_json: bool) -> None:
    """End a session, or all of an account, or all; who was in must log in again.

    Example: volver session revoke --account ana@example.com
    """
    from volver.server import revoke_session, revoke_sessions

    if sum([bool(name), bool(email), everybody]) != 1:
        raise OneOfThem
    with context.open_shop() as shop:
        if name:
            revoke_session(shop, name)
        gone = 1 if name else revoke_sessions(shop, email)
    if as_json:
        tell_json({"revoked": gone})
        return
    tell_story(f"Sessions ended: {gone}.")
