"""Dates as shops write them. The whole file decides how they are read; what it cannot decide is asked.

Every cell has a shape: digits become 9, letters a. All cells of one shape are read alike.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from volver.collect.reading.choices import Answerable, Choice
from volver.collect.reading.day_order import read_day
from volver.collect.reading.quoting import literal
from volver.core import VolverError, Words

# How the months begin in English, Spanish, Portuguese, French, German, Italian and Catalan.
MONTHS = (
    "j[aä]n|ene|gen",
    "feb|f[eé]v",
    "m[aä]r",
    "apr|abr|avr",
    "may|mai|mag",
    "jun|juin|giu",
    "jul|juil|lug",
    "aug|ago|ao[uû]|ag(?:[.]|ost)",
    "sep|set",
    "oct|okt|ott|out",
    "nov",
    "d[eé]c|dic|dez|des",
)
WEEKDAYS = (  # but for *mar*, which is March, too
    "mon|tue|wed|thu|fri|sat|sun|lun|mi[eé]|jue|vie|s[aá]b|dom|mer|jeu|ven|sam|dim|gio|seg|ter|qua|qui|sex|"
    "dienst|mitt|donner|frei|sonn|dill|dij|div|diss|dium|mo[.,]|di[.,]|mi[.,]|do[.,]|fr[.,]|sa[.,]|so[.,]"
)
_LETTERS = "[a-zà-ÿ]"
_BLANKS = r"[\s\x{00A0}\x{2000}-\x{200B}\x{202F}\x{205F}\x{3000}\x{FEFF}]+"  # what programs write for one blank
_BLANK = "['', 'null', 'none', 'nan', 'nat', 'n/a', '-', '0000-00-00', '0000-00-00 00:00:00']"


class AmbiguousDates(Answerable, VolverError):
    """Every date of a file can be read with the day or the month first."""

    code = "collect.ambiguous_dates"
    says = "In {file}, the dates of {column} can be read in two ways: {cell} starts with the day or the month."
    hint = "Say which comes first: `--day-first` or `--month-first`."

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The day or the month."""
        cell = str(self.facts["cell"])
        first, second = (read_day(cell, day_first=day_first) or "?" for day_first in (True, False))
        return (
            Choice(
                label=Words("The day comes first: {cell} is {day}", {"cell": cell, "day": first}),
                sets={"day_first": True},
            ),
            Choice(
                label=Words("The month comes first: {cell} is {day}", {"cell": cell, "day": second}),
                sets={"day_first": False},
            ),
        )


class UnknownDates(VolverError):
    """No cell of the date column looks like a date."""

    code = "collect.no_date_column"
    says = "In {file}, no date is recognised. Its columns: {columns}."
    hint = "Name the column that holds the order's date: `--map date=COLUMN`."


@dataclass(frozen=True, slots=True, kw_only=True)
class DatePlan:
    """How the text dates of a file are read: strptime formats without a zone, in UTC, with an offset; or a number."""

    local: tuple[str, ...] = ()
    utc: tuple[str, ...] = ()
    offset: tuple[str, ...] = ()
    number: str | None = None
    has_words: bool = False
    has_time: bool = False

    @property
    def words(self) -> str:
        """The formats, as a person would write them: YYYY-MM-DD hh:mm."""
        if self.number:
            return {"excel": "Excel day numbers", "s": "seconds since 1970"}.get(
                self.number, f"{self.number} since 1970"
            )
        return ", ".join(dict.fromkeys(_shown(each) for each in (*self.local, *self.utc, *self.offset)))


def _shown(form: str) -> str:
    for code, letters in {
        "%Y": "YYYY", "%y": "YY", "%m": "MM", "%d": "DD", "%H": "hh", "%I": "hh", "%M": "mm", "%S": "ss",
        "%f": "ffffff", "%p": "am/pm", "%z": "±hh:mm",
    }.items():  # fmt: skip
        form = form.replace(code, letters)
    return form


