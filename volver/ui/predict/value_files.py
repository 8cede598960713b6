"""The tables of what the forecast means for money, and the cohorts, as files."""

from collections.abc import Sequence
from typing import Any, Final

from volver.core import E4, Words
from volver.predict import BenchmarkReport, CeilingReport
from volver.store import CsvColumn, CsvKind, Shop
from volver.ui.predict.cohorts import cohorts_of
from volver.ui.predict.value import totals
from volver.ui.shared.files import TableFile, table_page
from volver.ui.shared.formatting import Speech

_COLUMNS: Final[tuple[tuple[str, Words, CsvKind], ...]] = (
    ("customers", Words("Won"), "count"),
    ("still", Words("Each still brings"), "money"),
    ("may_cost", Words("May cost"), "money"),
    ("low", Words("May cost, at least (90 %)"), "money"),
    ("high", Words("May cost, at most (90 %)"), "money"),
    ("cost_each", Words("Costs"), "money"),
    ("note", Words("Note"), "text"),
)


def channels_file(shop: Shop, spoken: Speech) -> TableFile:
    """What customers of each channel bring, may cost and cost. Raises `predict.no_model`."""
    told = totals(shop).channels
    return _table(Words("Channel"), told.ceiling, told.benchmark, spoken)


def campaigns_file(shop: Shop, spoken: Speech) -> TableFile:
    """The same of each campaign. Raises `predict.no_model`."""
    told = totals(shop).channels
    return _table(Words("Campaign"), told.campaigns, told.campaign_benchmark, spoken)


def cohorts_file(shop: Shop, spoken: Speech) -> TableFile:
    """First-time buyers by month: how many ordered again and what a buyer had spent, one row for each month after."""
    rows = [
        {"month": each.first_day, "buyers": each.buyers, "after": after, "share": share, "spent": spent}
        for each in cohorts_of(shop).cohorts
        for after, (share, spent) in enumerate(zip(each.retention, each.value_e4, strict=True))
    ]
    told: tuple[tuple[str, Words, CsvKind], ...] = (
        ("month", Words("First order"), "day"),
        ("buyers", Words("Buyers"), "count"),
        ("after", Words("Months after"), "count"),
        ("share", Words("Came back"), "share"),
        ("spent", Words("Spent so far, per buyer"), "money"),
    )
    return TableFile(columns=_columns(told, spoken), rows=rows)


def _table(head: Words, found: CeilingReport | None, standing: BenchmarkReport | None, spoken: Speech) -> TableFile:
    still = {each.key: each.each for each in standing.rows} if standing else {}
    rows: list[dict[str, Any]] = []
    for each in found.rows if found else ():
        low, middle, high = (each.ceiling.low, each.ceiling.expected, each.ceiling.high) if each.ceiling else [None] * 3
        money = {
            "still": still.get(each.key),
            "may_cost": middle,
            "low": low,
            "high": high,
            "cost_each": each.cost_each,
        }
        told = {name: None if amount is None else _cents(amount) for name, amount in money.items()}
        note = spoken.words(each.note) or None
        rows.append({"name": spoken.words(each.label), "customers": each.customers, "note": note, **told})
    return TableFile(columns=_columns((("name", head, "text"), *_COLUMNS), spoken), rows=rows)


def _columns(told: Sequence[tuple[str, Words, CsvKind]], spoken: Speech) -> tuple[CsvColumn, ...]:
    return tuple(CsvColumn(sql=name, heading=spoken.words(said), kind=kind) for name, said, kind in told)


def _cents(amount: float) -> int:
    return round(amount * 100) * (E4 // 100)


channels_page = table_page("Channels", channels_file)
campaigns_page = table_page("Campaigns", campaigns_file)
cohorts_page = table_page("Cohorts", cohorts_file)
