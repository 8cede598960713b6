"""`--csv`: a list that leaves the command line as a file, in the shop's language."""

import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from volver.cli.output import Context, tell_json, tell_story
from volver.core import VolverError

if TYPE_CHECKING:
    from volver.know import Choice


class NoSuchFolder(VolverError):
    """A file cannot be where it was wanted."""

    code = "cli.no_such_folder"
    says = "A file cannot be written there."
    hint = "Name a file in a folder that exists and that you may write to."


def save_customers(context: Context, choice: "Choice", path: str, at: date | None, as_json: bool) -> None:
    """Write everybody whom a choice names to a file, and say how many; a file of that name is replaced at the end."""
    from volver import know
    from volver.ui import Speech

    with context.open_shop() as shop:
        told = shop.settings
        spoken = Speech(lang=told.lang, currency=told.currency, zone=told.timezone)
        folder = shop.compute.workdir("export")
        try:
            made = folder / "made.csv"
            rows = know.customers_csv(shop, made, say=spoken.words, marks=spoken.csv_marks, choice=choice, at=at)
            _put(made, path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        tell_json({"file": path, "customers": rows})
    else:
        tell_story(f"{rows:,} customers are in {path}.")


def _put(made: Path, path: str) -> None:
    try:
        shutil.copyfile(made, path)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        raise NoSuchFolder from None
