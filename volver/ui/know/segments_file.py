"""The segments as a file: built in and saved, with their rules, members and money."""

from typing import Any

from volver import know
from volver.core import Words
from volver.know import SavedSummary, SegmentSummary
from volver.store import CsvColumn, CsvKind, Shop
from volver.ui.know.segments import groups_of, segments_of
from volver.ui.shared.files import TableFile, table_page
from volver.ui.shared.formatting import Speech

_COLUMNS: tuple[tuple[str, Words, CsvKind], ...] = (
    ("label", Words("Segment"), "text"),
    ("rule", Words("Who is in it"), "text"),
    ("members", Words("Customers"), "count"),
    ("share", Words("Share"), "share"),
    ("net_e4", Words("Spent"), "money"),
    ("value_e4", Words("Expected, 12 months"), "money"),
    ("waiting", Words("Waits for"), "text"),
)


def segments_file(shop: Shop, spoken: Speech) -> TableFile:
    """Every segment as of the last refresh."""
    own = [_row(each, each.name, spoken) for each in know.saved_summaries(shop, groups_of(shop))]
    rows = [*own, *(_row(each, spoken.words(each.label), spoken) for each in segments_of(shop))]
    columns = tuple(CsvColumn(sql=name, heading=spoken.words(said), kind=kind) for name, said, kind in _COLUMNS)
    return TableFile(columns=columns, rows=rows)


def _row(each: SegmentSummary | SavedSummary, label: str, spoken: Speech) -> dict[str, Any]:
    waiting = each.waiting_for if isinstance(each, SegmentSummary) else None
    numbers = {name: getattr(each, name) for name in ("members", "share", "net_e4", "value_e4")}
    return numbers | {"label": label, "rule": spoken.words(each.rule), "waiting": spoken.words(waiting) or None}


segments_csv_page = table_page("Segments", segments_file)