def plain(sql: str) -> str:
    """A date cell in lower case with month names as m01 to m12 and one form of am and pm."""
    text = f"trim(regexp_replace(lower({sql}), '{_BLANKS}', ' ', 'g'))"
    text = f"regexp_replace({text}, '^(?:{WEEKDAYS}){_LETTERS}*(?:-feira)?(?:[.,]+ *| +)([0-9]|.*[a-z]{{3}})', '\\1')"
    text = f"regexp_replace({text}, '^mar{_LETTERS}*(?:[.,]+ *| +)(.*(?:[a-z]{{3}}|ag[.]))', '\\1')"
    text = f"regexp_replace({text}, ' (?:d[''’]|del? |do |di )', ' ', 'g')"
    text = f"regexp_replace({text}, '([0-9])(?:st|nd|rd|th|er|º|ª|°)([^a-z]|$)', '\\1\\2')"
    text = f"regexp_replace({text}, ',? (?:at|à|às|as|a las?|a les|um|alle ore|alle|ore) ', ' ')"
    text = f"regexp_replace({text}, '([ap])[.] ?m[.]?', '\\1m')"
    text = f"regexp_replace({text}, '([0-9]) ?(?:hs|hrs|h|uhr)[.]?$', '\\1')"
    for number, names in enumerate(MONTHS, start=1):
        text = f"regexp_replace({text}, '(^|[^a-z])(?:{names}){_LETTERS}*[.]?', '\\1m{number:02}')"
    return f"regexp_replace({text}, '([0-9])[.] +(m[0-9]{{2}})', '\\1 \\2')"


def has_words(cell: str) -> bool:
    """Whether a date cell has letters other than the T and Z of ISO 8601, or a blank that is none of the keyboard's."""
    return re.search(r"[^\x00-\x7f]|[A-Za-z]", re.sub(r"(?<=\d)T(?=\d)|(?<=\d)Z$", "", cell.strip())) is not None


def evidence(sql: str, *, words: bool) -> tuple[str, str, str, str]:
    """Aggregates over a whole text column: its shapes with their counts, and how often the first part cannot be a
    month, cannot be a day, and the second part cannot be a month.
    """
    text = f"({plain(sql)})" if words else f"trim({sql})"
    first = f"try_cast(nullif(regexp_extract({text}, '^([0-9]{{1,2}})[-/. ]', 1), '') AS INTEGER)"
    second = f"try_cast(nullif(regexp_extract({text}, '^[0-9]{{1,2}}[-/. ]([0-9]{{1,2}})[-/. ]', 1), '') AS INTEGER)"
    forms = "['%Y-%m-%d %H:%M:%S', '%Y-%m-%d', '%Y-%m-%dT%H:%M:%S']"
    iso = f"length({text}) >= 10 AND try_strptime({text}, {forms}) IS NOT NULL"
    shape = (
        f"CASE WHEN {blank(sql)} THEN NULL WHEN NOT ({iso}) THEN {_shape(text)} "
        f"WHEN length({text}) <= 10 THEN '9999-99-99' WHEN substr({text}, 12) = '00:00:00' THEN '9999-99-99 00:00:00' "
        f"WHEN contains({text}, 'T') THEN '9999-99-99T99:99:99' ELSE '9999-99-99 99:99:99' END"
    )

    def beyond(part: str, limit: int) -> str:
        return f"coalesce(sum(CASE WHEN {iso} THEN 0 WHEN {part} > {limit} THEN 1 ELSE 0 END), 0)"

    return f"histogram({shape})", beyond(first, 12), beyond(first, 31), beyond(second, 12)


def blank(sql: str) -> str:
    """SQL that is true where a date cell says nothing."""
    return f"({sql} IS NULL OR list_contains({_BLANK}, lower(trim({sql}))))"


