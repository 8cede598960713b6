"""Which page stands at which address, and the two pages that a server shows on its own: login and errors."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from volver.core import Words
from volver.store import Shop
from volver.ui.customer import customer_pages
from volver.ui.customers import customers_pages
from volver.ui.home import home_page
from volver.ui.jobs import change_job, jobs_page
from volver.ui.rendering import render_page
from volver.ui.segments import segments_page
from volver.ui.value import value_page
from volver.ui.value_model import publish_again


def routes(shop: Shop) -> list[Route]:
    """The console's pages and fragments for a shop; the server guards them."""
    people, person = customers_pages(shop), customer_pages(shop)
    return [
        Route("/", home_page(shop)),
        Route("/customers", people.show, methods=["GET"]),
        Route("/customers", people.search, methods=["POST"]),
        Route("/find", people.find, methods=["POST"]),
        Route("/customers/{id:int}", person.show),
        Route("/segments", segments_page(shop)),
        Route("/jobs", jobs_page(shop)),
        Route("/jobs/{id:int}", change_job(shop), methods=["POST"]),
        Route("/value", value_page(shop)),
        Route("/value/models", publish_again(shop), methods=["POST"]),
    ]


def login_page(request: Request, shop: Shop, problem: Words | None = None, status: int = 200) -> Response:
    """The login form; `problem` says why the last try failed."""
    query = request.url.query if request.url.path == "/login" else ""
    return render_page(request, shop, "login.html", status, problem=problem, action=f"/login{query and '?' + query}")


def error_page(request: Request, shop: Shop, status: int, says: Words, hint: Words | None = None) -> Response:
    """A problem told calmly: what happened, and what to do about it."""
    return render_page(request, shop, "error.html", status, status=status, says=says, hint=hint)
