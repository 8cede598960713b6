"""How the console speaks: texts, numbers, money and days in the reader's language and the shop's currency and zone.

Texts are written once, in English, and are their own keys; `i18n/es.json` of each room's folder holds the Spanish,
`i18n/one.*.json` how a text with a count `n` is said of a single one. A room elsewhere brings its own in its value.
"""

import json
import re
from calendar import month_name
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel.core import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    get_currency_precision,
    get_decimal_symbol,
)

from volver.core import E4, Words, brought_text
from volver.core.days import EPOCH, zone_named
from volver.store import COMMA, SEMICOLON, CsvMarks

LANGS: Final = ("en", "es")
_LOCALES: Final = {"en": {"USD": "en_US", "GBP": "en_GB", "CAD": "en_CA", "AUD": "en_AU"}, "es": {"MXN": "es_MX"}}
_USUAL: Final = {"en": "en_IE", "es": "es_ES"}
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_COUNTRY: Final = re.compile(r"[A-Z]{1,2}(?=[$¥£])")
_LOOSE: Final = re.compile(r"(?<=\d) %")
_MONTHS: Final = tuple(month_name)
_THIN: Final = "\N{NO-BREAK SPACE}"
_CERTAIN: Final = 1e-6  # how near to nothing or to everything a chance may come
_PLAIN_FROM: Final = 20  # amounts of at least this many units are shown without cents
_SHORT_FROM: Final = 1_000_000