def _shape(text: str) -> str:
    digits = f"regexp_replace(substr({text}, 1, 40), '[0-9]', '9', 'g')"
    short = f"regexp_replace({digits}, '(:99)[.]9{{1,6}}($|[^9])', '\\1.9\\2')"
    midnight = f"regexp_matches({text}, '[ tT]0?0:00(:00)?([.]0+)?$')"
    zeros = f"regexp_replace({short}, '9{{1,2}}:99(:99)?([.]9+)?$', '0:00\\1\\2')"
    return f"CASE WHEN {midnight} THEN {zeros} ELSE {short} END"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a whole column (of all files of one layout) says about its dates."""

    shapes: Mapping[str, int]
    first_no_month: int = 0
    first_no_day: int = 0
    second_no_month: int = 0

    @property
    def day_first(self) -> bool | None:
        """Which part comes first, if the parts decide: a few typing errors do not outvote the rest."""
        if self.first_no_month > 20 * self.second_no_month:
            return True
        if self.second_no_month > 20 * self.first_no_month:
            return False
        return None

    @property
    def open_shape(self) -> str | None:
        """The commonest shape that needs to know which part comes first."""
        found = [shape for shape in sorted(self.shapes, key=lambda each: -self.shapes[each]) if _OPEN.match(shape)]
        return found[0] if found else None


_OPEN = re.compile(r"9{1,2}([-/. ])9{1,2}\1(?:9999|99)(?!9)")
_DATES = (
    (re.compile(r"9999([-/. ])9{1,2}\1(?:9{1,2})(?!9)"), "%Y{0}%m{0}%d"),
    (re.compile(r"99999999(?!9)()"), "%Y%m%d"),
    (re.compile(r"9{1,2}([-/. ]?)m99([-/. ]?|, ?)9999(?!9)"), "%d{0}m%m{1}%Y"),
    (re.compile(r"9{1,2}([-/. ]?)m99([-/. ]?|, ?)99(?!9)"), "%d{0}m%m{1}%y"),
    (re.compile(r"m99( ?)9{1,2}(,? ?)9999(?!9)"), "m%m{0}%d{1}%Y"),
    (re.compile(r"m99([-/.])9{1,2}([-/.])9999(?!9)"), "m%m{0}%d{1}%Y"),
    (re.compile(r"m99([-/. ])9{1,2}([-/.]|,? )99(?![9:])"), "m%m{0}%d{1}%y"),
    (re.compile(r"9999([-/. ])m99([-/. ])9{1,2}(?!9)"), "%Y{0}m%m{1}%d"),
)
_TIME = re.compile(
    r"(?P<gap>,? +|[tT]|-|)(?P<hour>[09]{1,2})(?P<mark>[:.h])(?P<minute>[09]{2})"
    r"(?:(?P=mark)(?P<second>[09]{2})(?P<part>[.][09]+)?)?"
    r"(?P<half> ?[ap]m)?(?P<end> ?h(?:rs)?)?(?P<zone> ?(?:z|Z|utc|gmt|UTC|GMT|[+-]99:?99|[+-]99))?"
)
_RUNS = {8: None, 10: "s", 13: "ms", 16: "us", 19: "ns"}


def plan(found: Evidence, *, day_first: bool | None, words: bool) -> DatePlan | None:
    """How the column is read; None if no shape is a date. `day_first` settles the shapes that are open."""
    for shape, count in found.shapes.items():
        number = _number(shape)
        if number and 2 * count > sum(found.shapes.values()):
            return DatePlan(
                number=number, has_time=number != "excel" or "." in shape or any("." in s for s in found.shapes)
            )
    forms: dict[str, list[tuple[str, int]]] = {"local": [], "utc": [], "offset": []}
    has_time = False
    for shape, count in found.shapes.items():
        read = _format(shape, found, day_first)
        if read is not None:
            form, kind, timed = read
            forms[kind].append((form, count))
            has_time |= timed
    if not any(forms.values()):
        return None
    ordered = {
        kind: tuple(dict.fromkeys(form for form, _ in sorted(each, key=lambda f: ("%y" not in f[0], -f[1]))))
        for kind, each in forms.items()
    }
    return DatePlan(
        local=ordered["local"], utc=ordered["utc"], offset=ordered["offset"], has_words=words, has_time=has_time
    )


def _number(shape: str) -> str | None:
    digits = shape.split(".")[0].split(",")[0]
    if re.fullmatch(r"9{5}([.,]9+)?", shape):
        return "excel"
    return _RUNS.get(len(digits)) if re.fullmatch(r"9+([.,]9+)?", shape) else None


def _format(shape: str, found: Evidence, day_first: bool | None) -> tuple[str, str, bool] | None:
    """The strptime format of a shape, whether it is local, utc or offset, and whether it tells a time."""
    if re.fullmatch(r"9{12}|9{14}", shape):
        return "%Y%m%d%H%M" + ("%S" if len(shape) == 14 else ""), "local", True
    form, rest = None, ""
    for pattern, given in _DATES:
        if match := pattern.match(shape):
            form, rest = given.format(*match.groups()), shape[match.end() :]
            break
    if form is None and (match := _OPEN.match(shape)):
        mark, rest = match[1], shape[match.end() :]
        year = "%Y" if match[0].endswith("9999") else "%y"
        order = ("%d", "%m", year) if day_first else ("%m", "%d", year)
        if found.first_no_day and year == "%y" and found.first_no_day > 20 * found.second_no_month:
            order = (year, "%m", "%d")
        form = mark.join(order)
    if form is None:
        return None
    if not rest:
        return form, "local", False
    time = _TIME.fullmatch(rest)
    return None if time is None else _with_time(form, time)


def _with_time(form: str, time: re.Match[str]) -> tuple[str, str, bool]:
    mark, half, zone = time["mark"], time["half"] or "", time["zone"] or ""
    form += f"{time['gap']}{'%I' if half else '%H'}{mark}%M"
    form += f"{mark}%S" if time["second"] else ""
    form += ".%f" if time["part"] else ""
    form += half.replace("am", "%p").replace("pm", "%p") + (time["end"] or "")
    midnight = "9" not in time["hour"] + time["minute"]
    if not zone:
        return form, "local", not midnight
    if zone.strip() in {"z", "Z", "utc", "gmt", "UTC", "GMT"}:
        return form + zone, "utc", True
    return form + (" " if zone.startswith(" ") else "") + "%z", "offset", True


def local_sql(found: DatePlan, sql: str) -> str:
    """SQL for the naive TIMESTAMP that a text cell tells; NULL if it names a zone or is no date."""
    if found.number == "excel":
        seconds = f"cast(round(try_cast(replace({sql}, ',', '.') AS DECIMAL(18, 8)) * 86400) AS BIGINT)"
        return f"make_timestamp(({seconds} - 2209161600) * 1000000)"
    if not found.local:
        return "cast(NULL AS TIMESTAMP)"
    return f"try_strptime({_text(found, sql)}, {_list(found.local)})"


def instant_sql(found: DatePlan, sql: str) -> str:
    """SQL for the microseconds since 1970 that a text cell tells with its zone; NULL if it names none."""
    if found.number in ("s", "ms", "us", "ns"):
        factor = {"s": "* 1000000", "ms": "* 1000", "us": "", "ns": "/ 1000"}[found.number]
        return f"try_cast(floor(try_cast(replace({sql}, ',', '.') AS DECIMAL(28, 6)) {factor}) AS BIGINT)"
    each = [
        f"epoch_us(try_strptime({_text(found, sql)}, {_list(forms)}))" for forms in (found.utc, found.offset) if forms
    ]
    return f"coalesce({', '.join(each)}, NULL)" if each else "cast(NULL AS BIGINT)"


def _text(found: DatePlan, sql: str) -> str:
    text = plain(sql) if found.has_words else f"trim({sql})"
    if any(".%f" in form for form in (*found.local, *found.utc, *found.offset)):
        text = f"regexp_replace({text}, '([.][0-9]{{6}})[0-9]+', '\\1')"
    return text


def _list(forms: tuple[str, ...]) -> str:
    return "[" + ", ".join(literal(form) for form in forms) + "]"
