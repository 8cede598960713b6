"""What the server brings: the commands that serve a shop and let people and programs in, entering, the first page."""

from typing import Final

from volver.core.room import Command, Page, Place, Room
from volver.core.words import Words

_ENTERING: Final = "volver.server.console.entering"
ROOM: Final = Room(
    name="server",
    commands=(
        Command(name="demo", where="volver.cli.server.demo:command", says="Build a demo shop and open its console."),
        Command(
            name="serve",
            where="volver.cli.server.serve:command",
            says="Serve the console, and do the work that is due.",
        ),
        Command(name="account", where="volver.cli.server.account:group", says="People who may open the console."),
        Command(name="session", where="volver.cli.server.session:group", says="Sessions that are open in browsers."),
        Command(name="token", where="volver.cli.server.token:group", says="Tokens with which programs ask the API."),
        Command(name="key", where="volver.cli.server.key:group", says="Write keys with which pages send events."),
    ),
    pages=(
        Page(path="/login", where=f"{_ENTERING}:login", methods=("GET", "POST"), right="open"),
        Page(path="/enter", where=f"{_ENTERING}:enter", right="open"),
        Page(path="/language", where=f"{_ENTERING}:language", methods=("POST",), right="open"),
        Page(path="/logout", where=f"{_ENTERING}:leave", methods=("POST",), right="self"),
        Page(path="/theme", where=f"{_ENTERING}:theme", methods=("POST",), right="self"),
        Page(path="/", where="volver.ui.know.home:home_page"),
    ),
    settings="volver.server.settings:ServerSettings",
    places=(Place(path="/", icon="house", label=Words("Home"), key="h"),),
)
