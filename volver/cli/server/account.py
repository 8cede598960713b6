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


@group.command(name="password")
@click.argument("email")
@click.option("--ask", is_flag=True, help="Ask for the new password instead of making one up.")
@_JSON
@click.pass_obj
def password_command(context: Context, email: str, ask: bool, as_json: bool) -> None:
    """Give an account a new password; its sessions, known devices and open login links end.

    Example: volver account password ana@example.com
    """
    from volver.server import change_password, known_account

    with context.open_shop() as shop:
        known_account(shop, email)
        chosen = click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True) if ask else None
        made = change_password(shop, email, chosen)
    if as_json:
        tell_json({"account": made.email} if ask else {"account": made.email, "password": made.password})
        return
    if ask:
        tell_story(f"{made.email} has the new password; every session of the account has ended.")
        return
    tell_story(f"The console opens to {made.email} with this password; it is shown only now. Its sessions have ended.")
    say(made.password)


@group.command(name="link")
@click.argument("email", default="owner")
@click.option("--address", default="http://localhost:8080", show_default=True, help="Where the console is served.")
@_JSON
@click.pass_obj
def link_command(context: Context, email: str, address: str, as_json: bool) -> None:
    """Make a link that opens the console once, within fifteen minutes, whatever the password is.

    Example: volver account link ana@example.com --address https://console.example.com
    """
    from volver.server import login_link

    with context.open_shop() as shop:
        link = login_link(shop, address, email)
    if as_json:
        tell_json({"account": email, "link": link})
        return
    say(link)


@group.command(name="remove")
@click.argument("email")
@_JSON
@click.pass_obj
def remove_command(context: Context, email: str, as_json: bool) -> None:
    """Delete an account; its sessions and links end.

    Example: volver account remove ana@example.com
    """
    from volver.server import remove_account

    with context.open_shop() as shop:
        gone = remove_account(shop, email)
    if as_json:
        tell_json({"account": gone.email, "removed": True})
        return
    tell_story(f"The account {gone.email} is removed.")
