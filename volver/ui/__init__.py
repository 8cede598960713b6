"""Seeing: the console's pages. Given a shop and a request, HTML. Names load when they are used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volver.ui.shared.alone import error_page as error_page
    from volver.ui.shared.alone import login_page as login_page
    from volver.ui.shared.formatting import Speech as Speech
    from volver.ui.shared.navigation import Navigation as Navigation
    from volver.ui.shared.rendering import render_page as render_page
    from volver.ui.shared.rendering import static_folder as static_folder

_WHERE = {
    "Navigation": "shared.navigation",
    "error_page": "shared.alone",
    "login_page": "shared.alone",
    "render_page": "shared.rendering",
    "Speech": "shared.formatting",
    "static_folder": "shared.rendering",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"volver.ui.{_WHERE[name]}"), name)