@cache
def _texts(lang: str) -> Mapping[str, str]:
    """The texts of the console's folders, one file for each room."""
    found: dict[str, str] = {}
    for path in sorted(Path(__file__).parent.parent.glob(f"*/i18n/{lang}.json")):
        found |= json.loads(path.read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """One reader's language.

    >>> spoken = Speech(lang="es", currency="EUR", zone="Europe/Madrid")
    >>> spoken.number(1234567), spoken.text("Customers")
    ('1.234.567', 'Clientes')
    """

    lang: str
    currency: str
    zone: str

    @property
    def locale(self) -> Locale:
        """The locale that numbers and days follow."""
        return _locale(_LOCALES[self.lang].get(self.currency, _USUAL[self.lang]))

    @property
    def csv_marks(self) -> CsvMarks:
        """What a spreadsheet of this language expects in a CSV file."""
        return SEMICOLON if get_decimal_symbol(self.locale) == "," else COMMA

    def text(self, source: str, **facts: Any) -> str:
        """An English text in the reader's language, its places filled as they are."""
        said = _texts(self.lang).get(source) or brought_text(self.lang, source) or source
        if str(facts.get("n")) == "1":
            said = _texts(f"one.{self.lang}").get(source, said)
        return _LOOSE.sub(f"{_THIN}%", said.format(**facts) if facts else said)

    def words(self, said: Words | None) -> str:
        """Words in the reader's language; facts are formatted by their type and the ending of their name."""
        if said is None:
            return ""
        percents = {name for name in said.params if f"{{{name}}} %" in said.text}
        facts = {name: self._fact("" if name in percents else name, value) for name, value in said.params.items()}
        return self.text(said.text, **facts)

    def _fact(self, name: str, value: Any) -> str:
        if isinstance(value, Words):
            return self.words(value)
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, str) and _DAY.fullmatch(value):
            return self.day(date.fromisoformat(value))
        if name == "month" and value in _MONTHS:
            return self.day(date(2000, _MONTHS.index(value), 1), "LLLL")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        if name.endswith("_e4"):
            return self.money(int(value))
        if name.endswith("share") or name.startswith("p_"):
            return self.percent(value)
        return self.number(value, 0 if float(value).is_integer() else 2 if abs(value) < 1 else 1)

    # ---- numbers

    def number(self, value: float, digits: int = 0) -> str:
        """A number, grouped, with so many decimals."""
        pattern = "#,##0." + "0" * digits if digits else "#,##0"
        return str(format_decimal(round(value, digits), format=pattern, locale=self.locale))

    def short(self, value: float) -> str:
        """A number for an axis: 12K rather than 12,000."""
        if abs(value) < 10_000:
            return self.number(value, 0 if float(value).is_integer() else 1)
        return str(format_compact_decimal(value, locale=self.locale, fraction_digits=1))

    def percent(self, share: float) -> str:
        """A share; what is nearly all or nearly nothing is not called all or nothing."""
        gap = _THIN if self.lang == "es" else ""
        if 0.995 <= share < 1:
            return f">{_THIN if gap else ''}99{gap}%"
        if 0 < share < 0.005:
            return f"<{_THIN if gap else ''}1{gap}%"
        return self.number(share * 100) + gap + "%"

    def chance(self, share: float) -> str:
        """A chance: of people nothing is certain, whatever a model says."""
        return self.percent(min(max(share, _CERTAIN), 1 - _CERTAIN))

    def factor(self, factor: float) -> str:
        """What something is multiplied by; what is nearly nothing is not called nothing."""
        if 0 < factor < 0.005:
            return f"× <{self.number(0.01, 2)}"
        return f"× {self.number(factor, 0 if factor >= 100 else 1 if factor >= 10 else 2)}"

    def change(self, now: float, before: float) -> str:
        """How much more or less than before, signed; nothing where before was nothing."""
        if before <= 0:
            return ""
        share = now / before - 1
        if abs(share) < 0.005:
            return "±" + self.percent(0)
        sign = "+" if share > 0 else "\N{MINUS SIGN}" if share < 0 else "±"
        return sign + self.percent(abs(share))

    # ---- money

    def money(self, e4: float, *, exact: bool = False, digits: int | None = None) -> str:
        """An amount as people read it: cents only below 20 units, millions shortened; `exact` keeps the cents."""
        amount = Decimal(round(e4)) / E4
        if not exact and abs(amount) >= _SHORT_FROM:
            return _tidy(format_compact_currency(amount, self.currency, locale=self.locale, fraction_digits=2))
        cents = get_currency_precision(self.currency)
        if digits is None:
            digits = cents if exact or (abs(amount) < _PLAIN_FROM and amount != amount.to_integral()) else 0
        pattern = re.sub(r"0\.0+|(?<=#)0(?![.\d])", "0." + "0" * digits if digits else "0", self._pattern())
        said = format_currency(amount, self.currency, format=pattern, locale=self.locale, currency_digits=False)
        return _tidy(said)

    def whole(self, e4: float) -> str:
        """An amount in a column: no cents, so that figures stand under one another; what is little is not nothing."""
        if 0 < e4 < E4 // 2:
            return "<" + (_THIN if self.lang == "es" else "") + self.money(E4, digits=0)
        return self.money(e4, digits=0)

    def span(self, low_e4: float, high_e4: float) -> str:
        """An interval of money; both ends with the decimals of the upper one."""
        whole = high_e4 >= _PLAIN_FROM * E4
        return f"{self.money(low_e4, digits=0 if whole else None)} – {self.money(high_e4, digits=0 if whole else None)}"

    def money_tick(self, e4: float) -> str:
        """Money for an axis."""
        if abs(e4) >= 10_000 * E4:
            amount = Decimal(round(e4)) / E4
            return _tidy(format_compact_currency(amount, self.currency, locale=self.locale, fraction_digits=1))
        return self.money(e4)

    def _pattern(self) -> str:
        return str(self.locale.currency_formats["standard"].pattern).split(";")[0]

    # ---- days

    def day(self, day: date, style: str = "yMMMd") -> str:
        """A day by a CLDR skeleton (yMMMd, MMMd, yMMM, yMMMM), in full with its weekday, or its month (LLL, LLLL)."""
        if style in ("full", "LLL", "LLLL"):
            return str(format_date(day, style, locale=self.locale))
        return str(format_skeleton(style, day, locale=self.locale, fuzzy=True))

    def month(self, month: str, style: str = "yMMM") -> str:
        """A month that is written YYYY-MM."""
        return self.day(date.fromisoformat(f"{month}-01"), style)

    def days(self, first: date, last: date) -> str:
        """A span of days, the year only where it helps."""
        style = "MMMd" if first.year == last.year else "yMMMd"
        return f"{self.day(first, style)} – {self.day(last, style)}"

    def clock(self, ts_us: int) -> str:
        """The time of day in the shop's zone; nothing at midnight sharp, which is a day without a time."""
        at = (EPOCH + timedelta(microseconds=ts_us)).astimezone(zone_named(self.zone))
        if (at.hour, at.minute, at.second) == (0, 0, 0):
            return ""
        return str(format_time(at, "HH:mm", tzinfo=zone_named(self.zone), locale=self.locale))

    def stamp(self, ts_us: int) -> str:
        """The machine-readable form of an instant, for `<time datetime>`."""
        return (EPOCH + timedelta(microseconds=ts_us)).astimezone(zone_named(self.zone)).isoformat()


def _tidy(said: str) -> str:
    """A true minus; no country before the sign of the one currency that the shop has."""
    return _COUNTRY.sub("", said.replace("-", "\N{MINUS SIGN}"))


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)
