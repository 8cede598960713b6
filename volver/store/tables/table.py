"""The shape of a lake table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeTable:
    """A table of the lake: `columns` maps names to portable types, in order.

    `group_rows` is the size of a Parquet row group: small ones let one customer be read without the neighbours, large
    ones make whole scans cheaper. A table that is only ever added to may hold rows that count no longer: where the
    table `unless` names any, `holds` is the SQL of those that do, read under the table's name, and `everything` is the
    name of all of them. `from_log` says that its commits name the log entry whose rows they bring.
    """

    name: str
    columns: dict[str, str]
    partition: str | None = None
    sort: str = ""
    group_rows: int = 8_192
    everything: str = ""
    unless: str = ""
    from_log: bool = False
    holds: str = ""


def columns(text: str) -> dict[str, str]:
    """Columns from `name TYPE, name TYPE, …`, in order."""
    return {part.split()[0]: part.split()[1] for part in text.split(",") if part.strip()}
