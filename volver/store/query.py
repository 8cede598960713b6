"""Named queries: the files in `queries/`, with what their headers declare."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from volver.core import VolverError

QUERIES = Path(__file__).parent / "queries"
_OF_EVERYBODY = frozenset({"order_lines", "events", "orders", "order_days"})
Value = int | float | str | date | None


class UnknownQuery(VolverError):
    """No named query has this name."""

    code = "store.unknown_query"
    says = "There is no query called {name}."
    hint = "Named queries are the files in volver/store/queries."
    status = 500


class MissingParameter(VolverError):
    """A named query was asked without one of its parameters."""

    code = "store.missing_parameter"
    says = "The query {name} needs the parameter {parameter}."
    hint = "Its header lists them."
    status = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A named query and its header.

    `inputs` are lake tables; `params` and `output` map names to portable types; `examples` hold values to try it with;
    `tolerance` is how far DOUBLEs may differ between engines, 0 for not at all.
    """

    name: str
    sql: str
    answers: str
    inputs: tuple[str, ...]
    params: dict[str, str]
    output: dict[str, str]
    examples: tuple[dict[str, Value], ...]
    tolerance: float = 0.0

    @property
    def is_heavy(self) -> bool:
        """Whether it reads what happened to everybody, and so is worth asking another machine."""
        return bool(_OF_EVERYBODY.intersection(self.inputs)) and "customer" not in self.params

    @property
    def example(self) -> dict[str, Value]:
        """The first example; empty for a query without parameters."""
        return self.examples[0] if self.examples else {}

    def bound(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The declared parameters among these. Raises `store.missing_parameter`."""
        for name in self.params:
            if name not in params:
                raise MissingParameter(name=self.name, parameter=name)
        return {name: params[name] for name in self.params}


@cache
def named(name: str) -> Query:
    """Read a query by name. Raises `store.unknown_query`."""
    path = QUERIES / f"{name}.sql"
    if not path.exists():
        raise UnknownQuery(name=name)
    return read_query(name, path.read_text(encoding="utf-8"))


def query_names() -> list[str]:
    """Every named query."""
    return sorted(path.stem for path in QUERIES.glob("*.sql"))


def read_query(name: str, sql: str) -> Query:
    """A query from its text.

    >>> found = read_query("many", '''-- How many orders until a day.
    ... -- inputs: orders
    ... -- params: until DATE
    ... -- output: n BIGINT
    ... -- example: until=2017-11-01
    ... select count(*) as n from orders where day <= $until''')
    >>> found.inputs, found.params, found.example["until"].isoformat()
    (('orders',), {'until': 'DATE'}, '2017-11-01')
    """
    head = _header(sql)
    params = dict(_pair(part) for part in _parts(head.get("params", "")))
    tolerance = re.match(r"approx\s+(\S+)", head.get("compare", ""))
    return Query(
        name=name,
        sql=sql,
        answers=head.get("", ""),
        inputs=tuple(_parts(head.get("inputs", ""))),
        params=params,
        output=dict(_pair(part) for part in _parts(head.get("output", ""))),
        examples=tuple(_example(line, params) for line in head.get("example", "").splitlines()),
        tolerance=float(tolerance.group(1)) if tolerance else 0.0,
    )


def _example(line: str, params: dict[str, str]) -> dict[str, Value]:
    pairs = [(key.strip(), text.strip()) for key, _, text in (part.partition("=") for part in _parts(line))]
    return {key: _value(text, params.get(key, "VARCHAR")) for key, text in pairs}


def _header(sql: str) -> dict[str, str]:
    """The leading comment as key → value; the first line's key is empty, other prose is left out."""
    found: dict[str, str] = {}
    key: str | None = ""
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        text = line[2:]
        keyed = re.match(r" ?(inputs|params|output|example|compare):(.*)$", text)
        if keyed:
            key = keyed.group(1)
            again = found[key] + "\n" if key == "example" and key in found else ""
            found[key] = again + keyed.group(2).strip()
        elif not found or (key is not None and text.startswith("   ")):
            found[key or ""] = f"{found.get(key or '', '')} {text.strip()}".strip()
        else:
            key = None
    return found


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _pair(text: str) -> tuple[str, str]:
    name, kind = text.split()
    return name, kind.upper()


def _value(text: str, kind: str) -> Value:
    if text.lower() == "null":
        return None
    if kind == "DATE":
        return date.fromisoformat(text)
    if kind in ("BIGINT", "INTEGER"):
        return int(text)
    return float(text) if kind == "DOUBLE" else text
