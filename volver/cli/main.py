"""The root command: which groups the rooms bring, which shop they work on, how errors are told."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from volver import __version__
from volver.app import ROOMS
from volver.cli.output import Context, tell_error
from volver.core import Room, VolverError, found


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that help stays quick."""

    rooms: Sequence[Room] = ROOMS

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Every command, imported or not."""
        return [each.name for room in self.rooms for each in room.commands]

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command and return it; None for a name that is none."""
        wanted = (each for room in self.rooms for each in room.commands if each.name == cmd_name)
        for each in wanted:
            command: click.Command = found(each.where)
            return command
        return None

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(each.name, each.says) for room in self.rooms for each in room.commands])


def root_of(rooms: Sequence[Room]) -> click.Group:
    """The command `volver` of these rooms."""

    @click.group(name="volver", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
    @click.option(
        "--shop", metavar="PATH", envvar="VOLVER_SHOP", help="The shop's directory (default: VOLVER_SHOP or here)."
    )
    @click.version_option(__version__, prog_name="volver")
    @click.pass_context
    def root(ctx: click.Context, shop: str | None) -> None:
        """Volver: who will come back to your shop, and what they will be worth.

        Example: volver demo
        """
        ctx.obj = Context(shop_path=shop, rooms=rooms)

    root.rooms = rooms
    return root


root = root_of(ROOMS)


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


def main(arguments: list[str] | None = None, rooms: Sequence[Room] = ROOMS) -> Any:
    """Run the command line of these rooms; errors of ours end with exit code 1 and say what to do."""
    words = shop_first(sys.argv[1:] if arguments is None else arguments)
    try:
        root_of(rooms).main(args=words, prog_name="volver", standalone_mode=False)
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
