"""Files that a browser sends: a form is taken apart as it comes, each file goes to the shop's disk piece by piece."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from volver.collect import NoSuchUpload, Receiving, ask_trial, begin_upload, forget_upload, upload_of
from volver.core import VolverError
from volver.store import Shop
from volver.ui.collect.problems import problem_page

_PIECE: Final = 1024 * 1024  # written to the disk at once
_MOST_FILES: Final = 200


class BadForm(VolverError):
    """A form that is not taken apart."""

    code = "collect.bad_form"
    says = "What was sent cannot be read as files."
    hint = "Go back, choose the files again and send them."


class NothingSent(VolverError):
    """A form without a file."""

    code = "collect.nothing_sent"
    says = "No file was chosen."
    hint = "Choose one or more files, then send them."


@dataclass(slots=True)
class _Parts:
    """What the parser found since it was last asked: `("file", name)`, `("data", bytes)`, `("end", None)`."""

    found: list[tuple[str, Any]] = field(default_factory=list)
    header: bytes = b""
    value: bytes = b""
    disposition: bytes = b""

    def callbacks(self) -> Any:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, a, b: setattr(self, "header", self.header + data[a:b]),
            "on_header_value": lambda data, a, b: setattr(self, "value", self.value + data[a:b]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_part_data": lambda data, a, b: self.found.append(("data", data[a:b])),
            "on_part_end": lambda: self.found.append(("end", None)),
        }

    def _begin(self) -> None:
        self.header = self.value = self.disposition = b""

    def _header_end(self) -> None:
        if self.header.lower() == b"content-disposition":
            self.disposition = self.value
        self.header = self.value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self.disposition)
        name = options.get(b"filename")
        self.found.append(("file", name.decode("utf-8", "replace") if name is not None else None))


def receive_page(shop: Shop) -> Callable[[Request], Awaitable[Response]]:
    """The handler of the form with files: they are kept and tried, and the reader is led to what they are."""

    async def take(request: Request) -> Response:
        upload = await run_in_threadpool(begin_upload, shop)
        try:
            await _kept(request, shop, upload)
            await run_in_threadpool(upload_of, shop, upload)
            await run_in_threadpool(ask_trial, shop, upload, {})
        except BaseException as problem:
            await run_in_threadpool(forget_upload, shop, upload)
            if isinstance(problem, NoSuchUpload):
                return problem_page(request, shop, NothingSent())
            if isinstance(problem, VolverError):
                return problem_page(request, shop, problem)
            if isinstance(problem, ClientDisconnect):
                return Response(status_code=400)
            raise
        return RedirectResponse(f"/imports/files/{upload}", 303)

    return take


async def _kept(request: Request, shop: Shop, upload: str) -> None:
    """Every file of the form on the disk. Raises `collect.bad_form` and what `Receiving` raises; leaves no part."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise BadForm
    coming: Receiving | None = None
    waiting, n_files = bytearray(), 0
    try:
        async for what, value in _pieces(request, options[b"boundary"]):
            if what == "file" and value:
                n_files += 1
                if n_files > _MOST_FILES:
                    raise BadForm
                coming = await run_in_threadpool(Receiving, shop, upload, value)
            elif what == "data" and coming is not None:
                waiting += value
                if len(waiting) >= _PIECE:
                    await run_in_threadpool(coming.write, bytes(waiting))
                    waiting.clear()
            elif what == "end" and coming is not None:
                await run_in_threadpool(coming.write, bytes(waiting))
                waiting.clear()
                await run_in_threadpool(coming.keep)
                coming = None
        if coming is not None:
            raise BadForm
    finally:
        if coming is not None:
            await run_in_threadpool(coming.drop)


async def _pieces(request: Request, boundary: bytes) -> AsyncIterator[tuple[str, Any]]:
    parts = _Parts()
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        async for chunk in request.stream():
            parser.write(chunk)
            for each in parts.found:
                yield each
            parts.found.clear()
        parser.finalize()
    except FormParserError as problem:
        raise BadForm from problem
