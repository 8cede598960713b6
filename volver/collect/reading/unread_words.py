"""Columns that are not read and hold few words again and again: perhaps the state that tells which orders are sales."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from volver.collect.reading.contents import Column
from volver.core import Words, one_line

_MOST_WORDS: Final = 8
_FEWEST_ROWS: Final = 6
_EACH: Final = 3  # times that a word comes back on average
_LONGEST: Final = 40
_MOST_COLUMNS: Final = 4


def unread_words(columns: Sequence[Column], used: set[str], *, has_status: bool) -> tuple[Words, ...]:
    """A sentence for each column that nobody reads, with its words and how often each stands in the first rows.

    Where the file has no status, the sentence says how to name the column.
    """
    found = [(column.name, counted) for column in columns if column.name not in used and (counted := _counted(column))]
    text = (
        "{column} is not read: {words}."
        if has_status
        else "{column} is not read: {words}. If some of these are no sales, it is the status: `--map status={column}`."
    )
    return tuple(
        Words(text, {"column": name, "words": ", ".join(f"{word} ({n})" for word, n in counted)})
        for name, counted in found[:_MOST_COLUMNS]
    )


def _counted(column: Column) -> list[tuple[str, int]]:
    cells = column.filled
    if column.kind != "text" or len(cells) < _FEWEST_ROWS or not all(map(_is_word, cells[:20])):
        return []
    counts = Counter(one_line(cell) for cell in cells)
    if not 2 <= len(counts) <= min(_MOST_WORDS, len(cells) // _EACH) or not all(map(_is_word, counts)):
        return []
    return counts.most_common()


def _is_word(cell: str) -> bool:
    return len(cell) <= _LONGEST and any(each.isalpha() for each in cell) and "@" not in cell and "/" not in cell
