"""The portable profile of SQL: what DuckDB and Spark answer alike, to the last bit.

`lint` reads a named query as a tree and says where it leaves the profile and why. Functions are allowed by name, so
that a new one is looked at before it is used. `queries/README.md` tells the profile to people.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from volver.store.query import Query, read_query
from volver.store.tables import TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A place where a query leaves the profile: the rule, the piece of SQL, the reason."""

    rule: str
    where: str
    reason: str


REASONS = {
    "parse": "A named query is one SELECT.",
    "header": "The header tells readers and tests what goes in and what comes out.",
    "inputs": "The header names exactly the lake tables that are read.",
    "params": "The header types every parameter and gives an example of it.",
    "output": "The header names every column in order.",
    "star": "A new column in a table would change the answer.",
    "function": "Only functions that were compared on every engine are used.",
    "inexact": "Its last bit differs between engines; say `compare: approx` with the reason.",
    "timestamp": "TIMESTAMP arithmetic follows the session's time zone; use ts_us and days.",
    "day_minus_day": "Spark answers an interval; use date_diff('day', from, to).",
    "boolean": "Booleans are not numbers everywhere; use CASE.",
    "division": "By zero, one engine answers infinity and another fails; divide by a number or by nullif(x, 0).",
    "decimal_division": "Spark divides a decimal to few digits; divide by a whole number or cast one side to double.",
    "integer_division": "Engines round differently; use cast(floor(x / y) as bigint).",
    "cast_cuts": "One engine rounds, another cuts off; take floor or ceil first.",
    "bare_sum": "DuckDB answers HUGEINT, Spark BIGINT; use cast(sum(x) as bigint).",
    "window_order": "Without an order that ends in a key, ties fall differently.",
    "window_frame": "The default frame takes ties together; say `rows between …`. Lag, lead and ranks take none.",
    "clause": "Not every engine has it.",
    "limit": "Which rows are kept is not defined without an order.",
}

_FUNCTIONS: tuple[type[exp.Expr], ...] = (
    *(exp.Sum, exp.Count, exp.Min, exp.Max, exp.Coalesce, exp.Nullif, exp.Case, exp.If, exp.Cast, exp.Abs, exp.Floor),
    *(exp.Ceil, exp.Greatest, exp.Least, exp.Lower, exp.Upper, exp.Trim, exp.Substring, exp.Length, exp.DateDiff),
    *(exp.Year, exp.Month, exp.Day, exp.LastDay, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile, exp.PercentRank),
    *(exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.Exists, exp.And, exp.Or, exp.Sign),
)
_INEXACT: tuple[type[exp.Expr], ...] = (exp.Ln, exp.Exp, exp.Pow, exp.Sqrt, exp.Avg)
_FRAMELESS: tuple[type[exp.Expr], ...] = (*(exp.Lag, exp.Lead, exp.Rank, exp.DenseRank, exp.Ntile, exp.PercentRank),)
_PEERS: tuple[type[exp.Expr], ...] = (exp.Rank, exp.DenseRank, exp.PercentRank)  # equal rows answer equally
_CLAUSES: tuple[type[exp.Expr], ...] = (
    *(exp.Qualify, exp.Pivot, exp.Lateral, exp.TableSample, exp.Unnest, exp.Array, exp.Struct, exp.Bracket, exp.Lambda),
    *(exp.NullSafeEQ, exp.NullSafeNEQ, exp.ILike, exp.RegexpLike, exp.Values),
)
_WHOLE = frozenset({exp.DataType.Type.BIGINT, exp.DataType.Type.INT, exp.DataType.Type.SMALLINT})
_BROKEN = frozenset({exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT, exp.DataType.Type.DECIMAL})
_TIMES = frozenset({*exp.DataType.TEMPORAL_TYPES, exp.DataType.Type.INTERVAL, exp.DataType.Type.TIME}) - {
    exp.DataType.Type.DATE
}
_KEYS = frozenset(
    {"month", "month_no", "day", "week", "period", "first_day", "line_key", "segment", "stage", "cohort", "nth"}
)


def lint(sql: str, name: str = "query") -> list[Finding]:
    """Every place where a named query leaves the portable profile."""
    try:
        trees = [tree for tree in parse(sql, read="duckdb") if tree is not None]
    except SqlglotError as problem:
        return [_finding("parse", str(problem).splitlines()[0])]
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        return [_finding("parse", name)]
    query, tree = read_query(name, sql), trees[0]
    found = [finding for rule in _RULES for finding in rule(tree, query)]
    if any(each.rule in ("inputs", "params") for each in found):
        return found
    try:
        typed = with_types(tree, query)
    except SqlglotError as problem:
        return [*found, _finding("parse", str(problem).splitlines()[0])]
    return [*found, *(finding for rule in _TYPED_RULES for finding in rule(typed, query))]


