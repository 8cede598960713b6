"""The rows that were set aside as a file: whole, with where they stood and why they could not be used."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from volver.collect import AsideRow, waiting
from volver.core import Words
from volver.know import today
from volver.store import CsvColumn, CsvMarks, Shop, write_csv_rows
from volver.ui.collect.aside import cells_of
from volver.ui.collect.vocabulary import reason_words
from volver.ui.shared.files import file_answer, file_name
from volver.ui.shared.formatting import Speech
from volver.ui.shared.rendering import speech_of

_AT_ONCE = 10_000


def aside_csv_page(shop: Shop) -> Callable[[Request], Response]:
    """The handler of `/imports/aside.csv`."""

    def save(request: Request) -> Response:
        spoken = speech_of(request, shop)
        name = file_name(spoken.text("Rows set aside"), today(shop).day)
        return file_answer(shop, name, lambda target: write_aside(shop, target, spoken, spoken.csv_marks))

    return save


def write_aside(shop: Shop, target: Path, spoken: Speech, marks: CsvMarks) -> int:
    """Write every row that waits to a file; how many. Some thousands are read and written at a time."""
    columns = (
        CsvColumn(sql="why", heading=spoken.words(Words("Why")), kind="text"),
        CsvColumn(sql="file", heading=spoken.words(Words("File")), kind="text"),
        CsvColumn(sql="row_no", heading=spoken.words(Words("Row")), kind="count"),
        CsvColumn(sql="cells", heading=spoken.words(Words("What it says")), kind="text"),
    )

    def told(row: AsideRow) -> dict[str, object]:
        why = spoken.words(reason_words(row.reason))
        return {"why": why, "file": row.file, "row_no": row.row_no, "cells": cells_of(row)}

    left, written = waiting(shop), 0
    connection = shop.compute.connection()
    try:
        while (rows := [told(each) for each in islice(left, _AT_ONCE)]) or not written:
            written += write_csv_rows(connection, target, columns, rows, marks, more=written > 0)
            if len(rows) < _AT_ONCE:
                break
    finally:
        connection.close()
    return written
