"""`volver init`: make a shop."""

import click

from volver.cli.output import tell_json, tell_story


@click.command(name="init")
@click.argument("path")
@click.option("--name", help="What the shop is called in the console.")
@click.option("--currency", help="Currency of the ledger, such as EUR (the default).")
@click.option("--timezone", help="Zone in which the shop's days begin, such as Europe/Madrid (the default).")
@click.option("--lang", type=click.Choice(["en", "es"]), help="Language of the console.")
@click.option("--owner", default="owner", help="Name or e-mail of the owner's account (default: owner).")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
def command(
    path: str,
    name: str | None,
    currency: str | None,
    timezone: str | None,
    lang: str | None,
    owner: str,
    as_json: bool,
) -> None:
    """Make a new shop in PATH, with an account for its owner.

    Example: volver init myshop --currency EUR --timezone Europe/Madrid --lang es
    """
    from volver.server import create_owner
    from volver.store import create_shop

    currency = currency.upper() if currency else None
    with create_shop(path, name=name, currency=currency, timezone=timezone, lang=lang) as shop:
        account = create_owner(shop, owner, invent=True)
        settings = shop.settings
    if as_json:
        facts = {"shop": path, "name": settings.name, "currency": settings.currency, "timezone": settings.timezone}
        tell_json(facts | {"lang": settings.lang, "owner": account.email, "password": account.password})
        return
    tell_story(f"Made the shop {settings.name} in {path}: {settings.currency}, {settings.timezone}.")
    tell_story(f"The console opens to {account.email} with the password {account.password} (shown only now).")
    tell_story(f"Next: volver --shop {path} collect import ORDERS.csv")
