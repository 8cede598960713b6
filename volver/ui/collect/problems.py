"""A problem of bringing files in, told on a page."""

from starlette.requests import Request
from starlette.responses import Response

from volver.core import VolverError, Words
from volver.store import Shop
from volver.ui.shared.rendering import render_page


def problem_page(request: Request, shop: Shop, problem: VolverError) -> Response:
    """What happened and what to do, in the reader's language."""
    says, hint = Words(problem.says, problem.facts), Words(problem.hint, problem.facts)
    return render_page(request, shop, "error.html", problem.status, status=problem.status, says=says, hint=hint)
