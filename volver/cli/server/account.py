"""`volver account`: the people who may open the console, and their roles."""

import click

from volver.cli.output import Context, say, tell_json, tell_story, tell_table

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")


@click.group(name="account")
def group() -> None:
    """People who may open the console, and their roles."""


@group.command(name="create")
@click.argument("email")
@click.option("--role", default="marketer", show_default=True, help="owner, marketer, analyst, support or privacy.")
@_JSON
@click.pass_obj
def create_command(context: Context, email: str, role: str, as_json: bool) -> None:
    """Make an account with a password, shown once; one that is there gets the role and a new password.

    Example: volver account create ana@example.com --role analyst
    """
    from volver.server import create_account

    with context.open_shop() as shop:
        made = create_account(shop, email, role, invent=True)
    if as_json:
        tell_json({"account": made.email, "role": made.role, "password": made.password})
        return
    tell_story(f"The console opens to {made.email} as {made.role} with this password; it is shown only now.")
    say(made.password)


@group.command(name="list")
@_JSON
@click.pass_obj
def list_command(context: Context, as_json: bool) -> None:
    """List the accounts with their roles.

    Example: volver account list
    """
    from volver.server import list_accounts

    with context.open_shop() as shop:
        found = list_accounts(shop)
    if as_json:
        tell_json({"accounts": [{"account": each.email, "role": each.role} for each in found]})
        return
    tell_table(["account", "role"], [[each.email, each.role] for each in found])
