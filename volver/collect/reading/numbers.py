"""Numbers as shops write them: decimal comma or point, thousands, currency signs, brackets. Exact, in SQL.

Text never passes through a float. A float column is read as the decimal that its writer meant: rounded to six places.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from volver.collect.reading.choices import Answerable, Choice
from volver.core import VolverError, Words

# Money and quantities larger than these are typing errors; below them no product overflows.
MOST_MONEY = 10**12
MOST_UNITS = 10**9
MOST_LINE = 9 * 10**14
TYPE = "DECIMAL(38, 8)"

_SIGNS = (
    r"(?i)€|£|¥|₹|₨|₺|₽|₪|₩|₫|₱|zł|kč|us\$|r\$|mx\$|s/\.?|\$|\b(?:rs|kr|fr)\b\.?|\b(?:rs|kr)\.|\b(?:eur|usd|gbp|brl|mxn|"
    r"ars|clp|cop|pen|chf|cad|aud|nok|sek|dkk|pln|czk|jpy|cny|inr|huf|ron|try|zar|nzd|uyu|euros?|dolares|dollars?)\b|"
    r"[\s\x{00A0}\x{202F}\x{2009}'’]|%"
)
_BLANK = "['', 'nan', 'null', 'none', 'n/a', 'na', '<na>', '-', '--', 'nil', '(null)', '#n/a']"


class AmbiguousDecimals(Answerable, VolverError):
    """A column's separators can be read in two ways and nothing in the file decides."""

    code = "collect.ambiguous_decimals"
    says = "In {file}, the numbers of {column} can be read in two ways: 1.234 is 1234 or a little over 1."
    hint = "Say which mark comes before the decimals: `--decimal comma` or `--decimal point`."

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Comma or point before the cents."""
        return (
            Choice(
                label=Words("A comma comes before the cents: 1.234 is one thousand and more"), sets={"decimal": ","}
            ),
            Choice(label=Words("A point comes before the cents: 1.234 is a little over one"), sets={"decimal": "."}),
        )


def blank(sql: str) -> str:
    """SQL that is true where a text cell says nothing."""
    return f"({sql} IS NULL OR list_contains({_BLANK}, lower(trim({sql}))))"


def _core(sql: str) -> str:
    """The text without currency, blanks and percent; minus signs in front: -1.234,50."""
    bare = f"regexp_replace(replace({sql}, '−', '-'), '{_SIGNS.replace(chr(39), chr(39) * 2)}', '', 'g')"
    bare = f"regexp_replace({bare}, '([0-9])[.,][-–—]+$', '\\1')"  # 12,- and 12.– are twelve and no cents
    bracketed = f"regexp_replace({bare}, '^\\((.*)\\)$', '-\\1')"
    return f"regexp_replace({bracketed}, '^([0-9.,]+)-$', '-\\1')"


def evidence(sql: str) -> str:
    """An aggregate over a whole text column that tells how its decimals are marked: a map from sort of cell to count.

    `point` and `comma`: cells that only make sense with that mark. `either`: cells with one mark and three digits
    after it. `fancy`: cells that are not plain numbers. Cells without a mark are `whole`.
    """
    trimmed, core = f"trim({sql})", _core(sql)
    only = (
        "[+-]?(\\d{{1,3}}({other}\\d{{2,3}})*{other}\\d{{3}}{mark}\\d*|\\d{{1,3}}({other}\\d{{2,3}})+{other}\\d{{3}}"
        "|\\d*{mark}(\\d{{0,2}}|\\d{{4,}})|(0?|\\d{{4,}}){mark}\\d{{3}})"
    )
    return (
        f"histogram(CASE WHEN try_cast({sql} AS {TYPE}) IS NOT NULL THEN "
        f"CASE WHEN NOT contains({sql}, '.') THEN 'whole' "
        f"WHEN length({trimmed}) - instr({trimmed}, '.') <> 3 THEN 'point' "
        f"WHEN regexp_matches({trimmed}, '^[+-]?(0?|\\d{{4,}})[.]') THEN 'point' ELSE 'either' END "
        f"WHEN {blank(sql)} THEN 'blank' "
        f"WHEN NOT regexp_matches({sql}, '[.,]') THEN 'fancy' "
        f"WHEN regexp_full_match({core}, '[+-]?[1-9]\\d{{0,2}}[.,]\\d{{3}}') THEN 'fancy either' "
        f"WHEN regexp_full_match({core}, '{only.format(other=',', mark='[.]')}') THEN 'fancy point' "
        f"WHEN regexp_full_match({core}, '{only.format(other='[.]', mark=',')}') THEN 'fancy comma' ELSE 'fancy' END)"
    )


def decimal_mark(columns: Sequence[Mapping[str, int]]) -> str | None:
    """The decimal mark of a file from the evidence of its columns; None if the file cannot tell.

    Thousands without decimals (12.500) are settled by any other number of the file. A mark that never matters is a
    point.

    >>> decimal_mark([{"either": 4}]) is None
    True
    >>> decimal_mark([{"either": 4}, {"fancy comma": 9}])
    ','
    """

    def times(mark: str) -> int:
        return sum(n for each in columns for sort, n in each.items() if sort.endswith(mark))

    if times("point") or times("comma"):
        return "," if times("comma") > times("point") else "."
    return None if times("either") else "."


def number(sql: str, mark: str, *, fancy: bool = True) -> str:
    """SQL for the exact number in a text cell, NULL if there is none. `fancy` false if every cell is plain."""
    other = "." if mark == "," else ","
    if not fancy and mark == ".":
        return f"try_cast({sql} AS {TYPE})"
    core = _core(sql)
    grammar = f"[+-]?(\\d{{1,3}}([{other}]\\d{{2,3}})*[{other}]\\d{{3}}|\\d*)([{mark}]\\d*)?"  # 1,23,456.00 is Indian
    tidy = f"replace(replace({core}, '{other}', ''), '{mark}', '.')"
    slow = f"CASE WHEN regexp_full_match({core}, '{grammar}') THEN try_cast({tidy} AS {TYPE}) END"
    if mark == ".":
        return f"coalesce(try_cast({sql} AS {TYPE}), {slow})"
    quick = f"try_cast(replace({sql}, ',', '.') AS {TYPE})"
    return f"CASE WHEN contains({sql}, '.') THEN {slow} ELSE coalesce({quick}, {slow}) END"


def typed_number(sql: str, kind: str) -> str:
    """SQL for the exact number in a column that is already a number."""
    if kind == "float":
        return (
            f"CASE WHEN abs({sql}) < 1e9 THEN cast(try_cast({sql} AS DECIMAL(18, 6)) AS {TYPE}) "
            f"ELSE try_cast(try_cast(cast({sql} AS VARCHAR) AS DECIMAL(38, 6)) AS {TYPE}) END"
        )
    return f"try_cast({sql} AS {TYPE})"


def e4(sql: str) -> str:
    """SQL for ten-thousandths of an exact number, as BIGINT; exact ties go to the even one."""
    near = f"cast({sql} AS DECIMAL(38, 4))"
    units = f"cast({near} * 10000 AS BIGINT)"
    return (
        f"CASE WHEN {sql} = {near} OR abs({sql} - {near}) <> 0.00005 OR {units} % 2 = 0 THEN {units} "
        f"ELSE {units} - cast(sign({sql}) AS BIGINT) END"
    )


def looks_numeric(cell: str) -> bool:
    """Whether a cell is a number in any notation.

    >>> [looks_numeric(cell) for cell in ["12", "1.234,50 €", "-3", "A12", ""]]
    [True, True, True, False, False]
    """
    return bool(
        re.fullmatch(
            r"\(?[-+−]?\s*(?:[€£$¥]|[A-Za-z]{0,2}\$)?\s*[-+−]?\d[\d.,\s'’]*[-–—]{0,2}\)?\s*(?:[€£$¥%]|[A-Z]{3})?-?",
            cell.strip(),
        )
    )


def as_float(cell: str) -> float | None:
    """A rough value of a cell for comparing columns with each other; never used for money that is kept."""
    text: Any = re.sub(r"[^\d.,-]", "", cell)
    has_comma = text.rfind(",") > text.rfind(".")
    text = text.replace(".", "").replace(",", ".") if has_comma else text.replace(",", "")
    try:
        return float(text)
    except ValueError:
        return None
