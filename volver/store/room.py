"""What the store brings: making and checking a shop, its settings, the spines of the lake."""

from typing import Final

from volver.core.room import Command, Room

ROOM: Final = Room(
    name="store",
    commands=(
        Command(name="init", where="volver.cli.store.init:command", says="Make a new shop."),
        Command(name="doctor", where="volver.cli.store.doctor:command", says="Check that a shop is healthy."),
        Command(
            name="settings",
            where="volver.cli.store.settings:command",
            says="Show every setting and where it comes from.",
        ),
    ),
    settings="volver.store.settings:StoreSettings",
    lake="volver.store.tables.store:TABLES",
    checks=("volver.store.health:check_shop",),
)
