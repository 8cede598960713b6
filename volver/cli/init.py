"""`volver init`: make a shop."""

import click

from volver.cli.tell import tell_json, tell_story


@click.command(name="init")
@click.argument("path")
@click.option("--name", help="What the shop is called in the console.")
@click.option("--currency", help="Currency of the ledger, such as EUR (the default).")
@click.option("--timezone", help="Zone in which the shop's days begin, such as Europe/Madrid (the default).")
@click.option("--lang", type=click.Choice(["en", "es"]), help="Language of the console.")
@click.option("--owner", metavar="EMAIL", help="Also make the owner's account, and print a one-time login link.")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
def command(
    path: str, name: str | None, currency: str | None, timezone: str | None, lang: str | None, owner: str | None,
    as_json: bool,
) -> None:
    """Make a new shop in PATH.

    Example: volver init myshop --currency EUR --timezone Europe/Madrid --lang es
    """
    from volver.store import create_shop

    currency = currency.upper() if currency else None
    with create_shop(path, name=name, currency=currency, timezone=timezone, lang=lang) as shop:
        account = None
        if owner:
            from volver.server import create_owner

            account = create_owner(shop, owner)
        settings = shop.settings
        if as_json:
            tell_json({"shop": path, "name": settings.name, "currency": settings.currency,
                       "timezone": settings.timezone, "lang": settings.lang, "owner": account is not None})
            return
        tell_story(f"Made the shop {settings.name} in {path}: {settings.currency}, {settings.timezone}.")
        tell_story(f"Next: volver --shop {path} collect import ORDERS.csv")
