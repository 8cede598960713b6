"""The root command: which groups the rooms bring, which shop they work on, how errors are told."""

import io
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

import click

from volver import __version__
from volver.app import ROOMS
from volver.cli.accidents import accident
from volver.cli.output import Context, say, tell_error
from volver.core import Room, VolverError
from volver.core import found as found_at

_LIKE = 0.7  # so much alike are a name and its misspelling


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
            command: click.Command = found_at(each.where)
            return command
        return None

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(each.name, each.says) for room in self.rooms for each in room.commands])


def root_of(rooms: Sequence[Room], done: list[str] | None = None) -> click.Group:
    """The command `volver` of these rooms; `done` gathers what holds whatever comes."""

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
        ctx.obj = Context(shop_path=shop, rooms=rooms, done=[] if done is None else done)

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
    """Run the command line of these rooms; errors of ours end with exit code 1 and say what to do.

    So do accidents of the machine, with what was done before; Ctrl+C ends with 130. A fault of ours is raised.
    """
    words = shop_first(sys.argv[1:] if arguments is None else arguments)
    done: list[str] = []
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        root_of(rooms, done).main(args=words, prog_name="volver", standalone_mode=False)
    except VolverError as problem:
        _fail(problem, done, words)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.ClickException as problem:
        shown = io.StringIO()
        problem.show(file=shown)
        say(shown.getvalue().rstrip("\n") + _meant(problem, rooms), err=True)
        sys.exit(problem.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("\n".join(["Stopped.", *done]), err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # what is left to say at the end has nobody to hear it
        sys.exit(1)
    except Exception as problem:  # the edge: what is no accident is raised again
        found = accident(problem)
        if found is None:
            raise
        _fail(found, done, words)


def _fail(problem: VolverError, done: Sequence[str], words: Sequence[str]) -> None:
    """Tell an error, and what holds all the same."""
    tell_error(problem, as_json="--json" in words)
    if done:
        say("\n".join(done), err=True)
    sys.exit(1)


def _meant(problem: click.ClickException, rooms: Sequence[Room]) -> str:
    """The command that was probably meant, where there is none of that name."""
    wrong = re.match(r"No such command '(.+?)'", problem.format_message())
    if wrong is None or "Did you mean" in problem.format_message():
        return ""
    import difflib

    told = getattr(problem, "ctx", None)
    within = told.command_path.partition(" ")[2] if told is not None else ""
    known = {name: name for room in rooms for name in (each.name for each in room.commands)}
    for room in rooms:
        for each in room.commands:
            group: Any = found_at(each.where)
            known |= {f"{each.name} {name}": name for name in getattr(group, "commands", {})}
    known = {path: name for path, name in known.items() if path.startswith(within)}
    likely = [(difflib.SequenceMatcher(None, wrong[1].lower(), name).ratio(), path) for path, name in known.items()]
    score, best = max(likely, default=(0.0, ""))
    return f"\nDid you mean `volver {best}`?" if score >= _LIKE else ""
