"""Seeing: the console's pages. Given a shop and a request, HTML. Names load when they are used."""

from typing import TYPE_CHECKING

from volver.core.doors import lazy

if TYPE_CHECKING:
    from volver.ui.collect.aside_file import write_aside as write_aside
    from volver.ui.know.segments_file import segments_file as segments_file
    from volver.ui.shared.alone import error_page as error_page
    from volver.ui.shared.alone import login_page as login_page
    from volver.ui.shared.files import file_answer as file_answer
    from volver.ui.shared.formatting import Speech as Speech
    from volver.ui.shared.navigation import Navigation as Navigation
    from volver.ui.shared.rendering import render_page as render_page
    from volver.ui.shared.rendering import static_folder as static_folder

__getattr__ = lazy(__name__, __file__)
