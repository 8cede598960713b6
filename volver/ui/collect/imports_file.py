"""What was imported as a file: every import, newest first, with its rows, orders and money."""

from datetime import datetime
from typing import Any, Final

from volver.collect import Import, imports
from volver.core import Words, day_of
from volver.store import CsvColumn, CsvKind, Shop
from volver.ui.collect.reports import e4_of
from volver.ui.shared.files import TableFile, table_page
from volver.ui.shared.formatting import Speech

_COLUMNS: Final[tuple[tuple[str, Words, CsvKind], ...]] = (
    ("number", Words("Number"), "count"),
    ("day", Words("Day"), "day"),
    ("files", Words("Files"), "text"),
    ("rows", Words("Rows added"), "count"),
    ("new", Words("New orders"), "count"),
    ("changed", Words("Changed"), "count"),
    ("net_e4", Words("Revenue"), "money"),
    ("undone", Words("taken back"), "text"),
)


def imports_file(shop: Shop, spoken: Speech) -> TableFile:
    """Every import."""
    columns = tuple(CsvColumn(sql=name, heading=spoken.words(said), kind=kind) for name, said, kind in _COLUMNS)
    return TableFile(columns=columns, rows=[_row(each, shop, spoken) for each in imports(shop)])


def _row(each: Import, shop: Shop, spoken: Speech) -> dict[str, Any]:
    us = int(datetime.fromisoformat(each.at).timestamp() * 1e6)
    return {
        "number": each.number,
        "day": day_of(us, shop.settings.timezone),
        "files": ", ".join(each.files) or each.source,
        "rows": each.rows,
        "new": each.new,
        "changed": each.changed,
        "net_e4": e4_of(each.net),
        "undone": spoken.text("taken back") if each.undone_by is not None else None,
    }


imports_csv_page = table_page("Imports", imports_file)
