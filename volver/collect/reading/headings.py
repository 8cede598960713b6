"""What a heading means by its words together, in seven languages: an `ordine` is an order, its `data` the day.

Every word must be known: a heading with one word more speaks of something else.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from volver.collect.reading.names import CURRENCY_WORDS, words


@dataclass(frozen=True, slots=True)
class Heading:
    """The fields that a heading may be, and whether it says that its money holds tax."""

    roles: tuple[str, ...] = ()
    taxed: bool | None = None


@dataclass(frozen=True, slots=True)
class _Lexicon:
    stop: frozenset[str]
    english: frozenset[str]
    concepts: dict[str, str]
    joined: dict[str, tuple[str, ...]]
    taxed: dict[str, bool]
    roles: dict[frozenset[str], str]


@cache
def _lexicon() -> _Lexicon:
    told = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return _Lexicon(
        stop=frozenset(told["stop"].split()),
        english=frozenset(told["english"].split()),
        concepts={word: concept for concept, each in told["concepts"].items() for word in each.split()},
        joined={word: tuple(each.split()) for word, each in told["joined"].items()},
        taxed={word: how == "with" for how, each in told["taxed"].items() for word in each.split()},
        roles={frozenset(each.split()): role for role, several in told["roles"].items() for each in several},
    )


@dataclass(frozen=True, slots=True)
class Spoken:
    """How many different words of the headings are known as English, and as another language's only."""

    english: int
    foreign: int


def languages(headings: Iterable[str]) -> Spoken:
    """Which languages headings speak, by the words that are known.

    >>> languages(["Fecha", "Pedido", "SKU"]), languages(["Order date", "Total"])
    (Spoken(english=0, foreign=2), Spoken(english=3, foreign=0))
    """
    known = _lexicon()
    said = {word for name in headings for word in words(name) if word in known.concepts or word in known.joined}
    return Spoken(english=len(said & known.english), foreign=len(said - known.english))


@cache
def read_heading(name: str) -> Heading:
    """What a heading means; no roles where one of its words is not known.

    >>> read_heading("Data dell'ordine").roles, read_heading("Prix unitaire TTC")
    (('date',), Heading(roles=('unit_price',), taxed=True))
    """
    known = _lexicon()
    said: set[str] = set()
    taxed: bool | None = None
    for word in words(re.sub(r"\b[eE]-[mM]ail\b", "email", name)):
        if (word in known.stop and word not in known.concepts) or word in CURRENCY_WORDS:
            continue
        if word in known.taxed:
            taxed = known.taxed[word]
        else:
            said.update(known.joined.get(word) or (known.concepts.get(word, word),))
    role = known.roles.get(frozenset(said)) if said or taxed is None else "total"  # *Brutto* and nothing else
    return Heading(roles=(role,) if role else (), taxed=taxed)
