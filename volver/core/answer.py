"""What Volver answers to an analyst: a frozen table that every frame library can read."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from volver.core.errors import VolverError

if TYPE_CHECKING:
    import pyarrow as pa

_E4: Final = "_e4"
_DIGITS: Final = 19  # of a 64-bit integer, so that every amount fits
_SHOWN: Final = 20


class NoFrameLibrary(VolverError):
    """An answer is asked for as a frame of a library that is not there."""

    code = "core.no_frame_library"
    says = "{library} is not installed here."
    hint = "Install it with pip install 'volver[{library}]'; or take `.table`, which is Arrow and needs nothing more."


@dataclass(frozen=True, slots=True)
class Answer:
    """An Arrow table with the manners of a data frame."""

    table: "pa.Table"

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)

    @property
    def currency(self) -> str | None:
        """The currency of its money columns; None where it has none."""
        return next((found for each in self.table.schema if (found := _currency(each))), None)

    def rows(self) -> list[dict[str, Any]]:
        """Every row as a dict, in order."""
        found: list[dict[str, Any]] = self.table.to_pylist()
        return found

    def to_pandas(self, money: Literal["float", "decimal"] = "float") -> Any:
        """As a pandas DataFrame, exact amounts as floats or as `Decimal`.

        Raises `core.no_frame_library` where pandas is not installed.
        """
        try:
            import pandas  # noqa: F401
        except ImportError as missing:
            raise NoFrameLibrary(library="pandas") from missing
        frame = _with_money(self.table, money).to_pandas()
        frame.attrs |= {"currency": self.currency} if self.currency else {}
        return frame

    def to_polars(self, money: Literal["float", "decimal"] = "decimal") -> Any:
        """As a polars DataFrame, exact amounts as `Decimal` or as floats.

        Raises `core.no_frame_library` where polars is not installed.
        """
        try:
            import polars
        except ImportError as missing:
            raise NoFrameLibrary(library="polars") from missing
        return polars.from_arrow(_with_money(self.table, money))

    def __repr__(self) -> str:
        columns = ", ".join(self.table.column_names)
        money = f" Money in {self.currency}." if self.currency else ""
        return f"<{len(self):,} rows: {columns}.{money}>"

    def _repr_html_(self) -> str:
        from html import escape

        names = [f"{each.name} ({found})" if (found := _currency(each)) else each.name for each in self.table.schema]
        head = "".join(f"<th>{escape(name)}</th>" for name in names)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(_shown(value))}</td>" for value in row.values()) + "</tr>"
            for row in self.table.slice(0, _SHOWN).to_pylist()
        )
        more = f"<p>{len(self):,} rows, of which the first {_SHOWN} are shown.</p>" if len(self) > _SHOWN else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def in_units(answer: Answer, currency: str) -> Answer:
    """The same rows with amounts in whole units: `net_e4` 227000 becomes `net` 22.7000, an exact decimal.

    Each money column names its currency in its metadata; pieces (`units`, `quantity`) are decimals without one.
    """
    import pyarrow as pa

    columns, fields = [], []
    for each, column in zip(answer.table.schema, answer.table.columns, strict=True):
        if not each.name.endswith(_E4):
            columns.append(column)
            fields.append(each)
            continue
        name = each.name.removesuffix(_E4)
        whole = column.cast(pa.int64()).cast(pa.decimal128(_DIGITS, 0)).combine_chunks()
        columns.append(whole.view(pa.decimal128(_DIGITS, 4)))
        pieces = name.endswith(("units", "quantity"))
        fields.append(pa.field(name, pa.decimal128(_DIGITS, 4), metadata=None if pieces else {"currency": currency}))
    return Answer(pa.table(columns, schema=pa.schema(fields)))


def _with_money(table: "pa.Table", money: str) -> "pa.Table":
    import pyarrow as pa

    if money == "decimal":
        return table
    kinds = [each.with_type(pa.float64()) if pa.types.is_decimal(each.type) else each for each in table.schema]
    return table.cast(pa.schema(kinds))


def _currency(field: "pa.Field") -> str | None:
    found = (field.metadata or {}).get(b"currency")
    return found.decode() if found else None


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return "" if value is None else str(value)
