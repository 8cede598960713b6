"""Answers for programs: JSON, also when it goes wrong."""

from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from volver.core import VolverError, log


class NoSuchAddress(VolverError):
    """An address that is not there for programs."""

    code = "server.no_such_address"
    says = "There is no such address, or it does not take this method."
    hint = "See /api/v1/openapi.json."
    status = 404


class Fault(VolverError):
    """Something that should not have happened."""

    code = "server.fault"
    says = "Something broke on our side."
    hint = "Nothing was lost. Try again; `volver doctor` checks the shop."
    status = 500


def reply(content: Any, status: int = 200) -> Response:
    """A value as JSON; days are texts."""
    return Response(msgspec.json.encode(content), status_code=status, media_type="application/json")


def refused(problem: VolverError) -> Response:
    """An error as an answer."""
    return reply(problem.envelope(), problem.status)


async def no_address(_request: Request, _problem: Exception) -> Response:
    """What stands nowhere."""
    return refused(NoSuchAddress())


async def our_problem(_request: Request, problem: Exception) -> Response:
    """An error of ours."""
    return refused(problem if isinstance(problem, VolverError) else Fault())


async def fault(request: Request, problem: Exception) -> Response:
    """What should not have happened; the log names the address and the kind."""
    log("server").error("answer failed", extra={"path": request.url.path, "error": type(problem).__name__})
    return refused(Fault())


async def gone(_request: Request, _problem: Exception) -> Response:
    """Nobody is there to read an answer; that is no fault of ours."""
    return Response(status_code=400)


PROBLEMS: dict[Any, Any] = {HTTPException: no_address, VolverError: our_problem, ClientDisconnect: gone, 500: fault}
