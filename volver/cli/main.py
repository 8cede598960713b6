"""The root command: which groups exist, which shop they work on, how errors are told."""

import sys
from importlib import import_module
from typing import Any

import click

from volver import __version__
from volver.cli.tell import Context, tell_error
from volver.core.errors import VolverError

_COMMANDS = {
    "init": ("volver.cli.init", "command", "Make a new shop."),
    "demo": ("volver.cli.demo", "command", "Build a demo shop and open its console."),
    "serve": ("volver.cli.serve", "command", "Serve the console, and do the work that is due."),
    "work": ("volver.cli.work", "command", "Do the work that is due."),
    "jobs": ("volver.cli.jobs", "group", "The work of a shop: what runs, what failed, what waits."),
    "doctor": ("volver.cli.doctor", "command", "Check that a shop is healthy."),
    "settings": ("volver.cli.settings", "command", "Show every setting and where it comes from."),
    "collect": ("volver.cli.collect", "group", "Bring in orders, products and customers."),
    "know": ("volver.cli.know", "group", "Customers, stages, segments and key figures."),
    "predict": ("volver.cli.predict", "group", "What customers will be worth, and how sure that is."),
    "token": ("volver.cli.token", "group", "Tokens with which programs ask the API."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that help stays quick."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Every command, imported or not."""
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command and return it; None for a name that is none."""
        if cmd_name not in _COMMANDS:
            return None
        module, name, _ = _COMMANDS[cmd_name]
        found: click.Command = getattr(import_module(module), name)
        return found

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, _, words) in _COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--shop", metavar="PATH", envvar="VOLVER_SHOP", help="The shop's directory (default: VOLVER_SHOP or here)."
)
@click.version_option(__version__, prog_name="volver")
@click.pass_context
def root(ctx: click.Context, shop: str | None) -> None:
    """Volver: who will come back to your shop, and what they will be worth.

    Example: volver demo
    """
    ctx.obj = Context(shop_path=shop)


def shop_first(words: list[str]) -> list[str]:
    """Move `--shop PATH` to the front, so that it may stand anywhere.

    >>> shop_first(["know", "kpi", "--shop", "north"])
    ['--shop', 'north', 'know', 'kpi']
    """
    for at, word in enumerate(words):
        if word == "--":
            break
        if word.startswith("--shop="):
            return [word, *words[:at], *words[at + 1 :]]
        if word == "--shop" and at + 1 < len(words):
            return [word, words[at + 1], *words[:at], *words[at + 2 :]]
    return words


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; errors of ours end with exit code 1 and say what to do."""
    words = shop_first(sys.argv[1:] if arguments is None else arguments)
    try:
        root.main(args=words, prog_name="volver", standalone_mode=False)
    except VolverError as problem:
        tell_error(problem, as_json="--json" in words)
        sys.exit(1)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
