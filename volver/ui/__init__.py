"""Seeing: the console's pages. Given a shop and a request, HTML. Names load when they are used."""

from typing import TYPE_CHECKING

from volver.core.doors import lazy

if TYPE_CHECKING:
    from volver.ui.doors import error_page as error_page
    from volver.ui.doors import login_page as login_page
    from volver.ui.doors import routes as routes
    from volver.ui.rendering import render_page as render_page
    from volver.ui.rendering import static_folder as static_folder
    from volver.ui.speech import Speech as Speech

__getattr__ = lazy(__name__, __file__)