def with_types(tree: exp.Query, query: Query) -> exp.Query:
    """The tree with every column's table and every expression's type. Raises SqlglotError on unknown columns."""

    def typed_place(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Placeholder):
            return exp.cast(exp.null(), query.params[node.name])
        return node

    schema: dict[str, object] = {table: dict(TABLES[table].columns) for table in query.inputs}
    plain = tree.copy().transform(typed_place)
    typed = annotate_types(qualify(plain, schema=schema, dialect="duckdb"), schema=schema, dialect="duckdb")
    assert isinstance(typed, exp.Query)
    return typed


def _header(tree: exp.Query, query: Query) -> Iterator[Finding]:
    if not query.answers or not query.output:
        yield _finding("header", query.name)
    ctes = {each.alias for each in tree.find_all(exp.CTE)}
    read = {each.name for each in tree.find_all(exp.Table)} - ctes
    if read != set(query.inputs) or read - TABLES.keys():
        yield _finding("inputs", ", ".join(sorted(read.symmetric_difference(query.inputs) | read - TABLES.keys())))
    used = {each.name for each in tree.find_all(exp.Placeholder)}
    for example in query.examples or ({},):
        if used != query.params.keys() or used != example.keys():
            yield _finding("params", ", ".join(sorted(used ^ query.params.keys() | used ^ example.keys())))
    if query.output and list(query.output) != tree.named_selects:
        yield _finding("output", ", ".join(tree.named_selects))


def _functions(tree: exp.Query, query: Query) -> Iterator[Finding]:
    for each in tree.find_all(exp.Func):
        if isinstance(each, _INEXACT):
            if not query.tolerance:
                yield _finding("inexact", each)
        elif not isinstance(each, _FUNCTIONS) and not isinstance(each, _CLAUSES):
            yield _finding("function", each)


def _clauses(tree: exp.Query, _: Query) -> Iterator[Finding]:
    for star in tree.find_all(exp.Star):
        if not isinstance(star.parent, exp.Count):
            yield _finding("star", star.parent or star)
    for each in tree.find_all(*_CLAUSES):
        yield _finding("clause", each)
    for select in tree.find_all(exp.Select):
        distinct, group = select.args.get("distinct"), select.args.get("group")
        if (distinct is not None and distinct.args.get("on")) or (group is not None and group.args.get("all")):
            yield _finding("clause", distinct if distinct is not None and distinct.args.get("on") else group)
        if select.args.get("limit") and not select.args.get("order"):
            yield _finding("limit", select.args["limit"])
    for join in tree.find_all(exp.Join):
        if join.method in ("ASOF", "POSITIONAL", "NATURAL") or join.kind in ("SEMI", "ANTI"):
            yield _finding("clause", join)
    for with_ in tree.find_all(exp.With):
        if with_.recursive:
            yield _finding("clause", "with recursive")


def _times(tree: exp.Query, _: Query) -> Iterator[Finding]:
    for each in tree.find_all(exp.DataType):
        if each.this in _TIMES:
            yield _finding("timestamp", each.parent or each)
    for interval in tree.find_all(exp.Interval):
        yield _finding("timestamp", interval)


def _divisions(tree: exp.Query, _: Query) -> Iterator[Finding]:
    for each in tree.find_all(exp.Div, exp.Mod):
        by = each.expression.unnest()
        by = by.this.unnest() if isinstance(by, exp.Cast) else by
        number = isinstance(by, exp.Literal) and not by.is_string and float(by.name) != 0
        if not number and not isinstance(by, exp.Nullif):
            yield _finding("division", each)
    for whole in tree.find_all(exp.IntDiv):
        yield _finding("integer_division", whole)


def _windows(tree: exp.Query, _: Query) -> Iterator[Finding]:
    for window in tree.find_all(exp.Window):
        over = window.this.this if isinstance(window.this, exp.Filter | exp.IgnoreNulls) else window.this
        order, frame = window.args.get("order"), window.args.get("spec")
        if order is None:
            if not isinstance(over, exp.AggFunc) or isinstance(over, _FRAMELESS):
                yield _finding("window_order", window)
            continue
        if not _is_keyed(window) and not isinstance(over, _PEERS):
            yield _finding("window_order", window)
        rows = frame is not None and str(frame.args.get("kind")).upper() == "ROWS"
        if rows == isinstance(over, _FRAMELESS):
            yield _finding("window_frame", window)


