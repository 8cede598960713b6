"""The shape of a trait: a named value of a customer, as a room declares it."""

from dataclasses import dataclass
from typing import Literal

from volver.core import Words

Kind = Literal["number", "text", "day"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """A trait that a room declares: where its values rest, and what they are.

    `table` and `column` name the lake's; values of a `unit` ending in e4 are ten-thousandths of the currency. `per`
    names a second column that tells the rows of one customer apart: its value follows the name after a colon.
    `source` is `computed` from the ledger or `predicted`; `model` says by what, and where `model_of` is given it names
    `f(shop, number) -> str`, which finds the very model that the table's commit names.
    """

    name: str
    table: str
    column: str
    kind: Kind
    unit: str
    label: Words
    source: Literal["computed", "predicted"]
    model: str = ""
    model_of: str = ""
    per: str = ""
