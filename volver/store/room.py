"""What the store brings: making and checking a shop, its settings, the work that is due, the spines of the lake."""

from typing import Final

from volver.core.room import Command, Deed, Job, Page, Room
from volver.core.words import Words

ROOM: Final = Room(
    name="store",
    commands=(
        Command(name="init", where="volver.cli.store.init:command", says="Make a new shop."),
        Command(name="doctor", where="volver.cli.store.doctor:command", says="Check that a shop is healthy."),
        Command(name="backup", where="volver.cli.store.backup:backup", says="Write the whole shop into one file."),
        Command(name="restore", where="volver.cli.store.backup:restore", says="Make the shop of a backup."),
        Command(name="work", where="volver.cli.store.work:command", says="Do the work that is due."),
        Command(
            name="jobs",
            where="volver.cli.store.jobs:group",
            says="The work of a shop: what runs, what failed, what waits.",
        ),
        Command(
            name="settings",
            where="volver.cli.store.settings:command",
            says="Show every setting and where it comes from.",
        ),
    ),
    questions="volver.store.questions:QUESTIONS",
    pages=(
        Page(path="/jobs", where="volver.ui.store.jobs:jobs_page"),
        Page(path="/jobs/{id:int}", where="volver.ui.store.jobs:change_job", methods=("POST",), right="bring"),
    ),
    deeds=(Deed(path="/jobs", icon="hourglass", label=Words("Jobs")),),
    jobs=(
        Job(
            name="store.upkeep",
            where="volver.store.upkeep:upkeep",
            says=Words("Keep the lake small and quick"),
            every_s=6 * 3600,
            priority=-10,
        ),
        Job(
            name="store.retention",
            where="volver.store.upkeep:retention",
            says=Words("Forget work that ended long ago"),
            every_s=24 * 3600,
            priority=-10,
        ),
    ),
    metrics=("volver.store.metrics:store_metrics",),
    warms=("volver.ui.shared.rendering:hold_templates",),
    settings="volver.store.settings:StoreSettings",
    lake="volver.store.tables.store:TABLES",
    checks=("volver.store.health:check_shop",),
)
