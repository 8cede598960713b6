"""`--csv`: a list that leaves the command line as a file, in the shop's language."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from volver.cli.output import tell_json, tell_story
from volver.core import VolverError

if TYPE_CHECKING:
    from volver.store import Shop
    from volver.ui import Speech

csv_option = click.option(
    "--csv", "csv_path", type=click.Path(dir_okay=False), help="Write them all to this file instead."
)


class NoSuchFolder(VolverError):
    """A file cannot be where it was wanted."""

    code = "cli.no_such_folder"
    says = "A file cannot be written there."
    hint = "Name a file in a folder that exists and that you may write to."


def save_csv(shop: "Shop", path: str, write: "Callable[[Path, Speech], int]", *, what: str, as_json: bool) -> None:
    """Let `write` fill a file, and say how many of what it holds; one of that name is replaced once it is whole.

    Raises `cli.no_such_folder`.
    """
    from volver.ui import Speech

    told = shop.settings
    folder = shop.compute.workdir("export")
    try:
        made = folder / "made.csv"
        rows = write(made, Speech(lang=told.lang, currency=told.currency, zone=told.timezone))
        try:
            shutil.copyfile(made, path)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            raise NoSuchFolder from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        tell_json({"file": path, what: rows})
    else:
        tell_story(f"{rows:,} {what} are in {path}.")
