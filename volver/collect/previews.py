"""A dry run as people and programs see it: files, columns with cells, rows in shop time, questions with their choices.

One form for `--json`, the API and the console. Words are English unless `say` turns them into something else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from volver.core import VolverError, Words, decimal_text, zone_named
from volver.core.days import EPOCH

if TYPE_CHECKING:
    from volver.collect.ledger.importing import DryRun
    from volver.collect.reading import SourceFile
    from volver.collect.reading.money import FileMoney

_SHOWN: Final = (
    "row_no", "order_ref", "at", "customer_ref", "email", "customer_name", "product_ref", "product_name", "quantity",
    "unit_price", "discount", "amount", "total", "cost", "status", "category", "city", "country", "channel", "campaign",
)  # fmt: skip
_HIDDEN: Final = frozenset(
    {"file_no", "line_ref", "has_time", "day", "net_exact", "currency", "raw", "full_key", "problem", "updated_us"}
)


def preview_json(found: "DryRun", zone: str, say: Callable[[Words], Any] = str) -> dict[str, Any]:
    """A dry run as plain values, as `replies.Tried` describes them; times are in the shop's zone."""
    shown = found.preview
    return {
        "dry_run": True,
        "files": [_file(each, say) for each in shown.files],
        "rows": [readable(row, zone) for row in shown.rows],
        "asks": [ask_json(ask, say) for ask in shown.asks],
        "renamed_products": found.renamed,
        "report": found.report.to_json() if found.report is not None else None,
    }


def ask_json(ask: VolverError, say: Callable[[Words], Any] = str) -> dict[str, Any]:
    """A question or a refusal: the three of every error, and the choices that answer it."""
    from volver.collect.reading import choices_of

    return {
        "code": ask.code,
        "message": say(Words(ask.says, ask.facts)),
        "hint": say(Words(ask.hint, ask.facts)),
        "choices": [{"label": say(each.label), "sets": dict(each.sets)} for each in choices_of(ask)],
    }


def readable(row: Mapping[str, Any], zone: str) -> dict[str, str]:
    """A parsed row as people read it: decimals instead of ten-thousandths, shop time instead of microseconds.

    What the row does not say is left out; `problem` is why it would be set aside.
    """
    told: dict[str, str] = {}
    for name, value in row.items():
        if value is None or value == "" or name in _HIDDEN:
            continue
        if name == "ts_us":
            at = (EPOCH + timedelta(microseconds=value)).astimezone(zone_named(zone))
            told["at"] = f"{at:%Y-%m-%d %H:%M}" if row.get("has_time") else f"{at:%Y-%m-%d}"
        elif name == "quantity_e4":
            told["quantity"] = decimal_text(value).removesuffix(".00")
        elif name.endswith("_e4"):
            told[name.removesuffix("_e4")] = decimal_text(value)
        else:
            told[name] = str(value)
    places = {name: place for place, name in enumerate(_SHOWN)}
    told = dict(sorted(told.items(), key=lambda each: places.get(each[0], len(places))))
    return {**told, "problem": str(row["problem"])} if row.get("problem") else told


def columns_of(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The columns that some row says, in the order in which people look at them, none of them twice.

    A code that is the name, a reference that is the e-mail and an amount that is zero everywhere say nothing more.
    """
    places = {name: place for place, name in enumerate(_SHOWN)}
    found = {name: None for row in rows for name in row}
    for name, twin in (("product_ref", "product_name"), ("customer_ref", "email")):
        if name in found and all(row.get(name) == row.get(twin) for row in rows):
            del found[name]
    for name in ("discount", "cost"):
        if name in found and all(row.get(name, "0.00") == "0.00" for row in rows):
            del found[name]
    return sorted(found, key=lambda name: places.get(name, len(places)))


def _file(each: "SourceFile", say: Callable[[Words], Any]) -> dict[str, Any]:
    return {
        "file": each.label,
        "as": each.as_,
        "kind": each.kind,
        "rows": each.n_rows,
        "layout": each.layout,
        "shape": each.shape,
        "columns": list(each.columns),
        "mapping": dict(each.mapping),
        "unused": list(each.unused),
        "unread_money": list(each.unread_money),
        "samples": {name: list(cells) for name, cells in each.samples.items()},
        "encoding": each.encoding,
        "delimiter": each.delimiter,
        "date_format": each.date_format,
        "decimal": each.decimal,
        "money": _money(each.money, say) if each.money is not None else None,
        "notes": [say(note) for note in each.notes],
        "asks": [ask_json(ask, say) for ask in each.asks],
    }


def _money(money: "FileMoney", say: Callable[[Words], Any]) -> dict[str, Any]:
    return {**asdict(money), "says": [say(said) for said in money.says]}
