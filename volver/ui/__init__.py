"""Seeing: the console's pages. Given a shop and a request, HTML. Names load when they are used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volver.ui.doors import error_page as error_page
    from volver.ui.doors import login_page as login_page
    from volver.ui.doors import routes as routes
    from volver.ui.rendering import render_page as render_page
    from volver.ui.rendering import static_folder as static_folder
    from volver.ui.speech import Speech as Speech

_WHERE = {
    "error_page": "doors",
    "login_page": "doors",
    "render_page": "rendering",
    "routes": "doors",
    "Speech": "speech",
    "static_folder": "rendering",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"volver.ui.{_WHERE[name]}"), name)
