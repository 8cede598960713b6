"""The pages that stand alone: the login form, and a problem told calmly."""

from starlette.requests import Request
from starlette.responses import Response

from volver.core import Words
from volver.store import Shop
from volver.ui.shared.rendering import render_page


def login_page(request: Request, shop: Shop, problem: Words | None = None, status: int = 200) -> Response:
    """The login form; `problem` says why the last try failed."""
    query = request.url.query if request.url.path == "/login" else ""
    return render_page(request, shop, "login.html", status, problem=problem, action=f"/login{query and '?' + query}")


def error_page(request: Request, shop: Shop, status: int, says: Words, hint: Words | None = None) -> Response:
    """A problem told calmly: what happened, and what to do about it."""
    return render_page(request, shop, "error.html", status, status=status, says=says, hint=hint)
