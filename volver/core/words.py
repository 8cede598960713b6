"""A sentence that can be translated later: its English text and the facts that fill it.

Rooms speak in `Words`; the console translates `text` and formats the facts in the reader's language.
"""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Words:
    """English text with named places, and what goes into them.

    >>> str(Words("{n} days since the last order; usually {usual}", {"n": 104, "usual": 62}))
    '104 days since the last order; usually 62'
    """

    text: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**self.params)

    def to_json(self) -> str:
        """The stored form: `[text, params]`, keys sorted."""
        return json.dumps([self.text, self.params], ensure_ascii=False, sort_keys=True, default=str)


def read_words(stored: str | None) -> Words | None:
    """Words from their stored form; None stays None."""
    if not stored:
        return None
    text, params = json.loads(stored)
    return Words(text, params)