def _is_keyed(window: exp.Window) -> bool:
    """Whether a window's order tells every row apart: by a key, or by all that its rows are grouped by."""
    order: list[exp.Expr] = [each.this for each in window.args["order"].expressions]
    last, select = order[-1], window.find_ancestor(exp.Select)
    if isinstance(last, exp.Column) and (last.name.endswith("_id") or last.name in _KEYS):
        return True
    group = select.args.get("group") if select is not None else None
    grouped = {each.name for each in group.expressions} if group is not None else set()
    return bool(grouped) and grouped <= {each.name for each in [*order, *window.args.get("partition_by", [])]}


def _sums(typed: exp.Query, query: Query) -> Iterator[Finding]:
    for each in typed.find_all(exp.Sum):
        kind = _type(each.this)
        if kind in _BROKEN and not query.tolerance:
            yield _finding("inexact", each)
        elif kind in _WHOLE and not _is_narrowed(each):
            yield _finding("bare_sum", each)


def _is_narrowed(total: exp.Sum) -> bool:
    """Whether a sum's wide type ends in a cast or a comparison before it reaches a column."""
    above = total.parent
    while above is not None and not isinstance(above, exp.Query):
        if isinstance(above, exp.Cast | exp.Predicate | exp.Order | exp.Having):
            return True
        above = above.parent
    return False


def _casts(typed: exp.Query, _: Query) -> Iterator[Finding]:
    for each in typed.find_all(exp.Cast):
        inner = each.this.unnest()
        if each.to.this in _WHOLE and _type(inner) in _BROKEN and not _is_whole(inner):
            yield _finding("cast_cuts", each)
        if each.to.this in _WHOLE | _BROKEN and _type(inner) == exp.DataType.Type.BOOLEAN:
            yield _finding("boolean", each)


def _is_whole(node: exp.Expr) -> bool:
    """Whether a value of a broken type is a whole number all the same."""
    if isinstance(node, exp.Floor | exp.Ceil | exp.Null):
        return True
    if isinstance(node, exp.Paren | exp.Neg | exp.Coalesce | exp.Greatest | exp.Least | exp.Max | exp.Min | exp.Case):
        parts = [each for each in node.iter_expressions() if not isinstance(each, exp.If)]
        parts += [each.args["true"] for each in node.args.get("ifs") or []]
        return all(_is_whole(each) or _type(each) in _WHOLE for each in parts)
    if isinstance(node, exp.Add | exp.Sub | exp.Mul):
        return all(_is_whole(each) or _type(each) in _WHOLE for each in (node.left, node.right))
    return False


def _decimals(typed: exp.Query, _: Query) -> Iterator[Finding]:
    for each in typed.find_all(exp.Div):
        sides = [each.left, each.right]
        if any(_has_decimal(side) for side in sides) and not any(_is_double(side) for side in sides):
            yield _finding("decimal_division", each)


def _has_decimal(node: exp.Expr) -> bool:
    literals = (each for each in node.find_all(exp.Literal) if not each.is_string)
    return any("." in each.name for each in literals) or _type(node) == exp.DataType.Type.DECIMAL


def _is_double(node: exp.Expr) -> bool:
    """Whether a value is a DOUBLE on every engine, and not a decimal on some."""
    if isinstance(node, exp.Cast):
        return bool(node.to.this == exp.DataType.Type.DOUBLE)
    if isinstance(node, exp.Column):
        return bool(_type(node) == exp.DataType.Type.DOUBLE)
    inner = () if isinstance(node, exp.Literal | exp.Floor | exp.Ceil) else node.iter_expressions()
    return any(_is_double(each) for each in inner)


def _types(typed: exp.Query, _: Query) -> Iterator[Finding]:
    for select in typed.find_all(exp.Select):
        for each in select.expressions:
            if _type(each) == exp.DataType.Type.BOOLEAN:
                yield _finding("boolean", each)
    for each in typed.find_all(exp.Sub):
        if _type(each.left) == _type(each.right) == exp.DataType.Type.DATE:
            yield _finding("day_minus_day", each)


def _type(node: exp.Expr) -> Any:
    return node.type.this if node.type is not None else None


def _finding(rule: str, where: exp.Expr | str | None) -> Finding:
    text = where if isinstance(where, str) or where is None else where.sql("duckdb", comments=False)
    return Finding(rule=rule, where=(text or "")[:200], reason=REASONS[rule])


_Rule = Callable[[exp.Query, Query], Iterator[Finding]]
_RULES: tuple[_Rule, ...] = (_header, _functions, _clauses, _times, _divisions, _windows)
_TYPED_RULES: tuple[_Rule, ...] = (_sums, _casts, _decimals, _types)
