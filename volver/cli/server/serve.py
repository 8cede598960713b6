"""`volver serve`: the console in a browser."""

import sys
import webbrowser

import click

from volver.cli.output import Context, tell_story


@click.command(name="serve")
@click.option("--host", default="127.0.0.1", help="Address to listen on (default: this machine only).")
@click.option("--port", default=8080, type=click.IntRange(0, 65535), help="Port; 0 takes any free one.")
@click.option("--allow-host", "hosts", multiple=True, help="Another host name to answer to; may be given again.")
@click.option("--link/--no-link", default=True, help="Print a one-time login link.")
@click.option("--open", "show", is_flag=True, help="Open a browser.")
@click.option("--work/--no-work", default=True, help="Also do the work that is due, as `volver work` does.")
@click.pass_obj
def command(context: Context, host: str, port: int, hosts: tuple[str, ...], link: bool, show: bool, work: bool) -> None:
    """Serve the console, and do the work that is due.

    Example: volver --shop myshop serve --port 8080
    """
    from volver.app import runner, web
    from volver.server import ServerSettings, login_link, serve

    with context.open_shop() as shop:

        def ready(address: str) -> None:
            tell_story(f"The console of {shop.settings.name}: {address}")
            target = address
            if link:
                target = login_link(shop, address)
                tell_story(f"Log in once with: {target}")
            tell_story("Stop with Ctrl+C.")
            if show and sys.stderr.isatty():
                webbrowser.open(target)

        working = runner(shop, rooms=context.rooms) if work else None
        proxies = shop.settings.of(ServerSettings).proxies
        made = lambda names: web(shop, names, context.rooms, working)  # noqa: E731
        serve(made, host, port, hosts=hosts, proxies=proxies, ready=ready)
