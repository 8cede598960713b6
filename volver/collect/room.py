"""What collect brings: imports on the command line, over the API and as jobs, and how batches reach the lake."""

from typing import Final

from volver.core.room import Command, Job, Projection, Room
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
    jobs=(
        Job(
            name="collect.import",
            where="volver.collect.incoming:bring",
            says=Words("Import files"),
            lease_s=120,
            most_attempts=3,
            priority=20,
        ),
        Job(
            name="collect.sweep",
            where="volver.collect.incoming:sweep",
            says=Words("Remove files that are imported"),
            after="collect.import",
        ),
    ),
    projections=(Projection(name="collect.batches", kinds=("batch",), where="volver.collect.ledger.batch:take"),),
    lake="volver.store.tables.collect:TABLES",
    settings="volver.collect.settings:CollectSettings",
)
