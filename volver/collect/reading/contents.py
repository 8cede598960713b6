"""What a column's cells look like, for the columns whose names say nothing or say too much."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from volver.collect.reading.numbers import as_float, looks_numeric

_DATE = re.compile(
    r"^(?:[A-Za-zÀ-ÿ]{2,10}(?:-feira)?[.]?,? )?(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/. ])\d{1,2}\2(?:\d{4}|\d{2})"
    r"|\d{1,2}(?:er|[º°ª.])?[-/. ]?(?:de |d['’])?(?:[A-Za-zÀ-ÿ]{3,10}|ag)[.]?[-/. ,]*(?:del? )?(?:\d{4}|\d{2})"
    r"|[A-Za-zÀ-ÿ]{3,10}[.]?[-/. ]\d{1,2}(?:st|nd|rd|th)?[-/., ]{1,2}(?:\d{4}|\d{2}))"
    r"(?:$|[T ,-].{0,30}$)"
)
_NUMBER_DATE = re.compile(
    r"^(?:(?:19[5-9]|20[0-9])\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?|1[0-9]{9}(?:[.]\d+)?|[89]\d{8}|1[0-9]{12}|1[0-9]{15}|1[0-9]{18})$"
)
_SERIAL = re.compile(r"^[2-6]\d{4}(?:[.,]\d+)?$")
_TIME = re.compile(r"^\d{1,2}:\d{2}(:\d{2}([.]\d+)?)?( ?[AaPp][.]?[Mm][.]?)?$")
_EMAIL = re.compile(r"^[^\s@]+@[^\s@]+$")
NOTHING = {"", "null", "none", "nan", "nat", "undefined", "n/a", "na", "<na>", "-", "(null)"}


@dataclass(frozen=True)
class Column:
    """One column of a source: its name, how SQL reads it, its type, and its first cells as text."""

    name: str
    sql: str
    kind: str
    cells: Sequence[str | None]

    @cached_property
    def filled(self) -> list[str]:
        """The cells that say something."""
        return [text for cell in self.cells if cell is not None and (text := cell.strip()).lower() not in NOTHING]

    @property
    def may_be(self) -> bool:
        """Whether the name can be believed: some cell says something, or the file has no rows at all."""
        return bool(self.filled) or not self.cells

    def _share(self, count: int) -> float:
        return count / len(self.filled) if self.filled else 0.0

    @cached_property
    def n_distinct(self) -> int:
        """How many different values the cells hold."""
        return len(set(self.filled))

    @cached_property
    def p_numeric(self) -> float:
        """The share of numbers, in any notation."""
        return self._share(sum(looks_numeric(cell) for cell in self.filled))

    @cached_property
    def p_whole(self) -> float:
        """The share of whole numbers."""
        return self._share(sum(re.fullmatch(r"[-+]?\d+(?:[.]0+)?", cell) is not None for cell in self.filled))

    @cached_property
    def p_date(self) -> float:
        """The share of cells that are written as dates and cannot be plain numbers."""
        return self._share(sum(_DATE.match(cell) is not None for cell in self.filled))

    @cached_property
    def p_number_date(self) -> float:
        """The share of numbers that may be dates: 20240131, 1706659200."""
        return self._share(sum(_NUMBER_DATE.match(cell) is not None for cell in self.filled))

    @cached_property
    def p_serial(self) -> float:
        """The share of numbers that may be Excel days."""
        return self._share(sum(_SERIAL.match(cell) is not None for cell in self.filled))

    @cached_property
    def p_time(self) -> float:
        """The share of times of day."""
        return self._share(sum(_TIME.match(cell) is not None for cell in self.filled))

    @cached_property
    def p_email(self) -> float:
        """The share of e-mail addresses."""
        return self._share(sum(_EMAIL.match(cell) is not None for cell in self.filled))

    @cached_property
    def p_words(self) -> float:
        """The share of cells with a blank between letters: names and descriptions."""
        return self._share(sum(re.search(r"[^\W\d_][.,]?\s+[^\W\d_]", cell) is not None for cell in self.filled))

    @cached_property
    def p_letters(self) -> float:
        """The share of cells with a letter."""
        return self._share(sum(any(c.isalpha() for c in cell) for cell in self.filled))

    @cached_property
    def numbers(self) -> list[float | None]:
        """Rough values of all cells, in their places."""
        return [as_float(cell) if cell else None for cell in self.cells]

    @property
    def is_date(self) -> bool:
        """Whether the column can be the date, given that its name says so."""
        if self.kind in ("date", "timestamp", "instant") or not self.cells:
            return True
        return bool(self.filled) and max(self.p_date, self.p_number_date, self.p_serial) >= 0.5

    @property
    def is_number(self) -> bool:
        """Whether the column can hold quantities or money."""
        return self.kind in ("integer", "decimal", "float") or (not self.filled or self.p_numeric >= 0.5)

    @property
    def is_code(self) -> bool:
        """Whether the column can be an identifier: no date, no money, no prose."""
        if not self.filled or self.kind in ("date", "timestamp", "instant", "boolean") or self.p_date >= 0.5:
            return False
        return self.p_words < 0.3 and (self.p_numeric < 0.9 or self.p_whole >= 0.99) and self.p_email < 0.5
