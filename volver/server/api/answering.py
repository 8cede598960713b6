"""The API over HTTP: questions of the rooms in, typed answers out, errors as their envelope.

Every answer is worked out in a thread. Logs name the question and the kind of problem, never a parameter.
"""

import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from anyio import open_file
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from volver.core import Question, Room, VolverError, found, log
from volver.server.api.openapi import PREFIX, description
from volver.server.cookies import SESSION, Cookies
from volver.server.doors import Door
from volver.server.json_answers import refused, reply
from volver.store import Shop
from volver.ui import Speech, file_answer


class BadBody(VolverError):
    """A body that is not what a question takes."""

    code = "server.bad_body"
    says = "The body cannot be read ({where})."
    hint = "Send JSON as /api/v1/openapi.json describes it for this address."


def questions_of(rooms: Sequence[Room]) -> tuple[Question, ...]:
    """Every question that the rooms bring."""
    return tuple(each for room in rooms if room.questions for each in found(room.questions))


def api_doors(shop: Shop, rooms: Sequence[Room]) -> list[Door]:
    """The API's addresses for a shop, below `/api`."""
    questions, cookies = questions_of(rooms), Cookies(shop)

    async def described(_request: Request) -> Response:
        return reply(description(questions, await run_in_threadpool(cookies.name, SESSION)))

    def door(each: Question) -> Door:
        answer = _answering(shop, each)
        most = each.largest_bytes
        return Door(PREFIX + each.path, answer, methods=[each.method], right=each.right, largest_bytes=most)

    opened = Door(f"{PREFIX}/openapi.json", described, methods=["GET"], right="open", largest_bytes=0)
    return [opened, *(door(each) for each in questions)]


def _answering(shop: Shop, question: Question) -> Callable[[Request], Awaitable[Response]]:
    def work(asked: dict[str, Any]) -> Response:
        given = question.answer(shop, **asked)
        typed = given if isinstance(given, question.replies) else msgspec.convert(given, question.replies)
        return reply(typed)

    def made(asked: dict[str, Any]) -> Response:
        name = f"{question.name}.csv"
        return file_answer(shop, name, lambda target: question.answer(shop, target=target, **asked), question.gives)

    async def answer(request: Request) -> Response:
        folder: Path | None = None
        try:
            asked = question.read(request.query_params.multi_items(), request.path_params)
            if question.speaks:
                spoken = _speech(shop, asked.pop("lang", "en"))
                asked["say"] = spoken.words
                if question.gives:
                    asked["marks"] = spoken.csv_marks
            if question.takes is not None:
                asked["body"] = _read(await request.body(), question.takes)
            if question.takes_file:
                folder = shop.compute.workdir("upload")
                asked["file"] = await _kept(request, folder)
            if question.gives:
                return await run_in_threadpool(made, asked)
            return await run_in_threadpool(work, asked)
        except VolverError as problem:
            log("server").info("api refused", extra={"question": question.name, "code": problem.code})
            return refused(problem)
        finally:
            if folder is not None:
                await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)

    return answer


def _speech(shop: Shop, lang: str) -> Speech:
    return Speech(lang=lang, currency=shop.settings.currency, zone=shop.settings.timezone)


def _read(body: bytes, wanted: type) -> Any:
    """A JSON body; an empty one is an empty object. Says where it is wrong, never what was sent."""
    try:
        return msgspec.json.decode(body or b"{}", type=wanted)
    except msgspec.ValidationError as problem:
        raise BadBody(where=str(problem).rpartition(" - at ")[2].strip("`")) from None
    except msgspec.DecodeError:
        raise BadBody(where="it is not JSON") from None


async def _kept(request: Request, folder: Path) -> Path:
    """The body as a file, written as it comes."""
    path = folder / "body"
    async with await open_file(path, "wb") as file:
        async for chunk in request.stream():
            await file.write(chunk)
    return path
