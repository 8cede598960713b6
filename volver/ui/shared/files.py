"""Answers that are files: made in a folder of their own, sent as they are read, removed when they are sent or not."""

import re
import shutil
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyio import CancelScope, open_file, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from volver.know import today
from volver.store import CSV_TYPE, CsvColumn, CsvMarks, Shop, write_csv_rows
from volver.ui.shared.formatting import Speech
from volver.ui.shared.rendering import speech_of

_AT_ONCE = 256 * 1024
_NO_NAME = re.compile(r"[^a-z0-9]+")


class FileAnswer(Response):
    """A file that is there as long as it is sent; it is made for one request, so no part of it is asked for again."""

    def __init__(self, folder: Path, path: Path, name: str, media_type: str) -> None:
        headers = {"content-disposition": f'attachment; filename="{name}"', "content-length": str(path.stat().st_size)}
        super().__init__(headers=headers, media_type=media_type)
        self._folder, self._path = folder, path

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it, and remove it however that ends."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async with await open_file(self._path, "rb") as file:
                while scope["method"] != "HEAD" and (chunk := await file.read(_AT_ONCE)):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(lambda: shutil.rmtree(self._folder, ignore_errors=True))


def file_answer(shop: Shop, name: str, write: Callable[[Path], Any], media_type: str = CSV_TYPE) -> FileAnswer:
    """What `write` puts into a file, to be saved under a name."""
    folder = shop.compute.workdir("export")
    try:
        write(folder / "made")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return FileAnswer(folder, folder / "made", name, media_type)


def file_name(*parts: object, ending: str = "csv") -> str:
    """A name for a file, of what is in it; letters and digits that every system takes.

    >>> file_name("Campeones de Núñez", "2026-06-30")
    'campeones-de-nunez-2026-06-30.csv'
    """
    told = unicodedata.normalize("NFD", " ".join(str(each) for each in parts if each).lower())
    plain = "".join(char for char in told if not unicodedata.combining(char))
    return f"{_NO_NAME.sub('-', plain).strip('-') or 'list'}.{ending}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """A table of totals as it leaves: columns whose `sql` names a key of the rows, and the rows."""

    columns: tuple[CsvColumn, ...]
    rows: Sequence[Mapping[str, Any]]

    def write(self, shop: Shop, target: Path, marks: CsvMarks) -> int:
        """Write it to a file; how many rows."""
        connection = shop.compute.connection()
        try:
            return write_csv_rows(connection, target, self.columns, self.rows, marks)
        finally:
            connection.close()


def table_page(
    name: str, table: Callable[[Shop, Speech], TableFile]
) -> Callable[[Shop], Callable[[Request], Response]]:
    """What makes the handler of an address that gives a table of totals as a file, called by its English name."""

    def page(shop: Shop) -> Callable[[Request], Response]:
        def save(request: Request) -> Response:
            spoken = speech_of(request, shop)
            found = table(shop, spoken)
            title = file_name(spoken.text(name), _day_of(shop))
            return file_answer(shop, title, lambda target: found.write(shop, target, spoken.csv_marks))

        return save

    return page


def _day_of(shop: Shop) -> object:
    """The day that the totals are as of."""
    return today(shop).day
