"""What collect brings: imports on the command line and over the API."""

from typing import Final

from volver.core.room import Command, Room
from volver.core.words import Words

ROOM: Final = Room(
    name="collect",
    label=Words("Collect"),
    commands=(
        Command(
            name="collect",
            where="volver.cli.collect.commands:group",
            says="Bring in orders, products and customers.",
        ),
    ),
    questions="volver.collect.questions:QUESTIONS",
    lake="volver.store.tables.collect:TABLES",
)
