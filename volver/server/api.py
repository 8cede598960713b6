"""The API over HTTP: questions in, the command line's JSON out, errors as their envelope.

Every answer is worked out in a thread; long work one piece at a time. Logs name the question and the kind of problem,
never a parameter.
"""

from collections.abc import Awaitable, Callable
from json import dumps
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from volver.core import VolverError, log
from volver.server.openapi import ROOT, description
from volver.server.questions import QUESTIONS, Question
from volver.store import Shop, one_at_a_time


class NoSuchAddress(VolverError):
    """An address that the API does not have."""

    code = "server.no_such_address"
    says = "The API has no such address, or does not take this method there."
    hint = "See /api/v1/openapi.json."
    status = 404


class Fault(VolverError):
    """Something that should not have happened."""

    code = "server.fault"
    says = "Something broke on our side."
    hint = "Nothing was lost. Try again; `volver doctor` checks the shop."
    status = 500


class Reply(JSONResponse):
    """JSON as the command line writes it: dates as text, letters as they are."""

    def render(self, content: Any) -> bytes:
        """The bytes of an answer."""
        return dumps(content, ensure_ascii=False, allow_nan=False, default=str).encode()


def api_routes(shop: Shop) -> list[BaseRoute]:
    """The API's addresses for a shop; the server guards them."""

    async def described(_request: Request) -> Response:
        return Reply(description())

    found: list[BaseRoute] = [Route(f"{ROOT}/openapi.json", described, methods=["GET"])]
    found += [Route(ROOT + each.path, _answering(shop, each), methods=[each.method]) for each in QUESTIONS]
    return found


def refused(problem: VolverError) -> Response:
    """An error as an answer."""
    return Reply(problem.envelope(), problem.status)


def _answering(shop: Shop, question: Question) -> Callable[[Request], Awaitable[Response]]:
    def work(asked: dict[str, Any]) -> Any:
        if not question.is_long:
            return question.answer(shop, **asked)
        with one_at_a_time(shop):
            return question.answer(shop, **asked)

    async def answer(request: Request) -> Response:
        try:
            asked = question.read(request.query_params.multi_items(), request.path_params)
            return Reply(await run_in_threadpool(work, asked))
        except VolverError as problem:
            log("server").info("api refused", extra={"question": question.name, "code": problem.code})
            return refused(problem)

    return answer
